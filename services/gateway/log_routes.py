"""`/v1/log`: the public log over HTTP, for anybody (https://c2sp.org/tlog-tiles), and its proofs.

Files go out as they were published, byte for byte, with an entity tag that is their digest;
what can never change may be kept for ever, the head is asked for anew each time. A name that is
not exactly one of the log's finds nothing.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from services.gateway.digest_fields import names_tag
from services.gateway.envelope import PUBLIC_PREFIX, RefusedError
from services.provenance.public_log import PublicFile

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_NUMBER = r"^(0|[1-9][0-9]{0,12})$"

Number = Annotated[str, Query(pattern=_NUMBER, description="A number of leaves, in decimal.")]


class PublicSide(Protocol):
    """The public side of a log, here or on another host; see `PublicLog`."""

    def file(self, name: str) -> PublicFile | None:
        """Return the public file that `name` means; None where there is none of that name."""

    def inclusion(self, leaf: int, size: int) -> tuple[bytes, ...]:
        """Return the audit path of `leaf`; `RequestError` beyond the log."""

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """Return the proof that `second` leaves extend `first`; `RequestError` beyond the log."""


def log_routes(public: PublicSide) -> APIRouter:
    """Return the routes over one log's public files."""
    router = APIRouter(prefix=PUBLIC_PREFIX, tags=["log"])

    @router.get("/inclusion", summary="Audit path of a leaf in the tree of a size (RFC 6962)")
    def inclusion(leaf: Number, size: Number) -> JSONResponse:
        path = public.inclusion(int(leaf), int(size))
        return _proof({"leaf": int(leaf), "size": int(size)}, path)

    @router.get("/consistency", summary="Proof that one size extends another (RFC 6962)")
    def consistency(first: Number, second: Number) -> JSONResponse:
        path = public.consistency(int(first), int(second))
        return _proof({"first": int(first), "second": int(second)}, path)

    def file(request: Request, name: str) -> Response:
        # The router overlooks a line feed at the end of a path; a name has one spelling.
        is_whole = request.scope["path"] == f"{PUBLIC_PREFIX}/{name}"
        found = public.file(name) if is_whole else None
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not-found", "The log has no such file.")
        tag = f'"{hashlib.sha256(found.data).hexdigest()}"'
        headers = {
            "ETag": tag,
            "Cache-Control": _FOR_EVER if found.is_final else _ASK_AGAIN,
        }
        if names_tag(request.headers.get("if-none-match"), tag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        kind = "text/plain; charset=utf-8" if found.is_text else "application/octet-stream"
        if request.method == "HEAD":
            headers["Content-Length"] = str(len(found.data))
            return Response(headers=headers, media_type=kind)
        return Response(found.data, headers=headers, media_type=kind)

    path = "/{name:path}"
    summary = "checkpoint, checkpoints/<size>, vkey, tile/…, tile/entries/… (C2SP tlog-tiles)"
    router.add_api_route(path, file, methods=["GET"], summary=summary, response_class=Response)
    router.add_api_route(
        path, file, methods=["HEAD"], name="file_facts", summary=summary, response_class=Response
    )
    return router


def _proof(about: dict[str, int], path: tuple[bytes, ...]) -> JSONResponse:
    body = {**about, "path": [one.hex() for one in path]}
    return JSONResponse(body, headers={"Cache-Control": _FOR_EVER})
