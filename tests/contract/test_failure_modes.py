"""Ways in which queues are known to fail, each against the design that would fall for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert

from services.database.database import Database
from services.database.tables import outbox
from services.jobs.outbox import Outbox

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def database(migrated_postgres: str) -> Iterator[Database]:
    """Records whose writers do not wait for each other."""
    opened = Database(migrated_postgres)
    with opened.writing() as connection:
        connection.execute(outbox.delete())
    yield opened
    opened.close()


def written(connection: Connection, lane: str) -> None:
    """Leave a wake-up that is due."""
    connection.execute(insert(outbox).values(lane=lane, not_before=NOW, created_at=NOW))


def test_a_row_that_commits_late_is_not_skipped(database: Database) -> None:
    """A lower id that becomes visible after a higher one was handled is found all the same.

    Whoever remembers the highest id that it saw, and asks for what is above, never sees it.
    """
    waiting, seen = Outbox(database), []
    with ExitStack() as late:
        slow = late.enter_context(database.writing())
        written(slow, "first")
        with database.writing() as quick:
            written(quick, "second")
        due = waiting.due()
        seen += [one.lane for one in due]
        waiting.done(due)
    seen += [one.lane for one in waiting.due()]
    assert seen == ["second", "first"]
