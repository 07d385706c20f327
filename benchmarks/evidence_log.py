"""The evidence log at a million entries: `python -m benchmarks.evidence_log`.

Each size is made in a process of its own: entries are recorded 10,000 to a commit and sealed
after each commit, then as many again are recorded and sealed at once, for the sealer's memory. It
grows up to one batch of leaves and SQLite's cache, so the two largest sizes are compared.
The largest is then checked (`fsck`, without and with `--bodies`) and proofs are made from its
files, each with nothing read before. Seconds are those of the wall; on a machine that does other
things besides (`load_average` above its cores) `processor_seconds` say what the check itself takes.

The rate of sealed entries stands against a plain insert, in alternating rounds of one run. Plain:
the same finished rows (job, sequence, canonical entry, salt, commitment) into a table of the same
columns, keys and settings (WAL, `synchronous=FULL`, zeroed deletes), nothing else done. Sealed:
from the facts, that is canonical JSON, time, salt, commitment, insert, tree, tiles, signature and
publication, all durable. Once with 10,000 entries to a commit and to a seal, once with one entry
to a commit, as a job records, and a seal at the end. Aim: 0.5.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe
from pipelines.evidence.entry import Actor
from pipelines.evidence.json_value import Json
from pipelines.evidence.merkle import consistency_proof, inclusion_proof
from pipelines.ports import SilentProgress
from services.provenance.fsck import check_log
from services.provenance.fsck_bodies import check_bodies
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from services.provenance.published_log import PublishedLog

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_name("results") / "evidence_log.json"
SIZES = (10_000, 100_000, 1_000_000)
BATCH = 10_000
PER_JOB = 20
ROUNDS = 12
SINGLE = 200
PROOFS = 200
FSCK_BAR_SECONDS, PROOF_BAR_MS, RATIO_AIM, MEMORY_BAR = 60.0, 10.0, 0.5, 1.25

BODY: dict[str, Json] = {
    "stage": "enhance",
    "operation": "denoise",
    "segment": 3,
    "inputs": [{"sha256": "a" * 64, "name": "source"}],
    "outputs": [{"sha256": "b" * 64}],
    "parameters": {"strength": "0.5", "radius": 3},
}
Fact = tuple[str, str, dict[str, Json]]
"""Job, kind and body of an entry."""

_MEASURED = "import sys; from benchmarks.evidence_log import child; child(*sys.argv[1:])"
_COLUMNS = "leaf, job, sequence, canonical, salt, commitment"
_PLAIN = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-16384",
    """CREATE TABLE entries (
        leaf INTEGER PRIMARY KEY, job TEXT NOT NULL, sequence INTEGER NOT NULL, canonical BLOB,
        salt BLOB, commitment BLOB NOT NULL, erased_by INTEGER, UNIQUE (job, sequence)) STRICT""",
)


def main() -> None:
    """Measure, write the result, print it."""
    before = _load()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        sizes = [_child("grow", str(home / str(size)), str(size)) for size in SIZES]
        largest = str(home / str(SIZES[-1]))
        checks = {name: _child(name, largest) for name in ("fsck", "bodies", "proofs")}
        rates = {name: _child(name, str(home / name)) for name in ("batched", "single")}
    memory = sizes[-1]["peak_mib"] / sizes[-2]["peak_mib"]
    found = {
        "machine": describe("cryptography"),
        "load_average": {"before": before, "after": _load()},
        "entry_bytes": rates["batched"].pop("entry_bytes"),
        "fsck_bar_seconds": FSCK_BAR_SECONDS,
        "proof_bar_ms": PROOF_BAR_MS,
        "ratio_aim": RATIO_AIM,
        "memory_bar": MEMORY_BAR,
        "kept": {
            "fsck": checks["fsck"]["seconds"] <= FSCK_BAR_SECONDS,
            "fsck_bodies": checks["bodies"]["seconds"] <= FSCK_BAR_SECONDS,
            "proofs": max(checks["proofs"][name]["median_ms"] for name in checks["proofs"])
            <= PROOF_BAR_MS,
            "ratio_batched": rates["batched"]["ratio"] >= RATIO_AIM,
            "ratio_single": rates["single"]["ratio"] >= RATIO_AIM,
            "memory": memory <= MEMORY_BAR,
        },
        "memory_ratio_last_two": round(memory, 3),
        "sizes": sizes,
        "million": checks,
        "rates": rates,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def child(task: str, folder: str, *rest: str) -> None:
    """Measure one thing in this process and print what was found."""
    tasks: dict[str, Callable[..., dict[str, Any]]] = {
        "grow": _grow,
        "fsck": _fsck,
        "bodies": _bodies,
        "proofs": _proofs,
        "batched": _batched,
        "single": _single,
    }
    found = tasks[task](Path(folder), *rest)
    print(json.dumps(found))


def _child(task: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, task, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _grow(home: Path, size: str) -> dict[str, Any]:
    """Make a log of `size` entries: one half sealed commit by commit, one half at once."""
    half = int(size) // 2
    with _log(home) as log:
        recorded = sealed = 0.0
        for start in range(0, half, BATCH):
            facts = list(_facts(start, min(BATCH, half)))
            recorded += _timed(lambda facts=facts: log.record_many(facts))
            sealed += _timed(log.publish)
        for start in range(half, 2 * half, BATCH):
            log.record_many(_facts(start, min(BATCH, half)))
        at_once = _timed(log.publish)
    return {
        "entries": 2 * half,
        "record_microseconds": round(recorded / half * 1e6, 1),
        "seal_microseconds": round(sealed / half * 1e6, 1),
        "sealed_at_once": half,
        "seal_at_once_microseconds": round(at_once / half * 1e6, 1),
        "peak_mib": _peak_mib(),
    }


def _fsck(home: Path) -> dict[str, Any]:
    log = PublishedLog(home / "log" / "public")
    begun, worked = time.perf_counter(), time.process_time()
    facts = check_log(log, progress=SilentProgress())
    return _checked(facts.head.size, facts.heads, begun, worked)


def _bodies(home: Path) -> dict[str, Any]:
    log = PublishedLog(home / "log" / "public")
    begun, worked = time.perf_counter(), time.process_time()
    facts = check_log(log, progress=SilentProgress())
    database = home / "log" / "entries.db"
    held = check_bodies(database, log, facts.head, progress=SilentProgress())
    return _checked(held.entries, facts.heads, begun, worked)


def _checked(entries: int, heads: int, begun: float, worked: float) -> dict[str, Any]:
    return {
        "entries": entries,
        "heads": heads,
        "seconds": round(time.perf_counter() - begun, 1),
        "processor_seconds": round(time.process_time() - worked, 1),
        "peak_mib": _peak_mib(),
    }


def _proofs(home: Path) -> dict[str, Any]:
    log = PublishedLog(home / "log" / "public")
    size = _size_of(log)
    chance = random.Random(20)  # noqa: S311 - which leaves are asked for
    leaves = [chance.randrange(size) for _ in range(PROOFS)]
    olds = [chance.randrange(1, size) for _ in range(PROOFS)]
    made = {
        "inclusion": [
            _timed(lambda leaf=leaf: inclusion_proof(leaf, size, log.nodes(size)))
            for leaf in leaves
        ],
        "consistency": [
            _timed(lambda old=old: consistency_proof(old, size, log.nodes(size))) for old in olds
        ],
    }
    return {
        name: {
            "median_ms": round(median(seconds) * 1e3, 2),
            "largest_ms": round(max(seconds) * 1e3, 2),
        }
        for name, seconds in made.items()
    }


def _size_of(log: PublishedLog) -> int:
    """Return the size that the served checkpoint states."""
    return int(log.read("checkpoint", most_bytes=1 << 14).split(b"\n")[1])


def _batched(home: Path) -> dict[str, Any]:
    """Alternate rounds of sealed and plain entries, `BATCH` to a commit and to a seal."""
    home.mkdir(parents=True)
    sealed, plain = [], []
    with _log(home) as log, closing(_plain(home / "plain.db")) as db:
        for number in range(ROUNDS):
            start = number * BATCH
            facts = list(_facts(start, BATCH))
            sealed.append(_timed(lambda facts=facts: (log.record_many(facts), log.publish())))
            rows = _rows(home, start)
            plain.append(_timed(lambda rows=rows: _insert(db, rows)))
    return {
        "entries_to_a_commit": BATCH,
        "rounds": ROUNDS,
        **_rates(sealed, plain, BATCH),
        "entry_bytes": len(rows[0][3]),
    }


def _single(home: Path) -> dict[str, Any]:
    """Alternate rounds of `SINGLE` entries, each in a commit of its own, then one seal."""
    home.mkdir(parents=True)
    sealed, plain = [], []

    def record(log: LocalLog, facts: Iterable[Fact]) -> None:
        for job, kind, body in facts:
            log.record(job, kind, body)
        log.publish()

    with _log(home) as log, closing(_plain(home / "plain.db")) as db:
        for number in range(ROUNDS):
            start = number * SINGLE
            facts = list(_facts(start, SINGLE))
            sealed.append(_timed(lambda facts=facts: record(log, facts)))
            rows = _rows(home, start)
            plain.append(_timed(lambda rows=rows: [_insert(db, [row]) for row in rows]))
    return {
        "entries_to_a_commit": 1,
        "entries_to_a_seal": SINGLE,
        "rounds": ROUNDS,
        **_rates(sealed, plain, SINGLE),
    }


def _rates(sealed: list[float], plain: list[float], entries: int) -> dict[str, Any]:
    return {
        "sealed_per_second": round(entries / median(sealed)),
        "plain_per_second": round(entries / median(plain)),
        "ratio": round(median(p / s for p, s in zip(plain, sealed, strict=True)), 3),
    }


def _plain(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    for statement in _PLAIN:
        db.execute(statement)
    return db


def _insert(db: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.executemany(f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)  # noqa: S608
    db.execute("COMMIT")


def _rows(home: Path, start: int) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "log" / "entries.db")) as db:
        query = f"SELECT {_COLUMNS} FROM entries WHERE leaf >= ? ORDER BY leaf"  # noqa: S608
        return db.execute(query, (start,)).fetchall()


def _log(home: Path) -> LocalLog:
    actor = Actor("benchmark", "6b1f0c52-7d0e-4b5c-9a39-2f6f3c1d8e77", "here", "evident")
    return LocalLog(home / "log", FileSigner(home / "keys"), actor=actor)


def _facts(start: int, count: int) -> Iterator[Fact]:
    for number in range(start, start + count):
        # Jobs are random words, as in use; the number keeps every run the same.
        job = f"{random.Random(number // PER_JOB).getrandbits(128):032x}"  # noqa: S311
        yield job, "operation", BODY


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _load() -> float:
    """How many processes wanted a core in the last minute, ours and everybody's."""
    return round(os.getloadavg()[0], 1)


def _peak_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


if __name__ == "__main__":
    main()
