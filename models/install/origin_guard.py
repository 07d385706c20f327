"""An origin that does not answer is left alone for a while, by later files and later calls too.

A fetch is a person's command, so what one call learnt would be lost with its process: it is kept
in a small file per host, beside the networks. After `LIMIT` attempts in a row that brought not a
byte, files of that host are refused at once; when the while is over a single attempt decides
between fetching and another while, twice as long. Whoever knows better asks again at once. A
state that cannot be read or written is none: it saves waiting and decides nothing else.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.errors import InstallError

LIMIT = 6
FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0
FORGET_SECONDS = 3600.0
"""So long after a pause the origin is as good as one that was never asked."""

_FOLDER = ".origins"


class OriginAwayError(InstallError):
    """The file was not asked for: its origin did not answer the attempts before."""


@dataclass(frozen=True, slots=True)
class _State:
    """How many attempts failed in a row, how often it was left alone, and until when it is."""

    failures: int = 0
    pauses: int = 0
    until: float = 0.0


class OriginGuard:
    """What is known of one host; `clock` gives seconds since 1970."""

    def __init__(self, folder: Path, host: str, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / _FOLDER / f"{re.sub(r'[^a-z0-9.-]', '_', host.lower())}.json"
        self._host = host
        self._clock = clock

    @property
    def is_away(self) -> bool:
        """Whether the host is left alone now."""
        return self._read().until > self._clock()

    def require(self) -> None:
        """Raise OriginAwayError while the host is left alone."""
        left = self._read().until - self._clock()
        if left > 0:
            raise OriginAwayError(
                f"{self._host} did not answer; it is left alone for {left:.0f} seconds more",
                next_step="Try again then, or at once with --again. Or import the file from disk.",
            )

    def failed(self) -> None:
        """Note an attempt that brought nothing; from the limit on the host is left alone."""
        before = self._read()
        failures, pauses, until = before.failures + 1, before.pauses, 0.0
        if failures >= LIMIT:
            pause = min(FIRST_PAUSE_SECONDS * 2 ** min(pauses, 16), LONGEST_PAUSE_SECONDS)
            pauses, until = pauses + 1, self._clock() + pause
        self._write(_State(failures, pauses, until))

    def answered(self) -> None:
        """Note that the host answers: what was known is forgotten."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()

    def _read(self) -> _State:
        try:
            known = json.loads(self._path.read_bytes())
            state = _State(int(known["failures"]), int(known["pauses"]), float(known["until"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return _State()
        now = self._clock()
        is_old = state.until and now > state.until + FORGET_SECONDS
        # A clock that was set back must not shut an origin out for years.
        return _State() if is_old or state.until > now + LONGEST_PAUSE_SECONDS else state

    def _write(self, state: _State) -> None:
        aside = self._path.with_name(f".{secrets.token_hex(8)}")
        facts = {"failures": state.failures, "pauses": state.pauses, "until": state.until}
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(facts))
            aside.replace(self._path)
