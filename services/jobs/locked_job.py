"""One job under the lock of its row: the only place where events and entries get their numbers.

Every change of a job or of its stages holds this lock first, so two changes of one job follow
each other, on SQLite and on PostgreSQL alike, and nobody waits for a job while holding a stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipelines.evidence.entry import Actor
from pipelines.evidence.json_value import Json
from services.database.tables import job_events, jobs, outbox, pending_entries, stages
from services.database.words import State, Wanted
from services.jobs.errors import UnknownJobError
from services.jobs.states import advance, whole_state


class LockedJob:
    """The job `job` inside a writing transaction at the moment `now`. UnknownJobError if none.

    `actor` is who makes the entries.
    """

    def __init__(self, connection: Connection, job: str, *, now: datetime, actor: Actor) -> None:
        row = connection.execute(
            select(jobs).where(jobs.c.id == job).with_for_update()
        ).mappings().first()  # fmt: skip
        if row is None:
            raise UnknownJobError(f"There is no job {job}.", next_step="Check the id.")
        self.connection = connection
        self.now = now
        self.row: RowMapping = row
        self.state = State(row["state"])
        self.wanted = Wanted(row["wanted"])
        self._actor = actor

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.row["id"])

    def event(self, kind: str, data: Mapping[str, Json] | None = None) -> int:
        """Add an event and return its number."""
        number = self._counted(jobs.c.event_count)
        self.connection.execute(
            insert(job_events).values(
                job=self.id, number=number, kind=kind, data=dict(data or {}), at=self.now
            )
        )
        return number

    def entry(self, kind: str, body: Mapping[str, Json]) -> None:
        """Leave an entry of evidence for the sealer; it takes the next place in the job's log."""
        sequence = self._counted(jobs.c.entry_count) - 1
        self.connection.execute(
            insert(pending_entries).values(
                job=self.id, sequence=sequence, kind=kind, at=self.now,
                actor=self._actor.members(), body=dict(body),
            )
        )  # fmt: skip

    def update(self, **values: Any) -> None:
        """Change columns of the job that are not its state."""
        self.connection.execute(update(jobs).where(jobs.c.id == self.id).values(**values))

    def want(self, wanted: Wanted) -> None:
        """Write down what people want of it from now on."""
        self.wanted = wanted
        self.update(wanted=wanted)

    def become(self, state: State, **data: Json) -> None:
        """Move the job to `state` and tell it as an event; nothing happens if it is there."""
        if state is self.state:
            return
        values: dict[str, Any] = {"finished_at": self.now if state.is_final else None}
        if self.row["started_at"] is None and state is State.RUNNING:
            values["started_at"] = self.now
        self.state = advance(self.state, state)
        self.update(state=state, **values)
        self.event(state.value, data)

    def stage(self, stage: str) -> RowMapping:
        """Return the row of one of its stages."""
        asked = select(stages).where(stages.c.id == stage, stages.c.job == self.id)
        return self.connection.execute(asked.with_for_update()).mappings().one()

    def stages(self) -> list[RowMapping]:
        """Return the rows of its stages, in the order of their ids."""
        asked = select(stages).where(stages.c.job == self.id).order_by(stages.c.id)
        return list(self.connection.execute(asked.with_for_update()).mappings())

    def move_stage(self, stage: RowMapping, state: State, **values: Any) -> None:
        """Move a stage to `state`; whoever is not running holds no lease."""
        advance(State(stage["state"]), state)
        if state is not State.RUNNING:
            values |= {"worker": None, "lease_until": None}
        values.setdefault("finished_at", self.now if state.is_final else None)
        self.connection.execute(
            update(stages).where(stages.c.id == stage["id"]).values(state=state, **values)
        )

    def settle(self) -> None:
        """Give the job the state that follows from those of its stages."""
        self.become(whole_state(State(row["state"]) for row in self.stages()))

    def wake(self, lane: str, *, at: datetime | None = None) -> None:
        """Have the lane looked at once this is committed, or at a later moment."""
        self.connection.execute(
            insert(outbox).values(lane=lane, not_before=at or self.now, created_at=self.now)
        )

    def wake_ready(self) -> None:
        """Wake the lanes of all stages that could be claimed now."""
        ready = {
            str(row["lane"])
            for row in self.stages()
            if State(row["state"]) is State.QUEUED and not row["waiting_on"]
        }
        for lane in sorted(ready):
            self.wake(lane)

    def _counted(self, column: Any) -> int:
        counted = update(jobs).where(jobs.c.id == self.id).values({column.name: column + 1})
        return int(self.connection.execute(counted.returning(column)).scalar_one())
