"""Which state follows which. Whoever changes a state asks `advance`, and nobody else decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.database.words import State
from services.jobs.errors import MoveError

MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.PAUSED, State.CANCELED, State.FAILED}),
    State.RUNNING: frozenset(
        {
            State.QUEUED,
            State.DONE,
            State.FAILED,
            State.RETRY,
            State.PAUSED,
            State.CANCELED,
        }
    ),
    State.RETRY: frozenset(
        {State.QUEUED, State.RUNNING, State.PAUSED, State.CANCELED, State.FAILED}
    ),
    State.PAUSED: frozenset({State.QUEUED, State.RUNNING, State.CANCELED, State.FAILED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.QUEUED, State.RUNNING}),
    State.CANCELED: frozenset({State.QUEUED, State.RUNNING}),
}
"""A stage that another process takes over goes back to `queued`; so does what a person resumes
or sends back. A job of several stages goes back to `running` where some of them are done."""


def advance(now: State, to: State) -> State:
    """Return `to` where it may follow `now`; else MoveError."""
    if to is not now and to not in MOVES[now]:
        raise MoveError(
            f"What is {now} cannot become {to}.",
            next_step="Look at its state; it may have changed meanwhile.",
        )
    return to


def whole_state(stages: Iterable[State]) -> State:
    """Return the state of a job whose stages are in these states; none of them failed."""
    states = set(stages)
    if states == {State.DONE}:
        return State.DONE
    for state in (State.RUNNING, State.RETRY, State.PAUSED, State.CANCELED):
        if state in states:
            return state
    return State.RUNNING if State.DONE in states else State.QUEUED
