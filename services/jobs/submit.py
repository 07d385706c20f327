"""Takes requests in: a transaction writes job, stages, entry, event and outbox of each, or nothing.

The answer goes out after the commit, so a job that somebody knows of exists. Requests that come
together share the transaction and its statements; each is accepted or refused by itself, and a
place that one of them took is not free for the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Update,
    bindparam,
    exists,
    func,
    select,
    tuple_,
    update,
)

from pipelines.evidence.entry import Actor
from pipelines.evidence.json_value import Json
from services.database.tables import (
    artifact_references,
    artifacts,
    jobs,
    projects,
    stage_networks,
    stages,
)
from services.database.words import State, Wanted
from services.jobs import read
from services.jobs.errors import KeyConflictError, LimitError, UnknownArtifactError
from services.jobs.in_groups import Answer
from services.jobs.locked_job import LockedJob, StageRow, append, insert_rows
from services.jobs.open_stages import is_open
from services.jobs.values import JobId, NewStage, Submission, Submitted

_UNFINISHED = (State.QUEUED, State.RUNNING, State.RETRY)

_Pair = tuple[str, str]
"""A project, and a key or an artifact of it."""


def submit(
    connection: Connection, group: Sequence[Submission], *, now: datetime, actor: Actor
) -> Sequence[Answer[Submitted]]:
    """Write a new job for each request, unless it made one before; return the answers in order.

    One raises UnknownArtifactError, KeyConflictError or LimitError. IntegrityError, for a key that
    somebody else takes at this moment, is raised here and is everybody's.
    """
    intake = _Intake(connection, group, now=now, actor=actor)
    answers = [intake.take(asked) for asked in group]
    intake.write()
    return answers


def known_job(connection: Connection, asked: Submission) -> JobId | None:
    """Return the job that this request made before, if it did. Raises KeyConflictError."""
    known = _known(connection, [asked]).get((asked.project, asked.idempotency_key or ""))
    return None if known is None else known.job_of(asked)


@dataclass(frozen=True, slots=True)
class _Known:
    """The job that has an idempotency key, and the digest of what was asked for under it."""

    job: JobId
    request_sha256: str

    def job_of(self, asked: Submission) -> JobId:
        """Return the job of the same request. Raises KeyConflictError for another."""
        if self.request_sha256 != asked.request_sha256:
            raise KeyConflictError(
                "The idempotency key was used for another request.",
                next_step="Use a new key for a new request; repeat the old request unchanged.",
            )
        return self.job


@dataclass(frozen=True, slots=True)
class _New:
    """A job that nobody else can see yet, so it is as good as locked."""

    asked: Submission
    locked: LockedJob

    @property
    def row(self) -> Mapping[str, Any]:
        """The job's row, with how many events and entries it has."""
        return {**self.locked.row, **self.locked.counts}


class _Intake:
    """What becomes of a group of requests: looked up at once, taken one by one, written at once."""

    def __init__(
        self, connection: Connection, group: Sequence[Submission], *, now: datetime, actor: Actor
    ) -> None:
        self._connection = connection
        self._now = now
        self._actor = actor
        self._known = _known(connection, group)
        self._held = _held(connection, group)
        self._room = _room(connection, {asked.project for asked in group})
        self._new: dict[JobId, _New] = {}

    def take(self, asked: Submission) -> Answer[Submitted]:
        """Take a request; return its answer, or what refuses it."""
        try:
            submitted = self._submitted(asked)
        except (UnknownArtifactError, KeyConflictError, LimitError) as error:
            refused = error

            def refuse() -> Submitted:
                raise refused

            return refuse
        return lambda: submitted

    def write(self) -> None:
        """Write all new jobs; called once."""
        connection, new = self._connection, self._new.values()
        for project in sorted({one.asked.project for one in new}):
            # Let one that had nothing to do be served next, once; it saves no turns up.
            connection.execute(_catching_up(), {"of_project": project})
        insert_rows(connection, jobs, [one.row for one in new])
        insert_rows(connection, artifact_references, [row for one in new for row in _holds(one)])
        insert_rows(connection, stages, [row for one in new for row in one.locked.stages()])
        insert_rows(connection, stage_networks, [row for one in new for row in _networks(one)])
        append(connection, *(one.locked for one in new))

    def _submitted(self, asked: Submission) -> Submitted:
        key = (asked.project, asked.idempotency_key or "")
        if asked.idempotency_key is not None and key in self._known:
            known = self._known[key].job_of(asked)
            if known in self._new:
                one = self._new[known]
                return Submitted(read.view(one.row, one.locked.stages()), is_new=False)
            return Submitted(read.job_view(self._connection, known, None), is_new=False)
        for name in asked.inputs:
            if (asked.project, name) not in self._held:
                raise UnknownArtifactError(
                    f"The project holds no artifact {name}.", next_step="Upload the file first."
                )
        self._require_room(asked.project)
        one = self._made(asked)
        job = JobId(one.locked.id)
        self._new[job] = one
        if asked.idempotency_key is not None:
            self._known[key] = _Known(job, asked.request_sha256)
        return Submitted(read.view(one.row, one.locked.stages()), is_new=True)

    def _require_room(self, project: str) -> None:
        waiting, limit = self._room.get(project, (0, None))
        if limit is None:
            return
        if waiting >= limit:
            raise LimitError(
                f"The project has {waiting} jobs that are not finished, and may have {limit}.",
                next_step="Send it again when some of them are finished.",
            )
        self._room[project] = (waiting + 1, limit)

    def _made(self, asked: Submission) -> _New:
        job, now = JobId(str(uuid.uuid4())), self._now
        rows = [_stage_row(job, asked, one, now) for one in asked.stages]
        row = _job_row(job, asked, now)
        locked = LockedJob(self._connection, row, rows, now=now, actor=self._actor)
        locked.event("accepted", {"principal": asked.principal, "request_id": asked.request_id})
        held = {name: self._held[asked.project, name] for name in asked.inputs}
        locked.entry("accepted", _body(asked, held))
        locked.wake_ready()
        return _New(asked, locked)


def _known(connection: Connection, group: Collection[Submission]) -> dict[_Pair, _Known]:
    """Return the jobs that were made under the keys of these requests."""
    keys = sorted(
        {(one.project, one.idempotency_key) for one in group if one.idempotency_key is not None}
    )
    if not keys:
        return {}
    return {
        (row.project, row.idempotency_key): _Known(JobId(row.id), row.request_sha256)
        for row in connection.execute(_under_keys(), {"pairs": keys})
    }


@cache
def _under_keys() -> Select[Any]:
    return select(jobs.c.id, jobs.c.project, jobs.c.idempotency_key, jobs.c.request_sha256).where(
        tuple_(jobs.c.project, jobs.c.idempotency_key).in_(bindparam("pairs", expanding=True))
    )


def _held(connection: Connection, group: Collection[Submission]) -> dict[_Pair, int]:
    """Return those of the inputs that the projects hold, with their sizes."""
    inputs: dict[str, set[str]] = {}
    for one in group:
        inputs.setdefault(one.project, set()).update(one.inputs)
    return {
        (project, row.digest): row.bytes
        for project, digests in inputs.items()
        if digests
        for row in connection.execute(_holding(), {"of": project, "digests": sorted(digests)})
    }


@cache
def _holding() -> Select[Any]:
    digests: BindParameter[str] = bindparam("digests", expanding=True)
    return select(artifacts.c.digest, artifacts.c.bytes).where(
        artifacts.c.digest.in_(digests),
        # Many jobs may hold it; that one does is enough.
        exists().where(
            artifact_references.c.project == bindparam("of"),
            artifact_references.c.artifact == artifacts.c.digest,
        ),
    )


def _room(connection: Connection, wanted: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return how many unfinished jobs projects have and may have, where they have a limit."""
    rows = connection.execute(_limits(), {"ids": sorted(wanted)})
    limits = {row.id: row.queued_limit for row in rows}
    if not limits:
        return {}
    # The rows are locked, so that two requests do not both find the last place free; all of them,
    # since who changes several projects does so in the order of their ids.
    connection.execute(
        select(projects.c.id)
        .where(projects.c.id.in_(sorted(wanted)))
        .order_by(projects.c.id)
        .with_for_update()
    )
    counted = connection.execute(
        select(jobs.c.project, func.count())
        .where(jobs.c.project.in_(sorted(limits)), jobs.c.state.in_(_UNFINISHED))
        .group_by(jobs.c.project)
    )
    waiting = {row[0]: row[1] for row in counted}
    return {project: (waiting.get(project, 0), limit) for project, limit in limits.items()}


@cache
def _limits() -> Select[Any]:
    ids: BindParameter[str] = bindparam("ids", expanding=True)
    return select(projects.c.id, projects.c.queued_limit).where(
        projects.c.id.in_(ids), projects.c.queued_limit.is_not(None)
    )


@cache
def _catching_up() -> Update:
    mine, theirs, others = stages.alias(), stages.alias(), projects.alias()
    is_busy = exists().where(theirs.c.project == others.c.id, is_open(theirs))
    least = select(func.min(others.c.virtual_time)).where(is_busy).scalar_subquery()
    return (
        update(projects)
        .where(
            projects.c.id == bindparam("of_project"),
            ~exists().where(mine.c.project == bindparam("of_project"), is_open(mine)),
            projects.c.virtual_time < least - 1,
        )
        .values(virtual_time=least - 1)
    )


def _holds(new: _New) -> Iterable[dict[str, Any]]:
    """The rows by which a job holds its inputs."""
    row = {"project": new.asked.project, "holder": new.locked.id, "created_at": new.locked.now}
    return [row | {"artifact": name} for name in dict.fromkeys(new.asked.inputs)]


def _networks(new: _New) -> Iterable[dict[str, Any]]:
    """The rows that say which networks its stages run."""
    return [
        {"stage": row["id"], "network": network}
        for row, stage in zip(new.locked.stages(), new.asked.stages, strict=True)
        for network in dict.fromkeys(stage.networks)
    ]


def _job_row(job: JobId, asked: Submission, now: datetime) -> dict[str, object]:
    return {
        "id": job,
        "project": asked.project,
        "priority": int(asked.priority),
        "pipeline": asked.pipeline,
        "preset": asked.preset,
        "graph": dict(asked.graph),
        "graph_sha256": asked.graph_sha256,
        "request_sha256": asked.request_sha256,
        "idempotency_key": asked.idempotency_key,
        "principal": asked.principal,
        "request_id": asked.request_id,
        "details": dict(asked.details),
        "case_name": asked.case,
        "item": asked.item,
        "deadline_at": asked.deadline_at,
        "created_at": now,
        "started_at": None,
        "finished_at": None,
        "late_at": None,
        "error_class": None,
        "state": State.QUEUED,
        "wanted": Wanted.RUN,
        "event_count": 0,
        "entry_count": 0,
    }


def _stage_row(job: JobId, asked: Submission, stage: NewStage, now: datetime) -> StageRow:
    return {
        "id": str(uuid.uuid4()),
        "job": job,
        "project": asked.project,
        "name": stage.name,
        "lane": stage.lane,
        "state": State.QUEUED,
        "priority": int(asked.priority),
        "needs": list(stage.needs),
        "waiting_on": len(stage.needs),
        "attempt": 0,
        "step": "",
        "progress_done": 0,
        "progress_total": 0,
        "not_before": now,
        "created_at": now,
    }


def _body(asked: Submission, held: Mapping[str, int]) -> dict[str, Json]:
    """Who asked for what, over which bytes."""
    return {
        "project": asked.project,
        "principal": asked.principal,
        "request": asked.request_id,
        "graph_sha256": asked.graph_sha256,
        "preset": asked.preset,
        "inputs": [
            {"role": "received", "sha256": name.removeprefix("sha256:"), "bytes": held[name]}
            for name in asked.inputs
        ],
        **({} if asked.case is None else {"case": asked.case}),
        **({} if asked.item is None else {"item": asked.item}),
    }
