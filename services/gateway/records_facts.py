"""What scrapes and readiness checks ask the records: lanes, jobs, errors, entries, probes."""

from __future__ import annotations

from sqlalchemy import exists, func, select

from services.auth.scopes import PROBE_PROJECT
from services.database.database import Database
from services.database.tables import (
    artifact_references,
    dead_letters,
    error_classes,
    jobs,
    pending_entries,
)
from services.database.words import State
from services.jobs.controls import Controls
from services.jobs.failures import LOST
from services.jobs.values import LANES
from services.telemetry.records_metrics import ErrorFacts, LaneFacts, ProbeFacts, WaitingFacts

_UNFINISHED = (State.QUEUED, State.RUNNING, State.RETRY, State.PAUSED)


class RecordsFacts:
    """A `RecordsSource` over `database`; each call is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._controls = Controls(database)

    def answer(self) -> None:
        """Return where the records answer."""
        with self._database.reading() as connection:
            self._database.now(connection)
            connection.execute(select(1)).scalar_one()

    def lanes(self) -> tuple[LaneFacts, ...]:
        """Return how every lane stands, an idle one too: its depth is known, and is 0."""
        found = {name: LaneFacts(name, 0, 0, None, is_paused=False) for name in LANES}
        for one in self._controls.lanes():
            found[one.name] = LaneFacts(
                one.name, one.ready, one.running, one.oldest_at, is_paused=one.paused_by is not None
            )
        return tuple(found[name] for name in sorted(found))

    def unfinished(self) -> dict[str, int]:
        """Return how many jobs that are not over are in each state, none being 0."""
        asked = select(jobs.c.state, func.count()).where(jobs.c.state.in_(_UNFINISHED))
        with self._database.reading() as connection:
            found = {row[0]: row[1] for row in connection.execute(asked.group_by(jobs.c.state))}
        return {state.value: found.get(state.value, 0) for state in _UNFINISHED}

    def late(self) -> int:
        """Return how many jobs that are not over were said to be late."""
        with self._database.reading() as connection:
            asked = select(func.count()).where(
                jobs.c.state.in_(_UNFINISHED), jobs.c.late_at.is_not(None)
            )
            return int(connection.execute(asked).scalar_one())

    def errors(self) -> tuple[ErrorFacts, ...]:
        """Return how often errors of each class came up, and how often they ended a stage."""
        with self._database.reading() as connection:
            letters = select(dead_letters.c.error_class, func.count())
            found = connection.execute(letters.group_by(dead_letters.c.error_class))
            given_up = {row[0]: row[1] for row in found}
            counted = connection.execute(
                select(error_classes.c.name, error_classes.c.count).order_by(error_classes.c.name)
            ).all()
        return tuple(ErrorFacts(row.name, row[1], given_up.get(row.name, 0)) for row in counted)

    def lost_leases(self) -> int:
        """Return how often a lease ran out."""
        asked = select(error_classes.c.count).where(error_classes.c.name == LOST.name)
        with self._database.reading() as connection:
            return int(connection.execute(asked).scalar_one_or_none() or 0)

    def dead_letters(self) -> int:
        """Return how many stages were given up and not sent back."""
        asked = select(func.count()).where(dead_letters.c.returned_at.is_(None))
        with self._database.reading() as connection:
            return int(connection.execute(asked).scalar_one())

    def unsealed(self) -> WaitingFacts:
        """Return how many entries wait to be carried into the log, and since when."""
        asked = select(func.count(), func.min(pending_entries.c.at))
        with self._database.reading() as connection:
            row = connection.execute(asked.where(pending_entries.c.done.is_(False))).one()
        return WaitingFacts(int(row[0]), row[1])

    def probe(self) -> ProbeFacts | None:
        """Return the last probe of the work path that ended well; None where there was none.

        A probe gives its files up when it has checked them: a job that still holds some was not.
        """
        held = exists().where(artifact_references.c.holder == jobs.c.id)
        asked = (
            select(jobs.c.created_at, jobs.c.finished_at)
            .where(jobs.c.project == PROBE_PROJECT, jobs.c.state == State.DONE, ~held)
            .order_by(jobs.c.created_at.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(asked).first()
        if row is None:
            return None
        took = (row.finished_at - row.created_at).total_seconds()
        return ProbeFacts(row.finished_at, max(0.0, took))
