"""Segments that a pool renders: what comes home, what is lost, what is told of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.ports import SilentProgress
from pipelines.run.job import Outcome, State, StopAsked
from services.compute.errors import PoolLostError, PoolSilentError
from services.compute.order import Ended, Order
from services.compute.round import LONGEST_GROUP, ORDERS_PER_WORKER, groups
from services.compute.work_objects import job_token
from services.jobs.errors import WorkerLostError
from tests.servers.compute_kit import (
    FRAMES,
    SEGMENTS,
    Bench,
    Threads,
    bench,
    facts_of,
    mixing,
    operations_of,
    repeats_of,
)

REGION = {"left": 8, "top": 8, "width": 24, "height": 16, "because": "the plate"}
JOB = "2f1f2f64-7c6c-4f0e-9b0e-0d6f6f1d2a33"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One clip and one store."""
    with bench(tmp_path_factory.mktemp("table")) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(table: Bench) -> Outcome:
    """The job as one process does it."""
    return table.run(None)


def threads(table: Bench, tmp_path: Path, **told: Any) -> Threads:
    """A pool of threads."""
    return Threads(table.store, tmp_path / "pool", **told)


def test_workers_and_one_process_agree_to_the_bit(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """Samples, maps and numbers are those of one process, and entries say where."""
    pool = threads(table, tmp_path)
    outcome = table.run(table.elsewhere(pool))
    assert facts_of(outcome) == facts_of(whole)
    told = operations_of(outcome)
    assert [one["segment"] for one in sorted(told, key=lambda one: one["segment"])] == [
        *range(SEGMENTS)
    ]
    assert {one["rendered_by"]["pool"] for one in told} == {"threads"}
    assert all("rendered_by" not in one for one in operations_of(whole))
    assert 1 <= pool.most <= ORDERS_PER_WORKER * pool.count
    assert table.left(outcome.job) == []


def test_what_a_lost_worker_had_finished_is_kept(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """A worker that dies after its last segment costs nothing: the store has it."""
    lost: list[Order] = []

    def meddle(order: Order, ended: Ended) -> Ended:
        lost.append(order)
        return Ended(lost=True) if len(lost) == 1 else ended

    pool = threads(table, tmp_path, count=1, meddle=meddle)
    outcome = table.run(table.elsewhere(pool))
    assert facts_of(outcome) == facts_of(whole)
    given = [number for order in pool.taken for number in order.segments]
    assert sorted(given) == [*range(SEGMENTS)]


def test_what_is_rendered_twice_is_told_of_and_used_once(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """A second copy of a segment is an entry; the result holds the segment once."""
    twice: list[Order] = []
    pool = threads(table, tmp_path, count=1)

    def meddle(order: Order, ended: Ended) -> Ended:
        if not twice:
            twice.append(order)
            task = Threads(table.store, tmp_path / "again").submit(order)
            while task.ended is None:
                threading.Event().wait(0.05)
        return ended

    pool.meddle = meddle
    outcome = table.run(table.elsewhere(pool))
    assert facts_of(outcome) == facts_of(whole)
    repeats = repeats_of(outcome)
    assert [one["segment"] for one in repeats] == [*twice[0].segments]
    assert {one["used"] for one in repeats} == {False}
    assert len(operations_of(outcome)) == SEGMENTS
    assert table.left(outcome.job) == []


def test_workers_that_die_again_and_again_end_the_attempt(table: Bench, tmp_path: Path) -> None:
    """A segment over which workers are lost each time is given up: it may be what ends them."""
    pool = threads(table, tmp_path, count=1)
    rendered = pool._work

    def work(task: Any) -> None:
        task.stop()
        rendered(task)

    pool._work = work  # type: ignore[method-assign]
    pool.meddle = lambda _order, _ended: Ended(lost=True)
    outcome = table.run(table.elsewhere(pool))
    assert outcome.state is State.FAILED
    assert isinstance(outcome.fault, WorkerLostError)


def test_a_lost_pool_ends_the_attempt_at_once(table: Bench, tmp_path: Path) -> None:
    """Nobody is given what is left: the queue tries again, and finds what was finished."""
    gone = Ended(lost=True, pool_lost=True)
    pool = threads(table, tmp_path, count=1, meddle=lambda _order, _ended: gone)
    outcome = table.run(table.elsewhere(pool))
    assert isinstance(outcome.fault, PoolLostError)
    assert len(pool.taken) <= ORDERS_PER_WORKER
    assert table.left(outcome.job) != []


def test_a_pool_that_does_nothing_is_not_waited_for(
    table: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a frame for the stated time the attempt fails with what the queue tries again."""
    pool = threads(table, tmp_path)

    def idle(task: Any) -> None:
        if task.stopped.wait(60):
            task.ended = Ended(stopped=True)

    monkeypatch.setattr(pool, "_work", idle)
    outcome = table.run(table.elsewhere(pool, silent_seconds=0.3))
    assert isinstance(outcome.fault, PoolSilentError)
    assert all(task.segments for task in pool.taken)


def test_an_error_of_a_worker_is_the_jobs(table: Bench, tmp_path: Path) -> None:
    """What a worker met is raised again by its class, reason and next step."""
    failed = Ended("DamagedError", "Frame 3 is gone.", "Find another copy.")
    pool = threads(table, tmp_path, meddle=lambda _order, _ended: failed)
    outcome = table.run(table.elsewhere(pool))
    assert type(outcome.fault).__name__ == "DamagedError"
    assert (outcome.error, outcome.next_step) == ("Frame 3 is gone.", "Find another copy.")


class StopAfter(SilentProgress):
    """A `Progress` that asks to stop once so many frames are enhanced."""

    def __init__(self, frames: int) -> None:
        self.left = frames
        self.enhancing = False

    def start(self, stage: str, total: int) -> None:
        """Note the step."""
        self.enhancing = stage == "enhancing"

    def advance(self, steps: int = 1) -> None:
        """Count the frames of the step, and stop when they are too many."""
        if self.enhancing:
            self.left -= steps
            if self.left <= 0:
                raise StopAsked("paused")


def test_a_stopped_job_goes_on_with_what_was_finished(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """After a stop the next attempt renders what neither the folder nor the store holds."""
    first = threads(table, tmp_path, count=1)
    stopped = table.run(table.elsewhere(first), out="goes-on", job=JOB, progress=StopAfter(15))
    assert stopped.state is State.CANCELED
    assert len(first.taken) < SEGMENTS
    second = threads(table, tmp_path)
    outcome = table.run(table.elsewhere(second), out="goes-on", job=JOB)
    assert facts_of(outcome) == facts_of(whole)
    given = {number for order in second.taken for number in order.segments}
    assert 0 not in given
    assert repeats_of(outcome) == []
    assert table.left(outcome.job) == []


def test_what_lies_in_the_store_and_is_no_segment_is_passed_over(
    table: Bench, whole: Outcome, tmp_path: Path
) -> None:
    """Rubbish under a job's keys is neither used nor a reason to fail."""
    token = job_token(JOB)
    key = f"work/{token}/done-000001-{'0' * 32}"
    table.store.put(key, [b'{"version": 1, "mark": null}'])  # type: ignore[arg-type]
    outcome = table.run(table.elsewhere(threads(table, tmp_path)), out="rubbish", job=JOB)
    assert facts_of(outcome) == facts_of(whole)
    assert table.left(outcome.job) == []


def test_a_worker_with_other_builds_renders_nothing(
    table: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions other than those the job was planned with are named, and nothing is rendered."""
    from pipelines.run import clip_part

    real = clip_part.software()
    told = iter([{**real, "numpy": "1.0"}])
    monkeypatch.setattr(clip_part, "software", lambda: next(told, real))
    outcome = table.run(table.elsewhere(threads(table, tmp_path)))
    assert "numpy" in outcome.error
    assert outcome.state is State.FAILED


@pytest.mark.parametrize(
    ("missing", "width", "cut"),
    [
        ([], 2, []),
        ([0, 1, 2], 4, [(0,), (1,), (2,)]),
        ([0, 1, 5, 6], 1, [(0, 1), (5,), (6,)]),
        ([*range(12)], 2, [(0, 1, 2), (3, 4, 5), (6, 7), (8,), (9,), (10,), (11,)]),
    ],
)
def test_groups_are_neighbours_and_shrink(
    missing: list[int], width: int, cut: list[tuple[int, ...]]
) -> None:
    """Segments go out in runs of neighbours, each half of an even share of what is left."""
    assert [*groups(missing, width)] == cut


def test_groups_of_a_long_clip_are_bounded_and_complete() -> None:
    """However long a clip is, no order holds more than a worker's death may cost."""
    made = [*groups(range(200), 2)]
    assert [one for group in made for one in group] == [*range(200)]
    sizes = [len(group) for group in made]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (LONGEST_GROUP, 1)


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "denoise_temporal", "radius": 1}, {"op": "super_resolve"}],
        [{"op": "gamma", "gamma": 1.5, "region": REGION}],
    ],
    ids=["a network", "a region"],
)
def test_whatever_is_done_runs_elsewhere_as_it_does_here(
    table: Bench, tmp_path: Path, operations: list[dict[str, Any]]
) -> None:
    """A trained network, or a law about what lies outside a region, holds on workers as here."""
    graph = mixing(operations)
    here = table.run(None, graph=graph)
    there = table.run(table.elsewhere(threads(table, tmp_path)), graph=graph)
    assert facts_of(here) == facts_of(there)
    assert len(facts_of(here)["ledger"]) == FRAMES
