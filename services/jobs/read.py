"""Jobs, events, dead letters and errors as values, for whoever shows them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, or_, select

from pipelines.errors import RequestError
from services.database.tables import (
    artifacts,
    dead_letters,
    error_classes,
    job_events,
    job_outputs,
    jobs,
    stages,
)
from services.database.words import State, Wanted
from services.jobs.errors import UnknownJobError
from services.jobs.values import (
    DeadLetter,
    ErrorClass,
    JobError,
    JobEvent,
    JobFilter,
    JobId,
    JobOutput,
    JobPage,
    JobStand,
    JobView,
    Priority,
    StageId,
    StageView,
)

MOST_PER_PAGE = 200

_Columns = Mapping[str, Any] | RowMapping
_MOST_NAMES = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def job_view(connection: Connection, job: str, project: str | None) -> JobView:
    """Return a job with stages and outputs. UnknownJobError also for another project's."""
    asked = {"of_job": job}
    row = connection.execute(_the_job(), asked).mappings().first()
    if row is None or project not in (None, row["project"]):
        raise UnknownJobError(f"There is no job {job}.", next_step="Check the id.")
    found_stages = connection.execute(_its_stages(), asked)
    found_outputs = connection.execute(_its_outputs(), asked)
    return view(row, found_stages.mappings(), found_outputs.mappings())


def view(
    row: _Columns, of_stages: Iterable[_Columns] = (), outputs: Iterable[_Columns] = ()
) -> JobView:
    """Return a job of which the rows are known."""
    error = None
    if row["error_class"] is not None:
        error = JobError(row["error_class"], row["error_reason"], row["error_next_step"])
    return JobView(
        id=JobId(row["id"]),
        project=row["project"],
        state=State(row["state"]),
        wanted=Wanted(row["wanted"]),
        priority=Priority(row["priority"]),
        pipeline=row["pipeline"],
        preset=row["preset"],
        graph=row["graph"],
        graph_sha256=row["graph_sha256"],
        principal=row["principal"],
        request_id=row["request_id"],
        name=row["details"].get("name"),
        case=row["case_name"],
        item=row["item"],
        deadline_at=row["deadline_at"],
        late_at=row["late_at"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        event_count=row["event_count"],
        error=error,
        stages=tuple(_stage(one) for one in of_stages),
        outputs=tuple(
            JobOutput(one["artifact"], one["name"], one["media_type"], one["bytes"])
            for one in outputs
        ),
    )


# What is asked most often is put together once: that takes longer than its answer.


@cache
def _the_job() -> Select[Any]:
    return select(jobs).where(jobs.c.id == bindparam("of_job"))


@cache
def _its_stages() -> Select[Any]:
    theirs = select(stages).where(stages.c.job == bindparam("of_job"))
    return theirs.order_by(stages.c.created_at, stages.c.name)


@cache
def _its_outputs() -> Select[Any]:
    return (
        select(job_outputs, artifacts.c.bytes)
        .join(artifacts, artifacts.c.digest == job_outputs.c.artifact)
        .where(job_outputs.c.job == bindparam("of_job"))
        .order_by(job_outputs.c.position)
    )


def job_page(connection: Connection, wanted: JobFilter, cursor: str | None, limit: int) -> JobPage:
    """Return one page of jobs, the newest first. A cursor that is none of ours is RequestError."""
    if not 1 <= limit <= MOST_PER_PAGE:
        raise RequestError(f"A page has 1 to {MOST_PER_PAGE} jobs.")
    asked = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit + 1)
    for column, value in (
        (jobs.c.project, wanted.project),
        (jobs.c.case_name, wanted.case),
        (jobs.c.item, wanted.item),
    ):
        if value is not None:
            asked = asked.where(column == value)
    if wanted.states:
        asked = asked.where(jobs.c.state.in_(wanted.states))
    if cursor is not None:
        at, job = _position(cursor)
        older = and_(jobs.c.created_at == at, jobs.c.id < job)
        asked = asked.where(or_(jobs.c.created_at < at, older))
    rows = list(connection.execute(asked).mappings())
    page = rows[:limit]
    more = _cursor(page[-1]) if len(rows) > limit else None
    return JobPage(tuple(view(row) for row in page), more)


def events_after(connection: Connection, job: str, after: int, limit: int) -> tuple[JobEvent, ...]:
    """Return a job's events with a higher number than `after`, in order."""
    found = connection.execute(
        select(job_events)
        .where(job_events.c.job == job, job_events.c.number > after)
        .order_by(job_events.c.number)
        .limit(limit)
    )
    return tuple(JobEvent(row.number, row.kind, row.data, row.at) for row in found)


def how_they_stand(connection: Connection, wanted: Sequence[str]) -> dict[str, JobStand]:
    """Return how jobs stand, those of them that there are."""
    found: dict[str, JobStand] = {}
    for at in range(0, len(wanted), _MOST_NAMES):
        rows = connection.execute(
            select(jobs.c.id, jobs.c.event_count, jobs.c.state).where(
                jobs.c.id.in_(wanted[at : at + _MOST_NAMES])
            )
        )
        found.update({row.id: JobStand(row.event_count, State(row.state)) for row in rows})
    return found


def letters(connection: Connection, project: str | None) -> tuple[DeadLetter, ...]:
    """Return the stages that were given up and are not sent back, the newest first."""
    asked = (
        select(dead_letters, stages.c.job, stages.c.name)
        .join(stages, stages.c.id == dead_letters.c.stage)
        .where(dead_letters.c.returned_at.is_(None))
        .order_by(dead_letters.c.at.desc(), dead_letters.c.id.desc())
    )
    if project is not None:
        asked = asked.where(stages.c.project == project)
    return tuple(
        DeadLetter(
            job=JobId(row.job),
            stage=row.name,
            attempt=row.attempt,
            error=JobError(row.error_class, row.diagnosis, row.next_step),
            at=row.at,
            returned_by=row.returned_by,
        )
        for row in connection.execute(asked)
    )


def classes_of_errors(connection: Connection) -> tuple[ErrorClass, ...]:
    """Return how often errors of each class came up, the latest first."""
    found = connection.execute(select(error_classes).order_by(error_classes.c.last_at.desc()))
    return tuple(
        ErrorClass(
            name=row.name,
            count=row._mapping["count"],  # noqa: SLF001 - a row has a method of that name
            last_job=JobId(row.last_job),
            last_reason=row.last_reason,
            first_at=row.first_at,
            last_at=row.last_at,
            resolution=row.resolution,
            resolved_by=row.resolved_by,
        )
        for row in found
    )


def _stage(row: _Columns) -> StageView:
    return StageView(
        id=StageId(row["id"]),
        name=row["name"],
        lane=row["lane"],
        state=State(row["state"]),
        attempt=row["attempt"],
        step=row["step"],
        progress_done=row["progress_done"],
        progress_total=row["progress_total"],
    )


def _cursor(row: RowMapping) -> str:
    microseconds = (row["created_at"] - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds} {row['id']}".encode()).decode()


def _position(cursor: str) -> tuple[Any, str]:
    try:
        at, _, job = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition(" ")
        return _EPOCH + timedelta(microseconds=int(at)), job
    except (binascii.Error, UnicodeError, ValueError, OverflowError) as error:
        raise RequestError(
            "The cursor is none of ours.", next_step="Begin with the first page."
        ) from error
