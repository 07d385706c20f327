"""What asking a long log costs: `python -m benchmarks.evidence_index [ENTRIES]`.

A log of a million entries (fifty thousand jobs like those of a clip, with accesses and
hand-overs; one file of weights is named by every job) is recorded in a temporary folder. Then a
process of its own makes the index from nothing, twice: of half the log and of all of it, so
that memory can be compared. Questions are asked `REPEATS` times each; median and least are
stated, and each answer includes looking whether the log has grown. Bar: `BAR_MILLISECONDS` for
the median of every question, a page of a hundred entries or a trace. Processor time is stated
beside the time that passed, with the machine's load, so that a busy machine can be told.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe
from pipelines.evidence.entry import Actor
from pipelines.evidence.json_value import Json
from services.provenance.access import AccessBook, Taking
from services.provenance.asked import Asked, filter_of
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from services.provenance.log_view import LogView
from services.provenance.trace import trace

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_name("results") / "evidence_index.json"
ENTRIES = 1_000_000
REPEATS = 21
BAR_MILLISECONDS = 20.0
PER_JOB = 20
PEOPLE, CASES = 40, 5_000

Fact = tuple[str, str, dict[str, Json]]


def main() -> None:
    """Record, index, ask; write the result and print it."""
    if sys.argv[1:2] == ["--index"]:
        print(json.dumps(_indexed(Path(sys.argv[2]))))
        return
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        half_seconds = _recorded(home, 0, entries // 2)
        half = _made_anew(home)
        (home / "log" / "index.db").unlink()
        seconds = half_seconds + _recorded(home, entries // 2, entries)
        whole = _made_anew(home)
        found = {
            "machine": describe("cryptography"),
            "entries": entries,
            "recorded_seconds": round(seconds, 1),
            "log_mib": _mib(home / "log" / "entries.db"),
            "index_mib": _mib(home / "log" / "index.db"),
            "indexing": {
                "seconds": whole["seconds"],
                "processor_seconds": whole["processor_seconds"],
                "entries_per_processor_second": round(entries / whole["processor_seconds"]),
                "peak_mib": whole["peak_mib"],
                "peak_mib_at_half": half["peak_mib"],
            },
            "repeats": REPEATS,
            "bar_milliseconds": BAR_MILLISECONDS,
            "milliseconds": (asked := _asked(home, entries)),
            "kept": all(one["median"] <= BAR_MILLISECONDS for one in asked.values()),
            "load_average_at_the_end": round(os.getloadavg()[0], 1),
        }
    if entries == ENTRIES:
        RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _recorded(home: Path, start: int, stop: int) -> float:
    """Record and seal the entries from `start` up to `stop`; return the seconds it took."""
    begun = time.perf_counter()
    signer = FileSigner(home / "keys")
    for at in range(start, stop, 20_000):
        person = at // 20_000 % PEOPLE
        actor = Actor(f"person-{person}", f"session-{at // 20_000}", "desk", "benchmark")
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
        with LocalLog(home / "log", signer, lambda moment=moment: moment, actor=actor) as log:
            log.record_many(_facts(at, min(at + 20_000, stop)))
            log.publish()
    return time.perf_counter() - begun


def _facts(start: int, stop: int) -> Iterator[Fact]:
    for number in range(start, stop):
        yield _fact(number // PER_JOB, number % PER_JOB)


def _fact(job: int, place: int) -> Fact:
    """The entry at one place of one job."""
    name = f"job-{job:08d}"
    received: Json = [{"role": "received", "name": f"clip-{job}.mp4", "sha256": _digest(job, "in")}]
    result = {"role": "result", "name": "enhanced.mp4", "sha256": _digest(job, "out")}
    if place == 0:
        return name, "received", {"outputs": received}
    if place == 1:
        return name, "submission", {"inputs": received, "case": f"case-{job % CASES}",
                                    "item": str(job), "preset": "balanced"}  # fmt: skip
    if place < PER_JOB - 3:
        return name, "operation", {
            "segment": place, "inputs": received, "weights_sha256": _digest(0, "weights"),
            "source_frames_sha256": _digest(job, f"source-{place}"),
            "delivered_frames_sha256": _digest(job, f"made-{place}"),
        }  # fmt: skip
    if place == PER_JOB - 3:
        return name, "export", {"files": [*received, result]}
    person = f"person-{job % PEOPLE}"
    if place == PER_JOB - 2:
        return "log", "access", {"principal": person, "sha256": _digest(job, "out")}
    return "log", "transfer", {"from": person, "to": "court", "sha256": _digest(job, "out"),
                               "stated": True, "stated_at": "2026-01-01"}  # fmt: skip


def _digest(job: int, what: str) -> str:
    return hashlib.sha256(f"{job} {what}".encode()).hexdigest()


def _made_anew(home: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.evidence_index", "--index", str(home)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _indexed(home: Path) -> dict[str, float]:
    begun = time.perf_counter()
    with LogView(home / "log") as view:
        view.page(filter_of(Asked(kind="none")))
    return {
        "seconds": round(time.perf_counter() - begun, 1),
        "processor_seconds": round(time.process_time(), 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _asked(home: Path, entries: int) -> dict[str, dict[str, float]]:
    """Ask every kind of question about the middle of the log; return milliseconds."""
    job = entries // PER_JOB // 2
    middle = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=job * PER_JOB)
    times = {"since": middle.isoformat(), "until": (middle + timedelta(hours=12)).isoformat()}
    questions = {
        "trace_of_a_result": _digest(job, "out"),
        "trace_of_a_received_file": _digest(job, "in"),
        "trace_of_weights_that_every_job_names": _digest(0, "weights"),
    }
    filters = {
        "by_digest": Asked(digest=_digest(job, "out")),
        "by_job": Asked(job=f"job-{job:08d}"),
        "by_case": Asked(case=f"case-{job % CASES}"),
        "by_session": Asked(session=f"session-{job * PER_JOB // 20_000}"),
        "by_user": Asked(user="person-7"),
        "by_user_and_kind": Asked(user="person-7", kind="transfer"),
        "by_user_case_and_time": Asked(user="person-7", case="case-7", **times),
        "by_time": Asked(**times),
        "everything": Asked(),
    }
    with LogView(home / "log") as view:
        found = {name: _timed(lambda one=one: trace(view, one)) for name, one in questions.items()}
        for name, asked in filters.items():
            found[name] = _timed(lambda asked=asked: view.page(filter_of(asked)))
        actor = Actor("gateway", "session", "desk", "benchmark")
        with LocalLog(home / "log", FileSigner(home / "keys"), actor=actor) as log:
            book = AccessBook(home / "log", log, view)
            digest = _digest(job, "out")
            numbers = iter(range(REPEATS))
            found["access_that_is_recorded"] = _timed(
                lambda: book.note(Taking(f"reader-{next(numbers)}", digest, "download"))
            )
            found["access_that_is_covered"] = _timed(
                lambda: book.note(Taking("reader-0", digest, "download"))
            )
    return found


def _timed(question: Callable[[], object]) -> dict[str, float]:
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        question()
        taken.append(time.perf_counter() - begun)
    return {"median": round(1000 * median(taken), 2), "least": round(1000 * min(taken), 2)}


def _mib(path: Path) -> int:
    return round(path.stat().st_size / 2**20)


if __name__ == "__main__":
    main()
