"""One job under the lock of its row: the only place where events and entries get their numbers.

Every change of a job or of its stages holds this lock first, so two changes of one job follow
each other, on SQLite and on PostgreSQL alike, and nobody waits for a job while holding a stage.
What follows from a change (the job's row, events, entries, wake-ups) is gathered and written by
`flush`, one statement for each table.
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

StageRow = dict[str, Any]
"""A stage's columns by name, kept as the records have them while the job is locked."""


class LockedJob:
    """The job `job` inside a writing transaction at the moment `now`. UnknownJobError if none.

    `actor` is who makes the entries. Nothing is written about the job itself before `flush`.
    """

    def __init__(self, connection: Connection, job: str, *, now: datetime, actor: Actor) -> None:
        asked = select(jobs).where(jobs.c.id == job).with_for_update()
        row = connection.execute(asked).mappings().first()
        if row is None:
            raise UnknownJobError(f"There is no job {job}.", next_step="Check the id.")
        self.connection = connection
        self.now = now
        self.row: RowMapping = row
        self.state = State(row["state"])
        self.wanted = Wanted(row["wanted"])
        self._actor = actor
        self._stages: list[StageRow] | None = None
        self._values: dict[str, Any] = {}
        self._events: list[dict[str, Any]] = []
        self._entries: list[dict[str, Any]] = []
        self._wakes: list[dict[str, Any]] = []

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.row["id"])

    def event(self, kind: str, data: Mapping[str, Json] | None = None) -> None:
        """Add an event; it takes the next number of the job."""
        number = self.row["event_count"] + len(self._events) + 1
        self._events.append(
            {"job": self.id, "number": number, "kind": kind, "data": dict(data or {}),
             "at": self.now}
        )  # fmt: skip

    def entry(self, kind: str, body: Mapping[str, Json]) -> None:
        """Leave an entry of evidence for the sealer; it takes the next place in the job's log."""
        sequence = self.row["entry_count"] + len(self._entries)
        self._entries.append(
            {"job": self.id, "sequence": sequence, "kind": kind, "at": self.now,
             "actor": self._actor.members(), "body": dict(body)}
        )  # fmt: skip

    def update(self, **values: Any) -> None:
        """Change columns of the job that are not its state."""
        self._values |= values

    def flush(self) -> None:
        """Write what was gathered; called once, before the transaction ends."""
        counts = {
            "event_count": self.row["event_count"] + len(self._events),
            "entry_count": self.row["entry_count"] + len(self._entries),
        }
        if self._values or self._events or self._entries:
            changed = update(jobs).where(jobs.c.id == self.id)
            self.connection.execute(changed.values(**self._values, **counts))
        for table, rows in (
            (job_events, self._events),
            (pending_entries, self._entries),
            (outbox, self._wakes),
        ):
            if rows:
                self.connection.execute(insert(table), rows)

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

    def stage(self, stage: str) -> StageRow:
        """Return one of its stages."""
        return next(row for row in self.stages() if row["id"] == stage)

    def stages(self) -> list[StageRow]:
        """Return its stages as they stand now, in the order of their ids."""
        if self._stages is None:
            asked = select(stages).where(stages.c.job == self.id).order_by(stages.c.id)
            found = self.connection.execute(asked.with_for_update()).mappings()
            self._stages = [dict(row) for row in found]
        return self._stages

    def change_stage(self, stage: StageRow, **values: Any) -> None:
        """Change columns of a stage, here and in the records."""
        stage.update(values)
        self.connection.execute(update(stages).where(stages.c.id == stage["id"]).values(**values))

    def move_stage(self, stage: StageRow, state: State, **values: Any) -> None:
        """Move a stage to `state`; whoever is not running holds no lease."""
        advance(State(stage["state"]), state)
        if state is not State.RUNNING:
            values |= {"worker": None, "lease_until": None}
        values.setdefault("finished_at", self.now if state.is_final else None)
        self.change_stage(stage, state=state, **values)

    def settle(self) -> None:
        """Give the job the state that follows from those of its stages."""
        self.become(whole_state(State(row["state"]) for row in self.stages()))

    def wake(self, lane: str, *, at: datetime | None = None) -> None:
        """Have the lane looked at once this is committed, or at a later moment."""
        self._wakes.append({"lane": lane, "not_before": at or self.now, "created_at": self.now})

    def wake_ready(self) -> None:
        """Wake the lanes of all stages that could be claimed now."""
        ready = {
            str(row["lane"])
            for row in self.stages()
            if State(row["state"]) is State.QUEUED and not row["waiting_on"]
        }
        for lane in sorted(ready):
            self.wake(lane)
