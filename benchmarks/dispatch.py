"""What the queue costs over a bare Celery task: `python -m benchmarks.dispatch`.

Both on one Redis, in one process, with one Celery worker on a thread. Bare: a task that does
nothing, from `send_task` to its run. Ours: a stage that does nothing, from a committed submission
over wake-up, claim, lease and commit of its end, on PostgreSQL that writes to the disk and on
SQLite. Throughput: a batch is on record (or in the broker) before the clock starts. Latency: one
at a time, from before the submission (or the sending) to the run. Aims: half of bare throughput,
10 ms for half of all stages. Each number is the median of its rounds, a ratio that of the rounds'
ratios; a worker has four slots and, beside that, sixteen, whose rounds of claims and ends are
larger. Statements and commits of a stage are counted in a batch of their own:
they are the same on a busy machine. Needs Debian's redis-server and postgresql.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from sqlalchemy import event

from benchmarks.machine import describe
from pipelines.evidence.entry import Actor
from services.database.database import Database
from services.database.migrate import upgrade
from services.dispatch.celery_broker import CeleryDispatch
from services.jobs.controls import Controls, Project
from services.jobs.jobs import Jobs
from services.jobs.values import Claim, NewOutput, NewStage, Submission
from services.orchestrator.executor import Desk
from services.orchestrator.worker import Worker
from tests.servers.temporary_postgres import running_postgres
from tests.servers.temporary_redis import running_redis

RESULT = Path(__file__).with_name("results") / "dispatch.json"
BATCH, SINGLES, ROUNDS = 200, 50, 5
SLOTS = (4, 16)
LANE = "photo"
RATIO_AIM, P50_AIM_MS = 0.5, 10.0

Figures = dict[str, float]


class Arrivals:
    """Counts arrivals and lets a caller wait for a number of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def arrive(self) -> None:
        """Count one."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        """Wait until so many have arrived."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count >= count, timeout=300):
                raise TimeoutError(f"{self._count} of {count} arrived")


class NoWork:
    """An executor whose stages do nothing."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals

    def run(self, claim: Claim, desk: Desk) -> tuple[NewOutput, ...]:
        """Do nothing."""
        del claim, desk
        self._arrivals.arrive()
        return ()

    def committed(self, claim: Claim) -> None:
        """Nothing was kept."""

    def tidy(self) -> None:
        """Nothing was kept."""

    def discard(self, outputs: tuple[NewOutput, ...]) -> None:
        """Nothing was made."""


def main() -> None:
    """Measure, write the result, print it."""
    with (
        running_redis() as redis,
        running_postgres(durable=True) as postgres,
        tempfile.TemporaryDirectory() as folder,
    ):
        rounds = [
            _round(redis.url, postgres.database, f"sqlite:///{folder}/{number}")
            for number in range(ROUNDS)
        ]
    found = {
        "machine": describe("celery", "redis", "sqlalchemy", "psycopg"),
        "batch": BATCH,
        "rounds": ROUNDS,
        **{name: _medians([one[name] for one in rounds]) for name in rounds[0]},
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _round(redis_url: str, database: Callable[[], str], sqlite: str) -> dict[str, Figures]:
    """Measure everything once: bare, and both kinds of records with every number of slots."""
    bare = _bare(redis_url)
    found = {"bare_celery": bare}
    for slots in SLOTS:
        for kind, url in (("postgresql", database()), ("sqlite", f"{sqlite}-{slots}.db")):
            found[f"{kind}_{slots}_slots"] = _ours(redis_url, url, bare, slots)
    return found


def _medians(rounds: Sequence[Figures]) -> dict[str, float | bool]:
    """The median of every figure, and whether the aims are kept by these."""
    found: dict[str, float | bool] = {
        name: round(median(one[name] for one in rounds), 3) for name in rounds[0]
    }
    if "ratio_to_bare" in found:
        found["ratio_kept"] = found["ratio_to_bare"] >= RATIO_AIM
        found["p50_kept"] = found["p50_ms"] < P50_AIM_MS
    return found


def _bare(url: str) -> Figures:
    dispatch, arrivals = CeleryDispatch(url), Arrivals()
    with dispatch.listening([LANE], lambda _lane: arrivals.arrive()):
        dispatch.wake(LANE)
        arrivals.wait(1)
        latency = _latency(lambda: dispatch.wake(LANE), arrivals, begin=1)
    for _ in range(BATCH):
        dispatch.wake(LANE)
    arrivals = Arrivals()
    begun = time.perf_counter()
    with dispatch.listening([LANE], lambda _lane: arrivals.arrive()):
        arrivals.wait(1)
        begun = time.perf_counter()
        arrivals.wait(BATCH)
        seconds = time.perf_counter() - begun
    dispatch.close()
    return {"per_second": round((BATCH - 1) / seconds, 1), "p50_ms": latency}


def _ours(redis_url: str, url: str, bare: Figures, slots: int) -> Figures:
    database = Database(url)
    upgrade(database)
    Controls(database).set_project(Project("p", "P"))
    dispatch, arrivals = CeleryDispatch(redis_url), Arrivals()
    actor = Actor("bench", "session", "host", "evident")
    jobs = Jobs(database, actor=actor, hint=dispatch.wake)
    silent = Jobs(database, actor=actor)
    for _ in range(BATCH):
        silent.submit(_asked())
    worker = Worker(jobs, NoWork(arrivals), lanes=[LANE], slots=slots)
    begun = time.perf_counter()
    worker.start()
    _run_out(worker, arrivals, BATCH)
    seconds = time.perf_counter() - begun
    with dispatch.listening([LANE], worker.wake):
        jobs.submit(_asked())
        arrivals.wait(BATCH + 1)
        latency = _latency(lambda: jobs.submit(_asked()), arrivals, begin=BATCH + 1)
    worker.drain()
    counted = _counted(database, silent, slots)
    dispatch.close()
    database.close()
    per_second = BATCH / seconds
    return {
        "per_second": round(per_second, 1),
        "ratio_to_bare": round(per_second / bare["per_second"], 3),
        "p50_ms": latency,
        **counted,
    }


def _run_out(worker: Worker, arrivals: Arrivals, count: int) -> None:
    """Wait until so many stages ran and their ends are on record."""
    arrivals.wait(count)
    while worker.running():
        time.sleep(0.001)


def _counted(database: Database, jobs: Jobs, slots: int) -> Figures:
    """Return how many statements and commits a stage takes from its claim to its end."""
    for _ in range(BATCH):
        jobs.submit(_asked())
    arrivals, counts = Arrivals(), Counter[str]()
    listeners = {
        name: (lambda *_, name=name: counts.update([name]))
        for name in ("before_cursor_execute", "commit")
    }
    for name, listener in listeners.items():
        event.listen(database._engine, name, listener)  # noqa: SLF001 - what is counted is there
    worker = Worker(jobs, NoWork(arrivals), lanes=[LANE], slots=slots)
    worker.start()
    _run_out(worker, arrivals, BATCH)
    for name, listener in listeners.items():
        event.remove(database._engine, name, listener)  # noqa: SLF001
    worker.drain()
    return {
        "statements_per_stage": round(counts["before_cursor_execute"] / BATCH, 2),
        "commits_per_stage": round(counts["commit"] / BATCH, 3),
    }


def _latency(send: Callable[[], object], arrivals: Arrivals, *, begin: int) -> float:
    """Return the median time from before a sending to its arrival, in milliseconds."""
    taken = []
    for number in range(1, SINGLES + 1):
        begun = time.perf_counter()
        send()
        arrivals.wait(begin + number)
        taken.append(time.perf_counter() - begun)
        time.sleep(0.01)
    return round(median(taken) * 1000, 2)


def _asked() -> Submission:
    return Submission(
        project="p",
        principal="bench",
        request_id="r",
        pipeline="photo",
        preset="balanced",
        graph={"version": 1},
        graph_sha256="0" * 64,
        inputs=(),
        stages=(NewStage("whole", LANE),),
        request_sha256="1" * 64,
    )


if __name__ == "__main__":
    main()
