"""How long a project keeps an artifact, and how it gives one up: on record, with the reason.

What is kept until a date nobody gives up before, whatever their key may do. What was given up is
gone for the project at once; the bytes are deleted after a grace when no other project holds
them, and the log says when.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.auth.scopes import Principal, Scope
from services.gateway.admission import Admission
from services.gateway.artifact_routes import Digest
from services.gateway.envelope import Envelope, RefusedError, answer, request_id
from services.jobs.errors import UnknownArtifactError
from services.jobs.holdings import Holdings

Reason = Annotated[str, Query(min_length=1, max_length=400, description="Why; put on record.")]


class Retention(BaseModel):
    """Until when an artifact is kept, with its zone, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: AwareDatetime
    reason: str = Field(min_length=1, max_length=400)


def keeping_routes(holdings: Holdings, admission: Admission) -> APIRouter:
    """Return the routes over what projects hold."""
    router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])
    may_keep = Depends(admission.requires(Scope.ARTIFACTS_KEEP))

    @router.put(
        "/{digest}/retention",
        summary="Keep an artifact until a date; the date is never shortened",
        response_model=Envelope,
    )
    def keep(
        request: Request, digest: Digest, wanted: Retention, principal: Principal = may_keep
    ) -> JSONResponse:
        until: datetime = wanted.until
        try:
            holdings.retain(
                principal.project, digest, until=until, reason=wanted.reason,
                principal=principal.name, request=request_id(request),
            )  # fmt: skip
        except UnknownArtifactError as error:
            raise _none() from error
        return answer(request, {"artifact": digest, "keep_until": until.isoformat()})

    @router.delete("/{digest}", summary="Give an artifact up", status_code=HTTPStatus.NO_CONTENT)
    def release(
        request: Request, digest: Digest, reason: Reason, principal: Principal = may_keep
    ) -> Response:
        try:
            holdings.release(
                principal.project, digest, reason=reason,
                principal=principal.name, request=request_id(request),
            )  # fmt: skip
        except UnknownArtifactError as error:
            raise _none() from error
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _none() -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, "not-found", "There is no such artifact.")
