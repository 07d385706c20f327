"""Takes a request in: one transaction writes job, stages, entry, event and outbox, or nothing.

The answer goes out after the commit, so a job that somebody knows of exists.
"""

from __future__ import annotations

import uuid
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
    insert,
    select,
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
from services.jobs.errors import KeyConflictError, LimitError, UnknownArtifactError
from services.jobs.locked_job import LockedJob, StageRow, append
from services.jobs.open_stages import is_open
from services.jobs.values import JobId, NewStage, Submission

_NEW_JOB, _NEW_STAGE = insert(jobs), insert(stages)
_NEW_REFERENCE, _NEW_NETWORK = insert(artifact_references), insert(stage_networks)

_UNFINISHED = (State.QUEUED, State.RUNNING, State.RETRY)


def known_job(connection: Connection, asked: Submission) -> JobId | None:
    """Return the job that this request made before, if it did. Raises KeyConflictError."""
    if asked.idempotency_key is None:
        return None
    found = connection.execute(
        select(jobs.c.id, jobs.c.request_sha256).where(
            jobs.c.project == asked.project, jobs.c.idempotency_key == asked.idempotency_key
        )
    ).first()
    if found is None:
        return None
    if found.request_sha256 != asked.request_sha256:
        raise KeyConflictError(
            "The idempotency key was used for another request.",
            next_step="Use a new key for a new request; repeat the old request unchanged.",
        )
    return JobId(found.id)


def submit(connection: Connection, asked: Submission, *, now: datetime, actor: Actor) -> JobId:
    """Write a new job. Raises UnknownArtifactError, LimitError, IntegrityError for a taken key."""
    held = _held(connection, asked)
    for name in asked.inputs:
        if name not in held:
            raise UnknownArtifactError(
                f"The project holds no artifact {name}.", next_step="Upload the file first."
            )
    _require_room(connection, asked)
    job = JobId(str(uuid.uuid4()))
    _catch_up(connection, asked.project)
    row, rows = (
        _job_row(job, asked, now),
        [_stage_row(job, asked, one, now) for one in asked.stages],
    )
    # Nobody else can see it yet, so it is as good as locked.
    locked = LockedJob(connection, row, rows, now=now, actor=actor)
    locked.event("accepted", {"principal": asked.principal, "request_id": asked.request_id})
    locked.entry("accepted", _body(asked, held))
    locked.wake_ready()
    connection.execute(_NEW_JOB, row | locked.counts)
    for name in dict.fromkeys(asked.inputs):
        reference = {"project": asked.project, "artifact": name, "holder": job, "created_at": now}
        connection.execute(_NEW_REFERENCE, reference)
    connection.execute(_NEW_STAGE, rows)
    networks = [
        {"stage": written["id"], "network": network}
        for written, stage in zip(rows, asked.stages, strict=True)
        for network in dict.fromkeys(stage.networks)
    ]
    if networks:
        connection.execute(_NEW_NETWORK, networks)
    append(connection, locked)
    return job


def _held(connection: Connection, asked: Submission) -> dict[str, int]:
    """Return those of the inputs that the project holds, with their sizes."""
    if not asked.inputs:
        return {}
    found = connection.execute(_holding(), {"project": asked.project, "digests": asked.inputs})
    return {str(row.digest): int(row.bytes) for row in found}


@cache
def _holding() -> Select[Any]:
    held = artifact_references
    digests: BindParameter[str] = bindparam("digests", expanding=True)
    return (
        select(artifacts.c.digest, artifacts.c.bytes)
        .distinct()
        .join(held, held.c.artifact == artifacts.c.digest)
        .where(held.c.project == bindparam("project"), artifacts.c.digest.in_(digests))
    )


def _require_room(connection: Connection, asked: Submission) -> None:
    limit = connection.execute(_limit(), {"project": asked.project}).scalar_one_or_none()
    if limit is None:
        return
    # The project's row is locked, so that two requests do not both find the last place free.
    connection.execute(
        select(projects.c.id).where(projects.c.id == asked.project).with_for_update()
    )
    waiting = connection.execute(
        select(func.count())
        .select_from(jobs)
        .where(jobs.c.project == asked.project, jobs.c.state.in_(_UNFINISHED))
    ).scalar_one()
    if waiting >= limit:
        raise LimitError(
            f"The project has {waiting} jobs that are not finished, and may have {limit}.",
            next_step="Send it again when some of them are finished.",
        )


@cache
def _limit() -> Select[Any]:
    return select(projects.c.queued_limit).where(projects.c.id == bindparam("project"))


def _catch_up(connection: Connection, project: str) -> None:
    """Let a project that had nothing to do be served next, once; it saves no turns up."""
    connection.execute(_catching_up(), {"of_project": project})


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
        "not_before": now,
        "created_at": now,
    }


def _body(asked: Submission, held: dict[str, int]) -> dict[str, Json]:
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
