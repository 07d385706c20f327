"""`/v1/jobs/{id}/previews`: a small picture of what went into a job, and of what came out.

Made at each request by a bounded child, and never kept: lossy, for looking, and no evidence. The
picture before can be seen as soon as the job is there, the one after when it is done. Looking is
an access like any other: on record before the first byte leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from pipelines.media.glance import MEDIA_TYPE
from services.auth.scopes import Principal, Scope
from services.gateway.admission import Admission
from services.gateway.envelope import Envelope, RefusedError, answer, request_id
from services.gateway.job_routes import JobId
from services.jobs.errors import UnknownArtifactError
from services.jobs.holdings import Holdings
from services.jobs.jobs import Jobs
from services.jobs.values import JobView
from services.storage.keys import ObjectKey
from services.storage.port import ObjectStore, Sha256
from services.storage.transfer import as_file

Glancer = Callable[[Path, int], bytes]
"""Makes a small WebP of a file in a bounded child. Raises InputError, DecodeChildError."""

Which = Literal["before", "after"]
Side = Annotated[int, Query(ge=16, le=1024, description="The longest side, in samples.")]


def preview_routes(
    jobs: Jobs, holdings: Holdings, objects: ObjectStore, glancer: Glancer, admission: Admission
) -> APIRouter:
    """Return the routes by which people look at jobs."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    may_read = Depends(admission.requires(Scope.ARTIFACTS_READ))

    @router.get(
        "/{job}/previews", summary="Which pictures of a job there are", response_model=Envelope
    )
    def listed(request: Request, job: JobId, principal: Principal = may_read) -> JSONResponse:
        found = _pictures(jobs.get(job, project=principal.project))
        told: list[dict[str, Any]] = [
            {"which": which, "artifact": artifact, "path": f"/v1/jobs/{job}/previews/{which}"}
            for which, artifact in found.items()
        ]
        return answer(request, {"previews": told})

    @router.get(
        "/{job}/previews/{which}",
        summary="A small picture of what went in, or of what came out",
        response_class=Response,
        responses={200: {"content": {MEDIA_TYPE: {}}, "description": "A WebP."}},
    )
    def shown(
        request: Request,
        job: JobId,
        which: Which,
        side: Side = 512,
        principal: Principal = may_read,
    ) -> Response:
        artifact = _pictures(jobs.get(job, project=principal.project)).get(which)
        if artifact is None:
            raise _none()
        try:
            held = holdings.access(
                principal.project, artifact, principal=principal.name, means="preview",
                request=request_id(request),
            )  # fmt: skip
        except UnknownArtifactError as error:
            raise _none() from error
        sha256 = Sha256(artifact.removeprefix("sha256:"))
        with as_file(objects, ObjectKey(held.object_key), expected=sha256) as path:
            webp = glancer(path, side)
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(webp, headers=headers, media_type=MEDIA_TYPE)

    return router


def _pictures(job: JobView) -> dict[str, str]:
    """Name the artifacts that can be looked at: the input, and the first medium of the result."""
    inputs = job.graph.get("inputs")
    found = {}
    if isinstance(inputs, dict):
        for one in inputs.values():
            if isinstance(one, dict):
                found["before"] = str(one.get("artifact"))
    for output in job.outputs:
        if output.media_type.startswith(("image/", "video/")):
            found["after"] = output.artifact
            break
    return found


def _none() -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, "not-found", "There is no such picture.")
