"""Sessions that were ended before their time, for every gateway of these records.

Kept is a digest of the session's token and when the session would have ended anyway: after that
its cookie is worth nothing, and the row goes with the next session that is ended.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import delete, select

from services.database.columns import inserting
from services.database.database import Database
from services.database.tables import ended_sessions


class RecordedEnds:
    """The ends of sessions in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def end(self, token: str, *, until: float) -> None:
        """Let the session of `token` stand for nobody; `until` is seconds since 1970."""
        row = {"token_sha256": _name(token), "until": datetime.fromtimestamp(until, UTC)}
        with self._database.writing() as connection:
            now = self._database.now(connection)
            connection.execute(delete(ended_sessions).where(ended_sessions.c.until < now))
            connection.execute(
                inserting(connection, ended_sessions).values(row).on_conflict_do_nothing()
            )

    def has(self, token: str) -> bool:
        """Whether the session of `token` was ended."""
        asked = select(ended_sessions.c.token_sha256).where(
            ended_sessions.c.token_sha256 == _name(token)
        )
        with self._database.reading() as connection:
            return connection.execute(asked).first() is not None


def _name(token: str) -> str:
    return sha256(token.encode()).hexdigest()
