"""One contract for jobs on both databases: tokens, leases, and work that dies or hangs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from pipelines.errors import ResourceError
from services.database.tables import attempts
from services.jobs.errors import (
    StaleTokenError,
)
from services.jobs.failures import failure_of
from services.telemetry.breaker import CircuitOpenError
from tests.contract.jobs_kit import LANE, RESULT, Desk, desk


@pytest.fixture(name="desk")
def opened(url: str) -> Iterator[Desk]:
    """A desk on a database of each kind in turn."""
    with desk(url) as one:
        yield one


def test_a_stale_token_is_refused_and_recorded(desk: Desk) -> None:
    """Whoever comes back after the lease was lost changes nothing, and it is on record."""
    job = desk.submit()
    old = desk.claim("old")
    desk.forward(31)
    assert desk.jobs.sweep() == 1
    desk.forward(60)
    new = desk.claim("new")
    assert new.attempt == old.attempt + 1
    with pytest.raises(StaleTokenError):
        desk.jobs.complete(old, [RESULT])
    assert desk.jobs.get(job).outputs == ()
    assert "duplicate" in desk.kinds(job)
    assert "attempt.refused" in desk.entries(job)
    desk.jobs.complete(new, [RESULT])
    with pytest.raises(StaleTokenError):
        desk.jobs.complete(old, [RESULT])
    assert len(desk.jobs.get(job).outputs) == 1
    with desk.database.reading() as connection:
        found = {
            row.attempt: (row.ended, row.duplicates) for row in connection.execute(select(attempts))
        }
    assert found == {1: ("lost", 2), 2: ("done", 0)}


def test_nothing_is_written_under_a_stale_token(desk: Desk) -> None:
    """Progress, entries, segments and failures of an overtaken attempt are refused as well."""
    desk.submit()
    old = desk.claim()
    desk.forward(31)
    desk.jobs.sweep()
    for late in (
        lambda: desk.jobs.progress(old, "enhancing", done=1, total=2),
        lambda: desk.jobs.record(old, "operation", {}),
        lambda: desk.jobs.segment_done(old, number=0, frames=range(2), delivered_sha256="0" * 64),
        lambda: desk.jobs.fail(old, failure_of(ResourceError("no"))),
        lambda: desk.jobs.stopped(old),
    ):
        with pytest.raises(StaleTokenError):
            late()


def test_a_renewed_lease_is_not_swept(desk: Desk) -> None:
    """One statement renews all of a worker's leases; others of the lane run out."""
    first, second, other = (desk.submit() for _ in range(3))
    known = [desk.claim(worker).stage for worker in ("w", "w", "gone")]
    desk.forward(20)
    assert {held.job for held in desk.jobs.renew("w", known)} == {first, second}
    desk.forward(20)
    assert desk.jobs.sweep() == 1
    assert [desk.state(job) for job in (first, second, other)] == ["running", "running", "retry"]


def test_a_claim_whose_answer_was_lost_runs_out(desk: Desk) -> None:
    """A stage that is a worker's on record, and that it never heard of, is taken back."""
    first, second = desk.submit(), desk.submit()
    heard, _lost = desk.claim(), desk.claim()
    for _ in range(3):
        desk.forward(15)
        assert [held.job for held in desk.jobs.renew("w", [heard.stage])] == [first]
    assert desk.jobs.sweep() == 1
    assert [desk.state(job) for job in (first, second)] == ["running", "retry"]


def test_what_was_not_even_tried_uses_up_no_chance(desk: Desk) -> None:
    """However often a job meets an open breaker, it waits, and is done when the service is back."""
    job = desk.submit()
    for _ in range(30):
        desk.jobs.fail(desk.claim(), failure_of(CircuitOpenError("left alone")))
        assert desk.state(job) == "retry"
        assert desk.jobs.claim([LANE], "w") is None, "it waits"
        desk.forward(10)
    desk.jobs.complete(desk.claim(), [])
    assert desk.state(job) == "done"


def test_a_stage_does_not_run_for_ever(desk: Desk) -> None:
    """An attempt beyond the ceiling ends, though its worker lives; the next one is the last."""
    job = desk.submit()
    for ends in ("retry", "failed"):
        mine = desk.claim()
        for _ in range(4):
            desk.forward(6 * 3600 - 1)
            desk.jobs.renew("w", [mine.stage])
            assert desk.jobs.sweep() == 0
        desk.forward(10)
        assert desk.jobs.sweep() == 1
        assert desk.state(job) == ends
        assert desk.jobs.renew("w", [mine.stage]) == ()
        with pytest.raises(StaleTokenError):
            desk.jobs.complete(mine, [RESULT])
        desk.forward(60)
    assert desk.kinds(job).count("stage.overdue") == 2
    assert desk.controls.dead_letters()[0].error.name == "StageOverdueError"


def test_what_kills_its_workers_is_given_up(desk: Desk) -> None:
    """A job whose workers die again and again becomes a dead letter, not a loop."""
    job = desk.submit()
    for _ in range(4):
        desk.claim()
        desk.forward(31)
        assert desk.jobs.sweep() == 1
        desk.forward(60)
    assert desk.state(job) == "failed"
    assert desk.controls.dead_letters()[0].error.name == "WorkerLostError"
    assert desk.jobs.claim([LANE], "w") is None
