"""The log as a gateway shows it whose host has none: public files and evidence, handed on.

The public log is handed on under the names that a log has and no others. Evidence is asked for
with the gateway's own token, after the gateway has seen that who asks may read it; what comes
back goes out byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from pipelines.errors import RequestError
from pipelines.evidence.checkpoint import MAX_NOTE_BYTES
from pipelines.evidence.log_path import SingleFile, TileFile, parse_log_path
from services.gateway.envelope import PUBLIC_PREFIX, REQUEST_ID, Envelope, request_id
from services.gateway.evidence_routes import (
    NEXT_CURSOR,
    EventQuery,
    KeyAdmission,
    TraceQuery,
    admission_by,
)
from services.provenance.asked import digest_of
from services.provenance.public_log import MOST_TILE_BYTES, PublicFile
from services.provenance.service_line import Answer, ServiceLine, reason_in, refused

MOST_EVIDENCE_BYTES = 64 << 20
_MOST_PROOF_BYTES = 1 << 16
_HANDED_ON = ("content-type", "content-disposition", "cache-control", NEXT_CURSOR.lower())


class PublicLogElsewhere:
    """The public side of the log at the end of `line`; see `PublicLog`."""

    def __init__(self, line: ServiceLine) -> None:
        self._line = line

    def file(self, name: str) -> PublicFile | None:
        """Return the public file that `name` means; None where there is none of that name."""
        meaning = parse_log_path(name)
        if meaning is None:
            return None
        is_tile = isinstance(meaning, TileFile)
        most = MOST_TILE_BYTES if is_tile else MAX_NOTE_BYTES
        answer = self._line.ask("GET", f"{PUBLIC_PREFIX}/{quote(name)}", most_bytes=most)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise refused(answer)
        return PublicFile(answer.body, not isinstance(meaning, SingleFile), not is_tile)

    def inclusion(self, leaf: int, size: int) -> tuple[bytes, ...]:
        """Return the audit path of `leaf`; `RequestError` beyond the log."""
        return self._path("inclusion", leaf=leaf, size=size)

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """Return the proof that `second` leaves extend `first`; `RequestError` beyond the log."""
        return self._path("consistency", first=first, second=second)

    def _path(self, kind: str, **numbers: int) -> tuple[bytes, ...]:
        target = f"{PUBLIC_PREFIX}/{kind}?{urlencode(numbers)}"
        answer = self._line.ask("GET", target, most_bytes=_MOST_PROOF_BYTES)
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise RequestError(reason_in(answer))
        if answer.status != HTTPStatus.OK:
            raise refused(answer)
        return tuple(bytes.fromhex(one) for one in json.loads(answer.body)["path"])


def evidence_elsewhere(line: ServiceLine, key: KeyAdmission) -> APIRouter:
    """Return the routes of evidence over the log at the end of `line`, for whoever `key` admits."""
    router = APIRouter(
        prefix="/v1/evidence", tags=["evidence"], dependencies=[Depends(admission_by(key))]
    )

    @router.get("/events", summary="Entries of the log by filters", response_model=Envelope)
    def events(request: Request, query: Annotated[EventQuery, Query()]) -> Response:
        told = query.model_dump(mode="json", exclude_none=True)
        return _handed_on(line, request, "/v1/evidence/events", told)

    @router.get(
        "/trace/{digest}", summary="Everything that happened to a digest", response_model=Envelope
    )
    def traced(request: Request, digest: str, query: Annotated[TraceQuery, Query()]) -> Response:
        told = query.model_dump(mode="json", exclude_none=True)
        return _handed_on(line, request, f"/v1/evidence/trace/{digest_of(digest)}", told)

    return router


def _handed_on(
    line: ServiceLine, request: Request, path: str, query: Mapping[str, object]
) -> Response:
    answer = line.ask(
        "GET",
        f"{path}?{urlencode(query)}",
        headers={REQUEST_ID: request_id(request)},
        most_bytes=MOST_EVIDENCE_BYTES,
    )
    return Response(answer.body, answer.status, _headers(answer))


def _headers(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.lower() in _HANDED_ON}
