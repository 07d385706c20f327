"""`/v1/artifacts`: files in, artifacts out.

In: one request with the whole file, or an upload in several goes, which goes on where it was
broken off (headers as in the IETF draft for resumable uploads, httpbis-resumable-upload:
`Upload-Offset`, `Upload-Complete`). Out: only to a project that holds the artifact, to any other
there is none; the access is on record before the first byte leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.requests import ClientDisconnect

from services.auth.scopes import Principal, Scope
from services.gateway.admission import Admission
from services.gateway.digest_fields import (
    Span,
    asked_span,
    digest_field,
    names_tag,
    sent_sha256,
)
from services.gateway.envelope import Envelope, RefusedError, answer, request_id
from services.gateway.request_body import IDLE_SECONDS, RequestBody
from services.gateway.uploads import Accepted, Sender, Uploads, file_name
from services.jobs.artifacts import Artifact, Artifacts
from services.jobs.errors import UnknownArtifactError
from services.jobs.holdings import Holdings
from services.storage.keys import ObjectKey
from services.storage.port import ObjectStore, Sha256
from services.storage.transfer import verified
from services.telemetry.metrics import Metrics

Digest = Annotated[
    str, Path(pattern=r"^sha256:[0-9a-f]{64}$", description="The artifact: sha256 and its digest.")
]
UploadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, Query(max_length=255, description="What the sender calls the file.")]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, le=1 << 50)]
Length = Annotated[int | None, Header(alias="Content-Length", ge=0, include_in_schema=False)]
Complete = Annotated[
    str, Header(alias="Upload-Complete", pattern=r"^\?[01]$", description="?1: this is the last.")
]

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FINISHED, _UNFINISHED = "?1", "?0"

_Taken = TypeVar("_Taken")
_MOST_AT_ONCE = 64
"""Files that are taken in at one moment; others wait, and nobody who only asks waits for them."""


def upload_routes(
    uploads: Uploads,
    admission: Admission,
    metrics: Metrics,
    *,
    idle_seconds: float = IDLE_SECONDS,
) -> APIRouter:
    """Return the routes by which files come in, from senders that send something now and then."""
    senders = CapacityLimiter(_MOST_AT_ONCE)

    def body(request: Request) -> RequestBody:
        return RequestBody(request, idle_seconds=idle_seconds)

    router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])
    may_write = Depends(admission.requires(Scope.ARTIFACTS_WRITE))

    @router.post(
        "",
        summary="Upload a file, or begin an upload in several goes",
        response_model=Envelope,
        status_code=HTTPStatus.CREATED,
        openapi_extra=_BODY,
    )
    async def upload(
        request: Request,
        *,
        principal: Principal = may_write,
        name: Name = "",
        complete: Complete = _FINISHED,
        content_digest: Annotated[str | None, Header()] = None,
        repr_digest: Annotated[str | None, Header()] = None,
        content_length: Length = None,
    ) -> Response:
        sender = Sender(principal, request_id(request), file_name(name))
        _refuse_encoded(request)
        expected = sent_sha256(content_digest, repr_digest)
        if complete == _UNFINISHED:
            if content_length:
                raise RefusedError(
                    HTTPStatus.BAD_REQUEST,
                    "invalid-parameter",
                    "An upload in several goes begins without bytes; send them with PATCH.",
                    fields=("Upload-Complete",),
                )
            begun = await to_thread.run_sync(lambda: uploads.begin(sender, expected=expected))
            return _begun(request, uploads, begun)
        _refuse_long(content_length, uploads.most_bytes)
        accepted = await _sent(
            body(request), lambda sent: uploads.whole(sent, sender, expected=expected), senders
        )
        metrics.moved("in", accepted.size)
        return _accepted(request, accepted)

    @router.head("/uploads/{upload}", summary="Where an upload goes on", status_code=204)
    async def held(upload: UploadId, principal: Principal = may_write) -> Response:
        at = await to_thread.run_sync(lambda: uploads.held(upload, principal))
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_progress(at))

    @router.patch(
        "/uploads/{upload}",
        summary="Go on with an upload",
        response_model=Envelope,
        openapi_extra=_BODY,
    )
    async def go_on(
        request: Request,
        upload: UploadId,
        *,
        offset: Offset,
        complete: Complete,
        principal: Principal = may_write,
        content_length: Length = None,
    ) -> Response:
        sender = Sender(principal, request_id(request))
        _refuse_encoded(request)
        _refuse_long((content_length or 0) + offset, uploads.most_bytes)
        is_last = complete == _FINISHED
        found = await _sent(
            body(request),
            lambda sent: uploads.append(upload, offset, sent, sender, is_last=is_last),
            senders,
        )
        metrics.moved("in", (found.size if isinstance(found, Accepted) else found) - offset)
        if isinstance(found, Accepted):
            return _accepted(request, found)
        return answer(request, {"upload": upload, "held": found}, headers=_progress(found))

    @router.delete("/uploads/{upload}", summary="Give an upload up", status_code=204)
    async def abort(upload: UploadId, principal: Principal = may_write) -> Response:
        await to_thread.run_sync(lambda: uploads.abort(upload, principal))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def download_routes(
    objects: ObjectStore,
    artifacts: Artifacts,
    holdings: Holdings,
    admission: Admission,
    metrics: Metrics,
) -> APIRouter:
    """Return the routes by which artifacts go out."""
    router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])
    may_read = Depends(admission.requires(Scope.ARTIFACTS_READ))

    def download(
        request: Request,
        digest: Digest,
        principal: Principal = may_read,
        asked: Annotated[str | None, Header(alias="Range")] = None,
        if_match: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
        if_range: Annotated[str | None, Header()] = None,
    ) -> Response:
        found = artifacts.find_named(principal.project, digest)
        if found is None:
            raise _none()
        known, name = found
        sha256 = Sha256(digest.removeprefix("sha256:"))
        headers = _headers(known, sha256, name)
        if if_match is not None and if_match.strip() != "*" and headers["ETag"] not in if_match:
            raise RefusedError(
                HTTPStatus.PRECONDITION_FAILED, "precondition-failed", "It has another entity tag."
            )
        if names_tag(if_none_match, headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if if_range is not None and if_range.strip() != headers["ETag"]:
            asked = None
        span = asked_span(asked, known.bytes)
        status = HTTPStatus.OK
        if span is not None:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{known.bytes}"
            status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Length"] = str(known.bytes if span is None else span.size)
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers, media_type=known.media_type)
        try:
            known = holdings.access(
                principal.project, digest, principal=principal.name, means="download",
                request=request_id(request),
            )  # fmt: skip
        except UnknownArtifactError as error:
            raise _none() from error
        return StreamingResponse(
            _counted(_pieces(objects, ObjectKey(known.object_key), sha256, span), metrics),
            status,
            headers,
            media_type=known.media_type,
        )

    path = "/{digest}"
    router.add_api_route(
        path,
        download,
        methods=["GET"],
        summary="Fetch an artifact, or a range of it",
        response_class=Response,
        responses={206: {"description": "The range."}, 404: {"description": "No such artifact."}},
    )
    router.add_api_route(
        path,
        download,
        methods=["HEAD"],
        name="artifact_facts",
        summary="What a fetch would answer, without the bytes; no access is put on record",
        response_class=Response,
        responses={206: {"description": "The range."}, 404: {"description": "No such artifact."}},
    )
    return router


async def _sent(
    body: RequestBody, take: Callable[[RequestBody], _Taken], senders: CapacityLimiter
) -> _Taken:
    """Run what takes the body, in a thread; a sender that is gone gets no answer."""
    try:
        async with body:
            return await to_thread.run_sync(take, body, limiter=senders)
    except ClientDisconnect as error:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "connection-broken", "The sender went away."
        ) from error


def _pieces(
    objects: ObjectStore, key: ObjectKey, sha256: Sha256, span: Span | None
) -> Iterator[bytes]:
    """Yield bytes; the last of a whole artifact only once its digest is right."""
    start, length = (0, None) if span is None else (span.start, span.size)
    with closing(objects.open(key, start=start, length=length)) as found:
        yield from verified(found, sha256) if span is None else found


def _counted(pieces: Iterator[bytes], metrics: Metrics) -> Iterator[bytes]:
    for piece in pieces:
        metrics.moved("out", len(piece))
        yield piece


def _headers(known: Artifact, sha256: str, name: str) -> dict[str, str]:
    spelt = quote(name or sha256, safe="")
    return {
        "ETag": f'"{sha256}"',
        "Accept-Ranges": "bytes",
        "Repr-Digest": digest_field(sha256),
        "Content-Disposition": f"attachment; filename*=UTF-8''{spelt}",
        "Content-Type": known.media_type,
        # What strangers sent is never shown as a page of ours.
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }


def _begun(request: Request, uploads: Uploads, upload: str) -> JSONResponse:
    least = uploads.least_append_bytes
    headers = {
        **_progress(0),
        "Location": f"/v1/artifacts/uploads/{upload}",
        "Upload-Limit": f"max-size={uploads.most_bytes}, min-append-size={least}",
    }
    result = {"upload": upload, "held": 0, "least_append_bytes": least}
    return answer(request, result, status=HTTPStatus.CREATED, headers=headers)


def _accepted(request: Request, accepted: Accepted) -> JSONResponse:
    location = f"/v1/artifacts/sha256:{accepted.sha256}"
    headers = {"Location": location, "Upload-Complete": _FINISHED}
    return answer(request, accepted.told(), status=HTTPStatus.CREATED, headers=headers)


def _progress(held: int) -> dict[str, str]:
    return {
        "Upload-Offset": str(held), "Upload-Complete": _UNFINISHED, "Cache-Control": "no-store",
    }  # fmt: skip


def _refuse_encoded(request: Request) -> None:
    """A file is kept as it was sent: what was packed for the way would be another file."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "encoded",
            "Send the file's own bytes, without Content-Encoding.",
            fields=("Content-Encoding",),
        )


def _refuse_long(length: int | None, most: int) -> None:
    if length is not None and length > most:
        raise RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too-large",
            f"A file may have {most} bytes.",
            fields=("Content-Length",),
        )


def _none() -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, "not-found", "There is no such artifact.")
