"""How an attempt ends, under its token: done, failed, stopped, or refused as no longer in force.

A token that was overtaken changes nothing. That it came back is counted with the attempt, told
as an event, and left as an entry of evidence, in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, insert, select, update

from pipelines.evidence.json_value import Json
from services.database.columns import inserting
from services.database.tables import (
    attempts,
    dead_letters,
    error_classes,
    job_outputs,
)
from services.database.words import AttemptEnd, State, Wanted
from services.jobs.artifacts import Artifact, hold, store_artifact
from services.jobs.errors import StaleTokenError
from services.jobs.failures import Failure, Jitter
from services.jobs.locked_job import LockedJob, StageRow
from services.jobs.values import Claim, NewOutput


def in_force(locked: LockedJob, claim: Claim) -> StageRow:
    """Return the claim's stage where its token holds; else StaleTokenError."""
    row = locked.stage(claim.stage)
    holds = row["state"] == State.RUNNING and row["attempt"] == claim.attempt
    if not holds or row["worker"] != claim.worker:
        raise StaleTokenError(
            f"Attempt {claim.attempt} at {claim.name} of job {claim.job} is not in force any more.",
            next_step="Nothing needs doing: another attempt has the work.",
        )
    return row


def note_duplicate(locked: LockedJob, claim: Claim, outputs: Sequence[NewOutput]) -> None:
    """Write down that an attempt came back after it was overtaken, and with what."""
    locked.connection.execute(
        update(attempts)
        .where(attempts.c.stage == claim.stage, attempts.c.attempt == claim.attempt)
        .values(duplicates=attempts.c.duplicates + 1)
    )
    locked.event("duplicate", {"stage": claim.name, "attempt": claim.attempt})
    locked.entry(
        "attempt.refused",
        {
            "stage": claim.name,
            "attempt": claim.attempt,
            "worker": claim.worker,
            "outputs": [_line(one) for one in outputs],
        },
    )


def complete(
    locked: LockedJob, claim: Claim, outputs: Sequence[NewOutput]
) -> tuple[NewOutput, ...]:
    """Commit what an attempt made: its files, its end, and the stages that waited for it.

    Whoever did not hear the answer may ask again. Returns the outputs whose bytes were stored
    under another key before.
    """
    done = locked.stage(claim.stage)
    if done["state"] == State.DONE and done["attempt"] == claim.attempt:
        return ()
    row = in_force(locked, claim)
    surplus = _write_outputs(locked, outputs)
    _end(locked, claim.stage, claim.attempt, AttemptEnd.DONE)
    locked.move_stage(row, State.DONE, progress_done=row["progress_total"])
    for other in locked.stages():
        if claim.name in other["needs"]:
            locked.change_stage(other, waiting_on=other["waiting_on"] - 1)
            if not other["waiting_on"] and State(other["state"]) is State.QUEUED:
                locked.wake(other["lane"])
    if locked.state is State.FAILED:
        return surplus
    locked.event("stage.done", {"stage": claim.name, "attempt": claim.attempt})
    if locked.wanted is not Wanted.RUN:
        follow_wish(locked)
    else:
        locked.settle()
    if locked.state is State.DONE:
        locked.update(error_class=None, error_reason=None, error_next_step=None)
    return surplus


def fail(
    locked: LockedJob,
    row: StageRow,
    failure: Failure,
    *,
    end: AttemptEnd,
    jitter: Jitter,
) -> None:
    """Write a failed attempt down; the stage waits for its next chance, or is given up."""
    _end(locked, row["id"], row["attempt"], end, failure)
    _count(locked, failure)
    failures = row["failures"] + (not failure.rule.is_free)
    locked.update(
        error_class=failure.name, error_reason=failure.reason, error_next_step=failure.next_step
    )
    if locked.wanted is Wanted.CANCEL:
        locked.move_stage(row, State.CANCELED, failures=failures)
        follow_wish(locked)
    elif failures < failure.rule.chances and locked.state is not State.FAILED:
        wait = timedelta(seconds=failure.rule.wait_seconds(failures, jitter))
        _retry(locked, row, failure, failures, wait)
    else:
        _give_up(locked, row, failure, failures)


def stop(locked: LockedJob, row: StageRow) -> None:
    """Take a stage back whose worker stopped because it was told to; no chance is used up."""
    _end(locked, row["id"], row["attempt"], AttemptEnd.STOPPED)
    locked.move_stage(row, State.QUEUED, not_before=locked.now)
    if locked.wanted is Wanted.RUN:
        locked.wake(row["lane"])
        locked.settle()
    else:
        follow_wish(locked)


def follow_wish(locked: LockedJob) -> None:
    """Pause or cancel every stage that nobody runs; the job follows once none is running."""
    wished = State.PAUSED if locked.wanted is Wanted.PAUSE else State.CANCELED
    rows = locked.stages()
    for row in rows:
        waits = (State.QUEUED, State.RETRY, State.PAUSED)
        if State(row["state"]) in waits and row["state"] != wished:
            locked.move_stage(row, wished)
    states = {State(row["state"]) for row in locked.stages()}
    if State.RUNNING in states or locked.state.is_final:
        return
    locked.become(State.DONE if states == {State.DONE} else wished)
    if locked.state is State.CANCELED:
        locked.entry("job.canceled", {"attempts": max(row["attempt"] for row in rows)})


def _retry(
    locked: LockedJob, row: StageRow, failure: Failure, failures: int, wait: timedelta
) -> None:
    at = locked.now + wait
    locked.move_stage(row, State.RETRY, failures=failures, not_before=at)
    locked.event(
        "stage.failed",
        {
            "stage": row["name"],
            "attempt": row["attempt"],
            "error": failure.name,
            "reason": failure.reason,
            "again_in_ms": int(wait / timedelta(milliseconds=1)),
        },
    )
    locked.entry("stage.retried", _failure_body(row, failure))
    if locked.wanted is Wanted.PAUSE:
        follow_wish(locked)
    else:
        locked.wake(row["lane"], at=at)
        locked.settle()


def _give_up(locked: LockedJob, row: StageRow, failure: Failure, failures: int) -> None:
    locked.move_stage(row, State.FAILED, failures=failures)
    locked.connection.execute(
        insert(dead_letters).values(
            stage=row["id"],
            attempt=row["attempt"],
            error_class=failure.name,
            diagnosis=failure.reason,
            next_step=failure.next_step,
            at=locked.now,
        )
    )
    locked.entry("job.failed", _failure_body(row, failure))
    locked.become(
        State.FAILED, stage=row["name"], error=failure.name, reason=failure.reason,
        next_step=failure.next_step, attempts=row["attempt"],
    )  # fmt: skip


def _failure_body(row: StageRow, failure: Failure) -> dict[str, Json]:
    return {
        "stage": row["name"],
        "attempt": row["attempt"],
        "error": failure.name,
        "reason": failure.reason,
    }


def _end(
    locked: LockedJob, stage: str, attempt: int, end: AttemptEnd, failure: Failure | None = None
) -> None:
    locked.end_attempt(
        stage,
        attempt,
        ended=end,
        ended_at=locked.now,
        error_class=None if failure is None else failure.name,
        error_reason=None if failure is None else failure.reason,
    )


def _count(locked: LockedJob, failure: Failure) -> None:
    """Count the error's class; what was said to be resolved and comes back is open again."""
    table = error_classes
    add = inserting(locked.connection, table).values(
        name=failure.name,
        count=1,
        last_job=locked.id,
        last_reason=failure.reason,
        first_at=locked.now,
        last_at=locked.now,
    )
    locked.connection.execute(
        add.on_conflict_do_update(
            index_elements=[table.c.name],
            set_={
                "count": table.c.count + 1,
                "last_job": locked.id,
                "last_reason": failure.reason,
                "last_at": locked.now,
                "resolution": None,
                "resolved_by": None,
                "resolved_at": None,
            },
        )
    )


def _write_outputs(locked: LockedJob, outputs: Sequence[NewOutput]) -> tuple[NewOutput, ...]:
    if not outputs:
        return ()
    surplus = []
    begin = locked.connection.execute(
        select(func.count()).select_from(job_outputs).where(job_outputs.c.job == locked.id)
    ).scalar_one()
    for position, one in enumerate(outputs, start=begin):
        artifact = Artifact(one.artifact, one.object_key, one.bytes, one.media_type)
        known = store_artifact(locked.connection, artifact, now=locked.now)
        if known.object_key != one.object_key:
            surplus.append(one)
        hold(
            locked.connection,
            locked.row["project"],
            one.artifact,
            holder=locked.id,
            name=one.name,
            now=locked.now,
        )
        locked.connection.execute(
            insert(job_outputs).values(
                job=locked.id,
                position=position,
                artifact=one.artifact,
                name=one.name,
                media_type=one.media_type,
            )
        )
    return tuple(surplus)


def _line(one: NewOutput) -> dict[str, Json]:
    return {
        "name": one.name,
        "sha256": one.artifact.removeprefix("sha256:"),
        "bytes": one.bytes,
    }
