"""`/v1/jobs`: asked for, listed, looked at, and steered.

A request that was repeated under one `Idempotency-Key` is one job. `Prefer: wait=N` (RFC 7240)
answers when the job is final, or after N seconds with the job as it stands then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from pipelines.errors import GraphError
from pipelines.graph.matter import Named
from services.auth.scopes import Principal, Scope
from services.database.words import State
from services.gateway.admission import Admission
from services.gateway.envelope import Envelope, RefusedError, answer, request_id
from services.gateway.event_desk import THE_END, EventDesk
from services.gateway.job_answer import job_told
from services.gateway.job_request import (
    MOST_REQUEST_BYTES,
    JobRequest,
    read_request,
)
from services.jobs.artifacts import Artifacts
from services.jobs.jobs import Jobs
from services.jobs.values import WHOLE, JobFilter, JobView, NewStage, Submission, Submitted

MOST_WAIT_SECONDS = 60
MOST_PER_PAGE = 200

JobId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The job's id.")]
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")
]
Prefer = Annotated[str | None, Header(max_length=200)]

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=$|[,;])', re.IGNORECASE)
_STEERING = {
    "cancel": "Call a job off",
    "pause": "Stop a job, to go on later",
    "resume": "Go on with a paused job",
    "retry": "Send a failed or canceled job back",
}


class JobQuery(BaseModel):
    """The filters of a list of jobs; everything that is given must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: tuple[State, ...] = ()
    case: Named | None = None
    item: Named | None = None
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    after: str | None = Field(default=None, min_length=1, max_length=400)


def job_routes(
    jobs: Jobs, artifacts: Artifacts, admission: Admission, desk: EventDesk
) -> APIRouter:
    """Return the routes over the jobs of whoever asks."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    may_read = Depends(admission.requires(Scope.JOBS_READ))
    may_write = Depends(admission.requires(Scope.JOBS_WRITE))

    @router.post(
        "",
        summary="Ask for work: a graph, or a pipeline with a few wishes",
        response_model=Envelope,
        status_code=HTTPStatus.ACCEPTED,
        responses={200: {"description": "The job is final already.", "model": Envelope}},
    )
    async def submit(
        request: Request,
        principal: Principal = may_write,
        idempotency_key: IdempotencyKey = None,
        prefer: Prefer = None,
    ) -> JSONResponse:
        body = await _body(request)

        def take() -> Submitted:
            asked = read_request(body)
            return jobs.submit(
                _submission(asked, principal, artifacts, request_id(request), idempotency_key)
            )

        submitted = await to_thread.run_sync(take)
        wait = wait_seconds(prefer)
        job = submitted.job
        if wait and await desk.news(job.id, THE_END, seconds=wait):
            job = await to_thread.run_sync(lambda: jobs.get(job.id))
        headers = {"Location": f"/v1/jobs/{job.id}"}
        if wait:
            headers["Preference-Applied"] = f"wait={wait}"
        status = HTTPStatus.OK if job.state.is_final else HTTPStatus.ACCEPTED
        told = {**job_told(job), "is_new": submitted.is_new}
        return answer(request, told, status=status, headers=headers)

    @router.get("", summary="Jobs of the project, the newest first", response_model=Envelope)
    def listed(
        request: Request,
        query: Annotated[JobQuery, Query()],
        principal: Principal = may_read,
    ) -> JSONResponse:
        wanted = JobFilter(principal.project, query.state, query.case, query.item)
        page = jobs.page(wanted, cursor=query.after, limit=query.limit)
        told = {"jobs": [job_told(one) for one in page.jobs], "next": page.cursor}
        return answer(request, told)

    @router.get("/{job}", summary="A job as it stands", response_model=Envelope)
    def shown(request: Request, job: JobId, principal: Principal = may_read) -> JSONResponse:
        return answer(request, job_told(jobs.get(job, project=principal.project), with_graph=True))

    for word, summary in _STEERING.items():
        router.add_api_route(
            f"/{{job}}/{word}",
            _steering(getattr(jobs, word), may_write),
            methods=["POST"],
            name=word,
            summary=summary,
            response_model=Envelope,
            responses={409: {"description": "The job's state does not allow it."}},
        )
    return router


def _steering(steer: Callable[..., JobView], may_write: Any) -> Callable[..., JSONResponse]:
    def route(
        request: Request,
        job: JobId,
        principal: Principal = may_write,
    ) -> JSONResponse:
        return answer(request, job_told(steer(job, by=principal.name, project=principal.project)))

    return route


def _submission(
    asked: JobRequest,
    principal: Principal,
    artifacts: Artifacts,
    request: str,
    idempotency_key: str | None,
) -> Submission:
    """Write the request for the records. Raises RefusedError, GraphError, which name the field."""
    held = artifacts.find_named(principal.project, asked.artifact)
    if held is None:
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "unknown-artifact",
            f"The project holds no artifact {asked.artifact}. Upload the file first.",
            fields=(f"inputs.{asked.source}.artifact",),
        )
    found, name = held
    pipeline = "photo" if found.media_type.startswith("image/") else "video"
    if asked.pipeline not in (None, pipeline):
        raise GraphError(
            f"pipeline: the input is a {found.media_type}, which is {pipeline}",
            field="pipeline",
            next_step=f"Ask for {pipeline}, or name another artifact.",
        )
    matter = asked.matter
    return Submission(
        project=principal.project,
        principal=principal.name,
        request_id=request,
        pipeline=pipeline,
        preset=asked.graph.preset.value,
        graph=asked.graph.canonical(),
        graph_sha256=asked.graph.digest(),
        inputs=(asked.artifact,),
        stages=(NewStage(WHOLE, lane=pipeline, networks=asked.networks),),
        request_sha256=asked.sha256,
        idempotency_key=idempotency_key,
        priority=asked.priority,
        deadline_at=matter.deadline,
        case=matter.case,
        item=matter.item,
        details={
            "name": name,
            "exhibit": matter.exhibit,
            "note": matter.note,
            "requested_by": matter.requested_by,
            "reviewers": list(matter.reviewers),
            "language": matter.language,
        },
    )


async def _body(request: Request) -> bytes:
    """Read the body, and no more of it than a request may have."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > MOST_REQUEST_BYTES:
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too-large",
                f"A request has up to {MOST_REQUEST_BYTES} bytes.",
            )
    return bytes(held)


def wait_seconds(prefer: str | None) -> int:
    """Return how long a request prefers to wait (RFC 7240, 4.3), within our bounds."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), MOST_WAIT_SECONDS) if found else 0
