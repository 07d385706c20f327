"""Conditions on stages that are not over, in words that a database matches with its index of them.

The words of the states stand in the statement itself: whoever plans it before it knows its values
must see that the index over open stages holds all that is asked for.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, literal_column

from services.database.words import State

_OPEN = (State.QUEUED, State.RUNNING, State.RETRY)


def is_open(stages: FromClause) -> ColumnElement[bool]:
    """Whether a stage of `stages` (the table or an alias) runs, or may run by itself."""
    return _in(stages, *_OPEN)


def is_running(stages: FromClause) -> ColumnElement[bool]:
    """Whether somebody holds its lease."""
    return and_(is_open(stages), _in(stages, State.RUNNING))


def is_waiting(stages: FromClause) -> ColumnElement[bool]:
    """Whether it waits for its turn, or to be tried again."""
    return and_(is_open(stages), _in(stages, State.QUEUED, State.RETRY))


def _in(stages: FromClause, *states: State) -> ColumnElement[bool]:
    return stages.c.state.in_([literal_column(f"'{state.value}'") for state in states])
