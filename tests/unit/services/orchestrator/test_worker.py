"""The worker: what it promises about leases, tokens and bytes, with an executor that is planted."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import NotMediaError, ResourceError
from pipelines.run.job import StopAsked
from services.database.database import Database
from services.database.migrate import upgrade
from services.jobs.jobs import Jobs, QueueRules
from services.jobs.values import Claim, NewOutput
from services.orchestrator.executor import Desk
from services.orchestrator.worker import TIDY_SECONDS, Worker
from tests.contract.jobs_kit import ACTOR, LANE, RESULT
from tests.contract.jobs_kit import Desk as Records

Work = Callable[[Claim, Desk], tuple[NewOutput, ...]]
SOON = 30.0


class Planted:
    """An executor whose work is a function; remembers what it was told."""

    def __init__(self, work: Work) -> None:
        self.run = work
        self.done: list[str] = []
        self.discarded: list[NewOutput] = []
        self.tidied = 0

    def committed(self, claim: Claim) -> None:
        """Remember the job."""
        self.done.append(claim.job)

    def tidy(self) -> None:
        """Count it; nothing is kept here."""
        self.tidied += 1

    def discard(self, outputs: tuple[NewOutput, ...]) -> None:
        """Remember the bytes."""
        self.discarded += outputs


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Migrated records."""
    address = f"sqlite:///{tmp_path}/records.db"
    database = Database(address)
    upgrade(database)
    database.close()
    return address


@contextmanager
def working(
    url: str,
    executor: Planted,
    *,
    lease_seconds: float = 20.0,
    slots: int = 1,
    is_able: Callable[[], bool] = lambda: True,
    tidy_seconds: float = TIDY_SECONDS,
) -> Iterator[tuple[Jobs, Worker]]:
    """A worker that runs, on the real clock."""
    database = Database(url)
    jobs = Jobs(database, actor=ACTOR, rules=QueueRules(lease_seconds=lease_seconds))
    worker = Worker(
        jobs,
        executor,
        lanes=[LANE],
        slots=slots,
        poll_seconds=0.05,
        is_able=is_able,
        tidy_seconds=tidy_seconds,
    )
    worker.start()
    try:
        yield jobs, worker
    finally:
        worker.drain()
        database.close()
    assert worker.fault is None


def submitted(url: str) -> str:
    """One job on record."""
    records = Records(url)
    job = records.submit()
    records.database.close()
    return job


def opened(url: str) -> sqlite3.Connection:
    """The rows themselves."""
    return sqlite3.connect(url.removeprefix("sqlite:///"))


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting(_claim: Claim, desk: Desk) -> tuple[NewOutput, ...]:
    """Work that goes on until it is asked to stop."""
    until(lambda: desk.stop_asked() is not None)
    raise StopAsked(str(desk.stop_asked()))


def test_what_is_made_is_committed(url: str) -> None:
    """A stage's results are the job's, and its executor hears that they are."""
    job, executor = submitted(url), Planted(lambda _claim, _desk: (RESULT,))
    with working(url, executor) as (jobs, _):
        until(lambda: jobs.get(job).state.is_final)
        assert [one.name for one in jobs.get(job).outputs] == [RESULT.name]
        until(lambda: executor.done == [job])
    assert executor.discarded == []


def test_a_failure_is_the_jobs_and_not_the_workers(url: str) -> None:
    """One input's fault is on record, and the next job runs."""

    def work(_claim: Claim, _desk: Desk) -> tuple[NewOutput, ...]:
        raise NotMediaError("It is a text.")

    first, second = submitted(url), submitted(url)
    with working(url, Planted(work)) as (jobs, _):
        until(lambda: all(jobs.get(job).state == "failed" for job in (first, second)))


def test_a_wish_reaches_the_work_with_the_next_renewal(url: str) -> None:
    """A canceled job's executor is asked to stop, and the job is over when it has."""
    job = submitted(url)
    with working(url, Planted(waiting), lease_seconds=0.3) as (jobs, _):
        until(lambda: jobs.get(job).state == "running")
        jobs.cancel(job, by="me")
        until(lambda: jobs.get(job).state == "canceled")


def test_leases_are_renewed_while_work_goes_on(url: str) -> None:
    """However long a stage takes, its lease moves ahead of it and a sweeper finds nothing."""
    go_on = threading.Event()

    def work(_claim: Claim, _desk: Desk) -> tuple[NewOutput, ...]:
        go_on.wait(SOON)
        return (RESULT,)

    job = submitted(url)
    with working(url, Planted(work), lease_seconds=6) as (jobs, _), closing(opened(url)) as rows:
        until(lambda: jobs.get(job).state == "running")
        seen: set[int] = set()

        def renewed_twice() -> bool:
            seen.update(until for (until,) in rows.execute("SELECT lease_until FROM stages"))
            return len(seen) > 2

        until(renewed_twice)
        assert jobs.sweep() == 0
        go_on.set()
        until(lambda: jobs.get(job).state == "done")
        assert jobs.get(job).stages[0].attempt == 1


def test_a_drained_worker_gives_its_work_back(url: str) -> None:
    """A process that ends hands its stages to others at once, without using up a chance."""
    job = submitted(url)
    with working(url, Planted(waiting)) as (jobs, _):
        until(lambda: jobs.get(job).state == "running")
    database = Database(url)
    view = Jobs(database, actor=ACTOR).get(job)
    database.close()
    assert (view.state, view.error) == ("queued", None)


def test_what_an_overtaken_attempt_made_is_thrown_away(url: str) -> None:
    """Bytes whose token does not hold are removed, and the job keeps the other attempt's."""
    job, go_on, began = submitted(url), threading.Event(), threading.Event()

    def work(_claim: Claim, _desk: Desk) -> tuple[NewOutput, ...]:
        began.set()
        go_on.wait(SOON)
        return (RESULT,)

    executor = Planted(work)
    with working(url, executor) as (jobs, _):
        began.wait(SOON)
        others = Records(url)
        with others.database.writing() as connection:
            connection.exec_driver_sql("UPDATE stages SET lease_until = 0")
        assert jobs.sweep() == 1
        jobs.pause(job, by="me")
        others.database.close()
        go_on.set()
        until(lambda: executor.discarded == [RESULT])
        assert jobs.get(job).outputs == ()


def test_a_store_that_is_away_keeps_nothing_from_being_done(url: str) -> None:
    """Bytes that cannot be removed now are swept later; the job's own files go all the same."""

    def work(claim: Claim, _desk: Desk) -> tuple[NewOutput, ...]:
        return (replace(RESULT, object_key=f"artifacts/bb/{claim.job.replace('-', '')}"),)

    class Away(Planted):
        def discard(self, outputs: tuple[NewOutput, ...]) -> None:
            super().discard(outputs)
            raise ResourceError("The store is away.")

    made, executor = [submitted(url), submitted(url)], Away(work)
    with working(url, executor):
        until(lambda: len(executor.discarded) == 1)
        until(lambda: sorted(executor.done) == sorted(made))


def test_a_message_that_comes_again_starts_nothing_twice(url: str) -> None:
    """A broker that redelivers while the work goes on, as after its patience, starts nothing.

    Where the message is the work, every redelivery is a second run of it.
    """
    job, go_on, started = submitted(url), threading.Event(), list[str]()

    def work(claim: Claim, _desk: Desk) -> tuple[NewOutput, ...]:
        started.append(claim.job)
        go_on.wait(SOON)
        return (RESULT,)

    with working(url, Planted(work), slots=2) as (jobs, worker):
        until(lambda: started == [job])
        for _ in range(20):
            worker.wake(LANE)
            time.sleep(0.01)
        go_on.set()
        until(lambda: jobs.get(job).state.is_final)
    assert started == [job]


def test_nothing_is_claimed_while_nothing_could_be_done(url: str) -> None:
    """A worker that is not able leaves stages to others, and takes them when it is."""
    job, able, asked = submitted(url), threading.Event(), threading.Event()

    def is_able() -> bool:
        asked.set()
        return able.is_set()

    with working(url, Planted(lambda _claim, _desk: (RESULT,)), is_able=is_able) as (jobs, _):
        assert asked.wait(SOON)
        assert jobs.get(job).state == "queued"
        able.set()
        until(lambda: jobs.get(job).state == "done")


def test_as_many_stages_run_as_there_are_slots(url: str) -> None:
    """A worker with two slots works on two jobs side by side, not on three."""
    for _ in range(3):
        submitted(url)
    with working(url, Planted(waiting), slots=2) as (_, worker):
        until(lambda: worker.running() == 2)


def test_what_is_kept_for_jobs_that_ended_elsewhere_goes(url: str) -> None:
    """A worker tidies up at its start and again and again: who ended a job may be another host."""
    executor = Planted(lambda _claim, _desk: ())
    with working(url, executor, tidy_seconds=0.0):
        until(lambda: executor.tidied > 2)
