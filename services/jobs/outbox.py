"""Wake-ups of lanes that are committed and not yet sent, and lanes that would want one anyway.

A wake-up is a hint. It may be sent twice, and one that a broker lost is made up for by asking
`ready_lanes` now and then: the rows say what there is to do, not the messages.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from services.database.database import Database
from services.database.tables import jobs, outbox, stages
from services.jobs.turns import claimable


@dataclass(frozen=True, slots=True)
class Wake:
    """A lane that is to be looked at."""

    id: int
    lane: str


class Outbox:
    """The wake-ups in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, limit: int = 500) -> tuple[Wake, ...]:
        """Return wake-ups that are due and not done, in no order that means anything."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            found = connection.execute(
                select(outbox.c.id, outbox.c.lane)
                .where(outbox.c.done.is_(False), outbox.c.not_before <= now)
                .order_by(outbox.c.not_before)
                .limit(limit)
            )
            return tuple(Wake(row.id, row.lane) for row in found)

    def done(self, wakes: Collection[Wake]) -> None:
        """Take note that these were sent."""
        if not wakes:
            return
        with self._database.writing() as connection:
            ids = sorted(wake.id for wake in wakes)
            connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(done=True))

    def forget(self) -> int:
        """Delete wake-ups that were sent; return how many."""
        with self._database.writing() as connection:
            return connection.execute(delete(outbox).where(outbox.c.done.is_(True))).rowcount

    def ready_lanes(self) -> tuple[str, ...]:
        """Return the lanes in which a stage could be claimed now, whatever was sent before."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            found = connection.execute(
                select(stages.c.lane)
                .distinct()
                .join(jobs, jobs.c.id == stages.c.job)
                .where(claimable(now))
                .order_by(stages.c.lane)
            )
            return tuple(found.scalars())
