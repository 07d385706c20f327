"""The form of every JSON reply but the public log's: request, status, result, error.

Only this file turns errors into HTTP statuses. An error is an RFC 9457 problem
(https://www.rfc-editor.org/rfc/rfc9457) with a `code` for programs; what went wrong inside, and
whatever a person put into a request, is never repeated beyond a plain sentence.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import (
    DecodeChildError,
    DiskFullError,
    EvidenceError,
    EvidentError,
    GraphError,
    InputError,
    NotMediaError,
    RequestError,
    ResourceError,
    TooLargeError,
    UnsupportedError,
)
from services.jobs.errors import (
    HeldError,
    KeyConflictError,
    LimitError,
    MoveError,
    UnknownArtifactError,
    UnknownJobError,
)
from services.storage.errors import AlteredObjectError, ObjectMissingError, OffsetError

REQUEST_ID = "X-Request-ID"
PROBLEM_TYPE = "application/problem+json"
PUBLIC_PREFIX = "/v1/log"

_LOG = logging.getLogger("evident.gateway")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STATUSES: Sequence[tuple[type[EvidentError], HTTPStatus]] = (
    (UnknownJobError, HTTPStatus.NOT_FOUND),
    (ObjectMissingError, HTTPStatus.NOT_FOUND),
    (KeyConflictError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnknownArtifactError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (GraphError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnsupportedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (AlteredObjectError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (MoveError, HTTPStatus.CONFLICT),
    (HeldError, HTTPStatus.CONFLICT),
    (OffsetError, HTTPStatus.CONFLICT),
    (LimitError, HTTPStatus.TOO_MANY_REQUESTS),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (NotMediaError, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (RequestError, HTTPStatus.BAD_REQUEST),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (DecodeChildError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (DiskFullError, HTTPStatus.INSUFFICIENT_STORAGE),
    (ResourceError, HTTPStatus.SERVICE_UNAVAILABLE),
    (EvidenceError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (EvidentError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first that fits counts. A decoder that died on a stranger's file is that file's fault."""

_FIELDS: Mapping[type[EvidentError], str] = {KeyConflictError: "Idempotency-Key"}
"""What is at fault where the error itself does not say it."""

_RETRY_SECONDS = {
    HTTPStatus.TOO_MANY_REQUESTS: "10",
    HTTPStatus.SERVICE_UNAVAILABLE: "10",
    HTTPStatus.INSUFFICIENT_STORAGE: "60",
}


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457); `fields` are the parameters at fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    title: str
    detail: str
    code: str
    fields: tuple[str, ...] = ()


class PublicProblem(Problem):
    """The same where no envelope says the status, as `application/problem+json`."""

    status: int


class Envelope(BaseModel):
    """Every JSON reply: either `result` or `error` is there, and `status` says which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_id: str
    status: str
    result: dict[str, Any] | None = None
    error: Problem | None = None


class RefusedError(EvidentError):
    """A request that is refused with a status of its own, such as one without a key."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        reason: str,
        *,
        fields: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.fields = fields
        self.headers = dict(headers or {})


class RequestIds:
    """Gives every request an id, its own where it brought a plain one, and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = REQUEST_ID.lower().encode()
        given = next((value for key, value in scope["headers"] if key == name), b"")
        text = given.decode("ascii", "replace")
        request_id = text if _GIVEN_ID.fullmatch(text) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (name, request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        await self._app(scope, receive, sending)


def answer(
    request: Request,
    result: Mapping[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a result in its envelope; what is answered here is never kept by a cache."""
    body = Envelope(request_id=request_id(request), status="ok", result=dict(result))
    sent = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse(body.model_dump(mode="json"), status, sent)


def install(app: FastAPI) -> None:
    """Let every error of `app` leave as a problem."""
    app.add_middleware(RequestIds)
    app.add_exception_handler(EvidentError, _ours)
    app.add_exception_handler(HTTPException, refusal_of_framework)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _ours(request: Request, error: Exception) -> Response:
    detail = f"{error} {getattr(error, 'next_step', '')}".strip()
    headers = dict(getattr(error, "headers", {}))
    if isinstance(error, RefusedError):
        if error.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="evident"'
        return _refusal(
            request, error.status, error.code, detail, fields=error.fields, headers=headers
        )
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s request=%s: %s", type(error).__name__, request_id(request), error)
    if status in _RETRY_SECONDS:
        headers["Retry-After"] = _RETRY_SECONDS[status]
    if isinstance(error, OffsetError):
        headers["Upload-Offset"] = str(error.held)
    field = getattr(error, "field", "") or _FIELDS.get(type(error), "")  # type: ignore[arg-type]
    return _refusal(
        request,
        status,
        _code(type(error).__name__),
        detail,
        fields=(field,) if field else (),
        headers=headers,
    )


def refusal_of_framework(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses, such as a path that nobody knows."""
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    headers = dict(getattr(error, "headers", None) or {})
    return _refusal(request, status, _code(status.phrase), status.description, headers=headers)


def _invalid(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    fields = tuple(
        dict.fromkeys(
            ".".join(map(str, one["loc"][1:] or one["loc"]))[:200]
            for one in found
            if one.get("loc")
        )
    )
    said = sorted({str(one["msg"])[:200] for one in found if one.get("msg")})
    detail = "A parameter is unknown, missing or out of its range."
    detail = f"{detail} {'; '.join(said[:3])}".strip()
    return _refusal(request, HTTPStatus.BAD_REQUEST, "invalid-parameter", detail, fields=fields)


def _unexpected(request: Request, error: Exception) -> Response:
    _LOG.error("fault request=%s", request_id(request), exc_info=error)
    detail = "A fault of this program; it is in the server's log under the request's id."
    # The framework sends this one past the middleware, so it names its request itself.
    headers = {REQUEST_ID: request_id(request)}
    return _refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR, "fault", detail, headers=headers)


def _refusal(
    request: Request,
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    fields: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    problem = Problem(
        type="about:blank", title=status.phrase, detail=detail, code=code, fields=fields
    )
    sent = {"Cache-Control": "no-store", **(headers or {})}
    if request.url.path.startswith(PUBLIC_PREFIX):
        public = PublicProblem(**problem.model_dump(), status=status.value)
        return JSONResponse(public.model_dump(mode="json"), status, sent, media_type=PROBLEM_TYPE)
    envelope = Envelope(request_id=request_id(request), status="error", error=problem)
    return JSONResponse(envelope.model_dump(mode="json"), status, sent)


def request_id(request: Request) -> str:
    """Return the id of a request, taken from it or made."""
    return str(getattr(request.state, "request_id", "unknown"))


def _code(words: str) -> str:
    """Spell a class's name or a phrase as a code: lower case, joined by dashes."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", words.removesuffix("Error"))
    return re.sub(r"[^a-z]+", "-", spaced.lower()).strip("-")
