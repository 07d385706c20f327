"""Measures how fast ways of running a network are, and keeps what was measured.

The shortest of several runs counts, ways take turns, and one run of each is not counted: what
else a machine does only ever adds to a time. Kept times are hints: a file that cannot be read,
or that holds anything unexpected, is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.engines import devices

ROUNDS = 3
_VERSION = 1
_MOST_BYTES = 4 << 20
_MOST_TIMINGS = 1000

Facts = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per plane of `side` x `side` input samples by way, with `threads` threads."""

    side: int
    threads: int
    seconds: Mapping[str, float]


def timing_key(ways: Sequence[Facts], *, side: int, threads: int) -> str:
    """Name a measurement: network, weights, builds, precisions, devices, size, threads."""
    here = [devices.processor(), devices.usable_cores(), *(gpu.name for gpu in devices.gpus())]
    stated = {"ways": [dict(way) for way in ways], "side": side, "threads": threads, "here": here}
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def time_runs(
    runs: Mapping[str, Callable[[], object]],
    *,
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the shortest time of each run, in seconds; they take turns, `rounds` times."""
    for run in runs.values():
        run()
    shortest: dict[str, float] = {}
    for _ in range(rounds):
        for name, run in runs.items():
            started = clock()
            run()
            taken = clock() - started
            shortest[name] = min(taken, shortest.get(name, taken))
    return shortest


class MeasuredFile:
    """Measurements in one JSON file; None keeps them in this process alone.

    The oldest go when there are too many.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: dict[str, Timing] = {}

    def read(self, key: str) -> Timing | None:
        """Return what was measured under `key`, or None."""
        return self._seen.get(key) or _timing(self._all().get(key))

    def write(self, key: str, timing: Timing) -> None:
        """Keep a measurement. Where that fails, it is measured again next time."""
        self._seen[key] = timing
        if self._path is None:
            return
        known = {name: each for name, each in self._all().items() if name != key}
        known[key] = {
            "side": timing.side,
            "threads": timing.threads,
            "seconds": dict(timing.seconds),
        }
        kept = dict(list(known.items())[-_MOST_TIMINGS:])
        text = json.dumps({"version": _VERSION, "timings": kept}, indent=1)
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            waiting = self._path.with_name(f".{secrets.token_hex(8)}")
            try:
                waiting.write_text(text + "\n", encoding="utf-8")
                waiting.replace(self._path)
            finally:
                waiting.unlink(missing_ok=True)

    def _all(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            with self._path.open("rb") as file:
                document = json.loads(file.read(_MOST_BYTES + 1))
        except (OSError, ValueError, RecursionError):
            return {}
        known = document.get("timings") if isinstance(document, dict) else None
        is_ours = isinstance(known, dict) and document.get("version") == _VERSION
        return dict(known) if is_ours and isinstance(known, dict) else {}


def _timing(value: object) -> Timing | None:
    match value:
        case {"side": int(side), "threads": int(threads), "seconds": dict(seconds)}:
            right = all(
                isinstance(name, str) and isinstance(each, float) and each > 0
                for name, each in seconds.items()
            )
            return Timing(side, threads, seconds) if right else None
        case _:
            return None
