"""Which state follows which stands in one table."""

from __future__ import annotations

import itertools

import pytest

from services.database.words import State
from services.jobs.errors import MoveError
from services.jobs.states import MOVES, advance, whole_state


def test_every_state_says_what_may_follow() -> None:
    """No state is left out of the table, and none follows itself by it."""
    assert set(MOVES) == set(State)
    assert all(state not in following for state, following in MOVES.items())


@pytest.mark.parametrize(("now", "to"), list(itertools.permutations(State, 2)))
def test_only_what_the_table_allows_happens(now: State, to: State) -> None:
    """Any other move is refused, whoever asks."""
    if to in MOVES[now]:
        assert advance(now, to) is to
        return
    with pytest.raises(MoveError):
        advance(now, to)


def test_what_is_done_stays_done() -> None:
    """Nothing follows a result."""
    assert MOVES[State.DONE] == frozenset()


@pytest.mark.parametrize(
    ("stages", "whole"),
    [
        ((State.QUEUED,), State.QUEUED),
        ((State.DONE, State.QUEUED), State.RUNNING),
        ((State.RUNNING, State.RETRY), State.RUNNING),
        ((State.DONE, State.RETRY), State.RETRY),
        ((State.DONE, State.PAUSED), State.PAUSED),
        ((State.DONE, State.DONE), State.DONE),
    ],
)
def test_a_job_stands_as_its_stages_do(stages: tuple[State, ...], whole: State) -> None:
    """A job's state follows from its stages', the busiest first."""
    assert whole_state(stages) is whole
