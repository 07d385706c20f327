"""How whose turn it is is found out: by what waits, whatever was done before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, func, select

from services.database.database import Database
from services.database.tables import stages
from services.jobs.open_stages import is_open
from tests.contract.jobs_kit import LANE, Desk, desk


@pytest.fixture
def opened(url: str) -> Iterator[Desk]:
    """A desk over a database of each kind in turn."""
    with desk(url) as one:
        yield one


def plan(database: Database, asked: tuple[str, Any]) -> str:
    """How the database would answer a question if it had long tables."""
    words, values = asked
    with database.writing() as connection:
        if database.is_postgresql:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explained = connection.exec_driver_sql(f"EXPLAIN {words}", values)
        else:
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)
        return "\n".join(str(row[-1]) for row in explained)


def test_stages_that_are_over_are_not_looked_at(opened: Desk) -> None:
    """Whose turn it is, and what runs, are asked of an index that holds open stages alone."""
    opened.project("bounded", running=2)
    opened.submit(project="bounded")
    asked: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, words: str, values: Any, *_: Any) -> None:
        asked.append((words, values))

    event.listen(opened.database._engine, "before_cursor_execute", hear)
    assert opened.jobs.claim([LANE], "w") is not None
    opened.jobs.sweep()
    event.remove(opened.database._engine, "before_cursor_execute", hear)
    questions = [one for one in asked if "row_number" in one[0] or "lease_until <" in one[0]]
    assert len(questions) == 2
    for one in questions:
        assert "ix_stages_open" in plan(opened.database, one)


def test_what_is_open_runs_or_may_run_by_itself(opened: Desk) -> None:
    """A stage is open until its end or until a person stops it, and again once it is sent back."""
    job = opened.submit()

    def held() -> int:
        with opened.database.reading() as connection:
            asked = select(func.count()).select_from(stages).where(is_open(stages))
            return int(connection.execute(asked).scalar_one())

    assert held() == 1
    opened.jobs.pause(job, by="somebody")
    assert held() == 0
    opened.jobs.resume(job, by="somebody")
    mine = opened.claim()
    assert held() == 1
    opened.jobs.complete(mine, [])
    assert held() == 0
