"""What people may do to a job: cancel, pause, resume, send back. Workers follow at once or soon.

What nobody runs changes in the same transaction. What runs is told with the next renewal of its
lease; until it has stopped, the job keeps its state and its event says what is wanted.
"""

from __future__ import annotations

from sqlalchemy import update

from services.database.tables import dead_letters
from services.database.words import State, Wanted
from services.jobs.errors import MoveError
from services.jobs.finish import follow_wish
from services.jobs.locked_job import LockedJob


def cancel(locked: LockedJob, by: str) -> None:
    """Call a job off. A job that is over cannot be; one that is canceled stays so."""
    if locked.state is State.CANCELED:
        return
    _require(locked, not locked.state.is_final, "canceled")
    _wish(locked, Wanted.CANCEL, by)


def pause(locked: LockedJob, by: str) -> None:
    """Stop a job and keep what is finished of it."""
    if locked.state is State.PAUSED:
        return
    _require(locked, not locked.state.is_final and locked.wanted is not Wanted.CANCEL, "paused")
    _wish(locked, Wanted.PAUSE, by)


def resume(locked: LockedJob, by: str) -> None:
    """Go on with a paused job; where it has not stopped yet, it does not stop."""
    _require(locked, locked.wanted is Wanted.PAUSE and not locked.state.is_final, "resumed")
    _go_on(locked, by, "resumed", State.PAUSED)


def retry(locked: LockedJob, by: str) -> None:
    """Send a failed or canceled job back with all its chances; stages that are done stay so."""
    _require(locked, locked.state in (State.FAILED, State.CANCELED), "tried again")
    for row in locked.stages():
        locked.connection.execute(
            update(dead_letters)
            .where(dead_letters.c.stage == row["id"], dead_letters.c.returned_at.is_(None))
            .values(returned_by=by, returned_at=locked.now)
        )
    locked.update(error_class=None, error_reason=None, error_next_step=None)
    _go_on(locked, by, "sent_back", State.FAILED, State.CANCELED)


def _wish(locked: LockedJob, wanted: Wanted, by: str) -> None:
    if locked.wanted is not wanted:
        locked.want(wanted)
        locked.event(f"{wanted.value}.wanted", {"by": by})
        locked.entry(f"{wanted.value}.wanted", {"by": by})
    follow_wish(locked)


def _go_on(locked: LockedJob, by: str, word: str, *stopped: State) -> None:
    locked.want(Wanted.RUN)
    locked.event(word, {"by": by})
    locked.entry(word, {"by": by})
    for row in locked.stages():
        if State(row["state"]) in stopped:
            locked.move_stage(row, State.QUEUED, failures=0, not_before=locked.now)
    locked.settle()
    locked.wake_ready()


def _require(locked: LockedJob, holds: bool, what: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise MoveError(
            f"A job that is {locked.state} cannot be {what}.",
            next_step="Look at its state; it may have changed meanwhile.",
        )
