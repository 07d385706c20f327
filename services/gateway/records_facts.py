"""What scrapes and readiness checks ask the records: lanes, waiting entries, an answer at all."""

from __future__ import annotations

from sqlalchemy import func, select

from services.database.database import Database
from services.database.tables import pending_entries
from services.jobs.controls import Controls
from services.telemetry.metrics import LaneFacts


class RecordsFacts:
    """Asks `database`; each call is one short transaction. Raises ResourceError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._controls = Controls(database)

    def answer(self) -> None:
        """Return where the records answer."""
        with self._database.reading() as connection:
            self._database.now(connection)
            connection.execute(select(1)).scalar_one()

    def lanes(self) -> tuple[LaneFacts, ...]:
        """Return how every lane stands that has work."""
        return tuple(
            LaneFacts(one.name, one.ready, one.running, one.oldest_at)
            for one in self._controls.lanes()
        )

    def unsealed(self) -> int:
        """Return how many entries wait to be carried into the log."""
        waiting = select(func.count()).where(pending_entries.c.done.is_(False))
        with self._database.reading() as connection:
            return int(connection.execute(waiting).scalar_one())
