"""`/v1/jobs/{id}/events`: what happens to a job, as it happens or as a list.

A stream is `text/event-stream` (WHATWG HTML, 9.2): every event has its number as id, so whoever
comes back with `Last-Event-ID` misses nothing and gets nothing twice. A comment is sent now and
then while nothing happens. After the last event of a final job the stream ends with `end`; asked
again from there, the answer is 204, which tells an `EventSource` to stop. A gateway that is being
stopped breaks streams off; who comes back, to it or to another one, goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from services.auth.scopes import Principal, Scope
from services.gateway.admission import Admission
from services.gateway.envelope import Envelope, answer
from services.gateway.event_desk import EventDesk
from services.gateway.job_answer import event_told
from services.gateway.job_routes import JobId
from services.jobs.jobs import Jobs
from services.jobs.values import JobEvent, JobStand, JobView

MOST_PER_PAGE = 500

_PATIENCE_SECONDS = 1.0
"""How long a stream waits before it looks whether the server is being stopped."""
_ITEM = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "The event's number; the last one has none."},
        "event": {"type": "string", "description": "Its kind, or end."},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"type": "object"},
        },
    },
    "required": ["event", "data"],
}
"""One event of a stream, as OpenAPI 3.2 says it."""


class EventQuery(BaseModel):
    """Where to begin, and in which form: a stream, or a page of a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: int = Field(default=0, ge=0, le=1 << 40)
    limit: int = Field(default=MOST_PER_PAGE, ge=1, le=MOST_PER_PAGE)
    format: Literal["stream", "json"] = "stream"


def event_routes(
    jobs: Jobs,
    admission: Admission,
    desk: EventDesk,
    *,
    heartbeat_seconds: float = 15.0,
    is_stopping: Callable[[], bool] = lambda: False,
) -> APIRouter:
    """Return the route over the events of jobs; streams end when `is_stopping` says so."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    may_read = Depends(admission.requires(Scope.JOBS_READ))

    @router.get(
        "/{job}/events",
        summary="Events of a job, as a stream or a list",
        response_model=Envelope,
        responses={
            200: {"content": {"text/event-stream": {"itemSchema": _ITEM}}},
            204: {"description": "The job is final and everything was told."},
        },
    )
    async def events(
        request: Request,
        job: JobId,
        query: Annotated[EventQuery, Query()],
        last_event_id: Annotated[str | None, Header(pattern=r"^\d{1,12}$")] = None,
        principal: Principal = may_read,
    ) -> Response:
        after = int(last_event_id) if last_event_id is not None else query.after
        view = await to_thread.run_sync(lambda: jobs.get(job, project=principal.project))
        if query.format == "json":
            found = await _after(jobs, job, after, query.limit)
            following = found[-1].number if len(found) == query.limit else None
            told = {"events": [event_told(one) for one in found], "next": following}
            return answer(request, told)
        if view.state.is_final and after >= view.event_count:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return StreamingResponse(
            _stream(jobs, desk, view, after, heartbeat_seconds, is_stopping),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def _stream(
    jobs: Jobs,
    desk: EventDesk,
    view: JobView,
    after: int,
    heartbeat_seconds: float,
    is_stopping: Callable[[], bool],
) -> AsyncIterator[str]:
    """Yield events from `after` on until the job is final and everything was told."""
    yield ": events\n\n"
    said, job = time.monotonic(), view.id
    stand: JobStand | None = JobStand(view.event_count, view.state)
    while not is_stopping():
        if stand is not None:
            found = await _after(jobs, job, after, MOST_PER_PAGE)
            for event in found:
                after = event.number
                yield f"id: {event.number}\nevent: {event.kind}\ndata: {_line(event)}\n\n"
                said = time.monotonic()
            # What made it final was one of its events when its state was read.
            if stand.is_over and (after >= stand.events or not found):
                yield f"event: end\ndata: {json.dumps({'state': stand.state})}\n\n"
                return
        if time.monotonic() - said >= heartbeat_seconds:
            yield ": still here\n\n"
            said = time.monotonic()
        stand = await desk.news(job, after, seconds=min(_PATIENCE_SECONDS, heartbeat_seconds))


async def _after(jobs: Jobs, job: str, after: int, limit: int) -> tuple[JobEvent, ...]:
    return await to_thread.run_sync(lambda: jobs.events(job, after=after, limit=limit))


def _line(event: JobEvent) -> str:
    return json.dumps(event_told(event), separators=(",", ":"))
