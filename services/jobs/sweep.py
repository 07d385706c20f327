"""What nobody asks for and must happen all the same: lost leases, stages without an end, late jobs.

A lease that ran out is found by every sweeper and taken back by one: under the job's lock the
second finds it done. A job is said to be late before it is: as soon as the mean time of its
lane, from now on, ends after its deadline.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from services.database.tables import jobs, stages
from services.database.words import AttemptEnd, State
from services.jobs.failures import LOST, OVERDUE, Jitter
from services.jobs.finish import fail
from services.jobs.locked_job import LockedJob
from services.jobs.open_stages import is_running

_RECENT = 50


def expired(now: datetime, limit: int) -> Select[Any]:
    """Stages whose lease ran out, with their jobs; the longest lost first."""
    return (
        select(stages.c.id, stages.c.job)
        .where(is_running(stages), stages.c.lease_until < now)
        .order_by(stages.c.lease_until)
        .limit(limit)
    )


def take_back(locked: LockedJob, stage: str, *, jitter: Jitter) -> bool:
    """Take the stage from whoever lost it; False where it was renewed or taken meanwhile."""
    row = locked.stage(stage)
    if row["state"] != State.RUNNING or row["lease_until"] >= locked.now:
        return False
    locked.event("lease.lost", {"stage": row["name"], "attempt": row["attempt"]})
    fail(locked, row, LOST, end=AttemptEnd.LOST, jitter=jitter)
    return True


def overdue(before: datetime, limit: int) -> Select[Any]:
    """Stages whose attempt began before that moment and runs on, with their jobs."""
    return (
        select(stages.c.id, stages.c.job)
        .where(is_running(stages), stages.c.started_at < before)
        .order_by(stages.c.started_at)
        .limit(limit)
    )


def end_overdue(locked: LockedJob, stage: str, *, before: datetime, jitter: Jitter) -> bool:
    """End an attempt that runs too long; False where it has ended meanwhile.

    Its worker hears of it with its next renewal, and stops; what it cannot stop it cannot commit.
    """
    row = locked.stage(stage)
    if row["state"] != State.RUNNING or row["started_at"] >= before:
        return False
    locked.event("stage.overdue", {"stage": row["name"], "attempt": row["attempt"]})
    fail(locked, row, OVERDUE, end=AttemptEnd.FAILED, jitter=jitter)
    return True


def with_deadlines(now: datetime, horizon: timedelta, limit: int) -> Select[Any]:
    """Jobs that are not over, with a deadline before the horizon, not yet said to be late."""
    return (
        select(jobs.c.id, jobs.c.deadline_at)
        .where(
            jobs.c.state.in_((State.QUEUED, State.RUNNING, State.RETRY, State.PAUSED)),
            jobs.c.late_at.is_(None),
            jobs.c.deadline_at < now + horizon,
        )
        .order_by(jobs.c.deadline_at)
        .limit(limit)
    )


def mean_duration(connection: Connection, job: str) -> timedelta:
    """Return how long stages of the job's lanes took lately, all of them together; else zero."""
    lanes = select(stages.c.lane).where(stages.c.job == job, stages.c.state != State.DONE)
    recent = (
        select((stages.c.finished_at - stages.c.started_at).label("took"))
        .where(stages.c.state == State.DONE, stages.c.lane.in_(lanes))
        .order_by(stages.c.finished_at.desc())
        .limit(_RECENT)
        .subquery()
    )
    mean = connection.execute(select(func.avg(recent.c.took))).scalar_one()
    return timedelta(microseconds=int(mean or 0))


def warn_of_lateness(locked: LockedJob) -> bool:
    """Say that the job will be late if it will; False where it is over, or it was said."""
    row = locked.row
    if locked.state.is_final or row["late_at"] is not None or row["deadline_at"] is None:
        return False
    expected = locked.now + mean_duration(locked.connection, locked.id)
    if expected <= row["deadline_at"]:
        return False
    locked.update(late_at=locked.now)
    is_over = locked.now > row["deadline_at"]
    locked.event("deadline.missed" if is_over else "deadline.at_risk", _lateness(row, expected))
    return True


def _lateness(row: Any, expected: datetime) -> dict[str, Any]:
    return {
        "deadline": row["deadline_at"].isoformat(),
        "expected_not_before": expected.isoformat(),
    }
