"""Carries entries from the records into the log: none is lost, none is there twice.

An entry is committed with the fact that it speaks of, in the records; the log is another
database. So the entry's place (its job and its sequence in it) is fixed in the records, the log
takes each place once, and only then is the row said to be done. A death between the two has the
next round offer the same entries again, and the log passes them over. Bodies leave the records
with that: from then on they are the log's, to be kept or erased.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select, update

from pipelines.evidence.entry import CLOCK_SYSTEM, Actor, Entry, instant
from services.database.database import Database
from services.database.tables import pending_entries
from services.provenance.local_log import LocalLog

AT_ONCE = 500


class PendingEntries:
    """The entries in `database` that `log` does not hold yet. Safe for threads and processes."""

    def __init__(self, database: Database, log: LocalLog) -> None:
        self._database = database
        self._log = log

    def drain(self, job: str | None = None) -> int:
        """Carry over what waits, of one job or of all; return how many entries were new.

        Raises EvidenceError where the log holds another entry in the place of one.
        """
        new = 0
        while rows := self._waiting(job):
            new += self._log.take_over(_entry(row) for row in rows)
            self._done(rows)
        return new

    def count(self) -> tuple[int, datetime | None]:
        """Return how many entries wait, and since when the oldest does."""
        with self._database.reading() as connection:
            asked = select(func.count(), func.min(pending_entries.c.at))
            row = connection.execute(asked.where(pending_entries.c.done.is_(False))).one()
        return row[0], row[1]

    def _waiting(self, job: str | None) -> list[RowMapping]:
        asked = select(pending_entries).where(pending_entries.c.done.is_(False))
        if job is not None:
            asked = asked.where(pending_entries.c.job == job)
        ordered = asked.order_by(pending_entries.c.job, pending_entries.c.sequence).limit(AT_ONCE)
        with self._database.reading() as connection:
            return list(connection.execute(ordered).mappings())

    def _done(self, rows: list[RowMapping]) -> None:
        with self._database.writing() as connection:
            for row in rows:
                connection.execute(
                    update(pending_entries)
                    .where(
                        pending_entries.c.job == row["job"],
                        pending_entries.c.sequence == row["sequence"],
                    )
                    .values(done=True, body={}, actor={})
                )


def _entry(row: RowMapping) -> Entry:
    actor: dict[str, Any] = row["actor"]
    return Entry(
        job=row["job"],
        sequence=row["sequence"],
        kind=row["kind"],
        at=instant(row["at"]),
        clock=CLOCK_SYSTEM,
        actor=Actor(**actor),
        body=row["body"],
    )
