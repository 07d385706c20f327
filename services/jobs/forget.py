"""Forgets the rows of probes that ended well: thousands of them would say nothing more.

What the evidence log holds of them stays. Only jobs of the project `probe` are ever forgotten,
only those that are done, and only when all their entries have been carried into the log; a probe
that failed stays for whoever looks into it.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, exists, select

from services.auth.scopes import PROBE_PROJECT
from services.database.database import Database
from services.database.tables import artifact_references, jobs, pending_entries
from services.database.words import State

MOST_AT_ONCE = 200


class Forgetting:
    """Forgets in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def probes(self, *, older_than: timedelta) -> int:
        """Delete rows of probes that ended well before; return of how many."""
        with self._database.writing() as connection:
            before = self._database.now(connection) - older_than
            waits = exists().where(
                pending_entries.c.job == jobs.c.id, pending_entries.c.done.is_(False)
            )
            held = exists().where(artifact_references.c.holder == jobs.c.id)
            found = connection.execute(
                select(jobs.c.id)
                .where(
                    jobs.c.project == PROBE_PROJECT,
                    jobs.c.state == State.DONE,
                    jobs.c.finished_at < before,
                    ~waits,
                    ~held,
                )
                .order_by(jobs.c.created_at)
                .limit(MOST_AT_ONCE)
            )
            old = [str(job) for (job,) in found]
            connection.execute(delete(pending_entries).where(pending_entries.c.job.in_(old)))
            connection.execute(delete(jobs).where(jobs.c.id.in_(old)))
        return len(old)
