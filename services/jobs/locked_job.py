"""Jobs under the locks of their rows: the only place where events and entries get their numbers.

Every change of a job or of its stages holds this lock first, so two changes of one job follow
each other, on SQLite and on PostgreSQL alike. Whoever changes several jobs locks them in the
order of their ids, then their stages in the order of theirs, as whoever renews leases does; and
nobody waits for a job while holding a stage. What follows from a change (rows of jobs and stages,
attempts, events, entries, wake-ups) is gathered and written by `flush`, one statement for each
kind of change, however many jobs it is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    RowMapping,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from pipelines.evidence.entry import Actor
from pipelines.evidence.json_value import Json
from services.database.tables import attempts, job_events, jobs, outbox, pending_entries, stages
from services.database.words import State, Wanted
from services.jobs.errors import UnknownJobError
from services.jobs.states import advance, whole_state

StageRow = dict[str, Any]
"""A stage's columns by name, kept as the records have them while the job is locked."""

Values = dict[str, Any]

_Change = tuple[str, Values]
"""Which row, and the new values of its columns."""

_KEY = "of_"
"""What begins with this is a column's value as it must be, all else a column's new value."""


class LockedJob:
    """A job whose row is locked; `LockedJobs` makes it. Nothing is written before its `flush`.

    Events and entries are numbered on from what the row counts.
    """

    def __init__(
        self,
        connection: Connection,
        row: Mapping[str, Any] | RowMapping,
        stage_rows: list[StageRow],
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        self.connection = connection
        self.now = now
        self.row = row
        self.state = State(row["state"])
        self.wanted = Wanted(row["wanted"])
        self.changes: Values = {}
        self.stage_changes: dict[str, Values] = {}
        self.attempt_begins: list[Values] = []
        self.attempt_ends: list[_Change] = []
        self.events: list[Values] = []
        self.entries: list[Values] = []
        self.wakes: list[Values] = []
        self._actor = actor
        self._stages = stage_rows

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.row["id"])

    @property
    def counts(self) -> Values:
        """How many events and entries the job has with those that are gathered."""
        return {
            "event_count": self.row["event_count"] + len(self.events),
            "entry_count": self.row["entry_count"] + len(self.entries),
        }

    def event(self, kind: str, data: Mapping[str, Json] | None = None) -> None:
        """Add an event; it takes the next number of the job."""
        number = self.counts["event_count"] + 1
        self.events.append(
            {"job": self.id, "number": number, "kind": kind, "data": dict(data or {}),
             "at": self.now}
        )  # fmt: skip

    def entry(self, kind: str, body: Mapping[str, Json]) -> None:
        """Leave an entry of evidence for the sealer; it takes the next place in the job's log."""
        self.entries.append(
            {"job": self.id, "sequence": self.counts["entry_count"], "kind": kind, "at": self.now,
             "actor": self._actor.members(), "body": dict(body)}
        )  # fmt: skip

    def update(self, **values: Any) -> None:
        """Change columns of the job that are not its state."""
        self.changes |= values

    def want(self, wanted: Wanted) -> None:
        """Write down what people want of it from now on."""
        self.wanted = wanted
        self.update(wanted=wanted)

    def become(self, state: State, **data: Json) -> None:
        """Move the job to `state` and tell it as an event; nothing happens if it is there."""
        if state is self.state:
            return
        values: Values = {"finished_at": self.now if state.is_final else None}
        if self.row["started_at"] is None and state is State.RUNNING:
            values["started_at"] = self.now
        self.state = advance(self.state, state)
        self.update(state=state, **values)
        self.event(state.value, data)

    def stage(self, stage: str) -> StageRow:
        """Return one of its stages."""
        return next(row for row in self._stages if row["id"] == stage)

    def stages(self) -> list[StageRow]:
        """Return its stages as they stand now, in the order of their ids."""
        return self._stages

    def change_stage(self, stage: StageRow, **values: Any) -> None:
        """Change columns of a stage."""
        stage.update(values)
        self.stage_changes.setdefault(stage["id"], {}).update(values)

    def move_stage(self, stage: StageRow, state: State, **values: Any) -> None:
        """Move a stage to `state`; whoever is not running holds no lease."""
        advance(State(stage["state"]), state)
        if state is not State.RUNNING:
            values |= {"worker": None, "lease_until": None}
        values.setdefault("finished_at", self.now if state.is_final else None)
        self.change_stage(stage, state=state, **values)

    def begin_attempt(self, stage: str, attempt: int, **values: Any) -> None:
        """Write down that an attempt began."""
        self.attempt_begins.append({"stage": stage, "attempt": attempt, **values})

    def end_attempt(self, stage: str, attempt: int, **values: Any) -> None:
        """Write down how an attempt ended."""
        self.attempt_ends.append((stage, {f"{_KEY}attempt": attempt, **values}))

    def settle(self) -> None:
        """Give the job the state that follows from those of its stages."""
        self.become(whole_state(State(row["state"]) for row in self._stages))

    def wake(self, lane: str, *, at: datetime | None = None) -> None:
        """Have the lane looked at once this is committed, or at a later moment."""
        self.wakes.append({"lane": lane, "not_before": at or self.now, "created_at": self.now})

    def wake_ready(self) -> None:
        """Wake the lanes of all stages that could be claimed now."""
        ready = {
            str(row["lane"])
            for row in self._stages
            if State(row["state"]) is State.QUEUED and not row["waiting_on"]
        }
        for lane in sorted(ready):
            self.wake(lane)


class LockedJobs:
    """Those of `wanted` that there are, locked inside a writing transaction at the moment `now`.

    `actor` is who makes the entries.
    """

    def __init__(
        self, connection: Connection, wanted: Collection[str], *, now: datetime, actor: Actor
    ) -> None:
        self._connection = connection
        asked = {"ids": sorted(set(wanted))}
        rows = connection.execute(_locking_jobs(), asked).mappings().all()
        of_stages: dict[str, list[StageRow]] = {row["id"]: [] for row in rows}
        for row in connection.execute(_locking_stages(), asked).mappings():
            of_stages[row["job"]].append(dict(row))
        self._jobs = {
            row["id"]: LockedJob(connection, row, of_stages[row["id"]], now=now, actor=actor)
            for row in rows
        }

    def __getitem__(self, job: str) -> LockedJob:
        """Return one of them. UnknownJobError where there is none of that id."""
        found = self._jobs.get(job)
        if found is None:
            raise UnknownJobError(f"There is no job {job}.", next_step="Check the id.")
        return found

    def flush(self) -> None:
        """Write what was gathered; called once, before the transaction ends."""
        every, connection = self._jobs.values(), self._connection
        changed = [one for one in every if one.changes or one.events or one.entries]
        _change(connection, jobs, "id", [(one.id, one.changes | one.counts) for one in changed])
        _change(
            connection, stages, "id", [move for one in every for move in one.stage_changes.items()]
        )
        _change(connection, attempts, "stage", [end for one in every for end in one.attempt_ends])
        append(connection, *every)


def append(connection: Connection, *locked: LockedJob) -> None:
    """Write the attempts that began, the events, entries and wake-ups that jobs gathered."""
    for table, rows in (
        (attempts, [row for one in locked for row in one.attempt_begins]),
        (job_events, [row for one in locked for row in one.events]),
        (pending_entries, [row for one in locked for row in one.entries]),
        (outbox, [row for one in locked for row in one.wakes]),
    ):
        insert_rows(connection, table, rows)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert any number of rows, of the same columns, with one statement."""
    if rows:
        connection.execute(_inserting(table), rows)


def _change(connection: Connection, table: Table, key: str, rows: Iterable[_Change]) -> None:
    """Write new values; rows that become alike are one statement, which is the rule in a group."""
    alike: dict[tuple[tuple[str, Any], ...], list[str]] = {}
    for row, values in rows:
        alike.setdefault(tuple(sorted(values.items())), []).append(row)
    for columns, ids in alike.items():
        values = dict(columns)
        which = tuple(name for name in values if name.startswith(_KEY))
        connection.execute(_updating(table, key, which), values | {"ids": ids})


# Statements are put together once: that takes longer than most of them run.


@cache
def _locking_jobs() -> Select[Any]:
    return select(jobs).where(jobs.c.id.in_(_ids())).order_by(jobs.c.id).with_for_update()


@cache
def _locking_stages() -> Select[Any]:
    return select(stages).where(stages.c.job.in_(_ids())).order_by(stages.c.id).with_for_update()


def _ids() -> BindParameter[str]:
    return bindparam("ids", expanding=True)


@cache
def _updating(table: Table, key: str, which: tuple[str, ...]) -> Update:
    """Return what changes rows by their `key` and by `which`; the values say the columns."""
    changing = update(table).where(table.c[key].in_(_ids()))
    for name in which:
        changing = changing.where(table.c[name.removeprefix(_KEY)] == bindparam(name))
    return changing


@cache
def _inserting(table: Table) -> ReturningInsert[Any]:
    """Return what inserts any number of rows with one statement: that is how RETURNING is sent."""
    return insert(table).returning(literal_column("1"))
