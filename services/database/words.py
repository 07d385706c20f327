"""The words that rows may hold, and the conditions by which the database refuses all others.

The states are those that the HTTP interface shows. They stand here, below every room that
speaks of them, because the database itself must know them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class State(StrEnum):
    """Where a job or a stage stands."""

    QUEUED = "queued"
    """Waits for its turn."""
    RUNNING = "running"
    """Somebody holds a lease and works."""
    RETRY = "retry"
    """Failed in a way that may pass; waits until it may be tried again."""
    PAUSED = "paused"
    """A person stopped it; what is finished is kept."""
    DONE = "done"
    """Finished; its results stand."""
    FAILED = "failed"
    """Given up with a diagnosis; a person may send it back."""
    CANCELED = "canceled"
    """A person called it off."""

    @property
    def is_final(self) -> bool:
        """Whether nothing happens any more unless a person asks for it."""
        return self in (State.DONE, State.FAILED, State.CANCELED)


class Wanted(StrEnum):
    """What people want of a job; workers follow."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


class AttemptEnd(StrEnum):
    """How one attempt at a stage ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """Its lease ran out: the process died or was cut off."""
    STOPPED = "stopped"
    """Stopped because a person paused or canceled the job, or because the process was drained."""


def one_of(column: str, words: Iterable[StrEnum]) -> str:
    """Return the condition that `column` holds one of `words`."""
    return f"{column} IN ({', '.join(repr(word.value) for word in words)})"


OPEN = one_of("state", (State.QUEUED, State.RUNNING, State.RETRY))
"""The condition that a stage runs, or may run by itself sooner or later."""


NAMED = "name <> ''"
"""The condition that something has a name."""


def is_digest(column: str) -> str:
    """Return the condition that `column` looks like `sha256:` and 64 digits."""
    return f"length({column}) = 71 AND {column} LIKE 'sha256:%'"
