"""`/v1/evidence`: who did what and when, for whoever holds the key.

Events by the filters of `evident log query`, page by page, as JSON or CSV, and traces of a
digest. A parameter that is not known is refused: a filter that was misspelt must not answer
with everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.envelope import Envelope, RefusedError, answer
from services.gateway.log_view_opener import ViewOpener
from services.provenance.asked import Asked, digest_of, filter_of
from services.provenance.event_text import CSV_COLUMNS, csv_text, event_row
from services.provenance.trace import Way, trace
from services.provenance.trace_text import TRACE_COLUMNS, trace_json, trace_rows

NEXT_CURSOR = "X-Next-Cursor"
MOST_PER_PAGE = 1_000

Form = Literal["json", "csv"]
Word = Annotated[str, Field(min_length=1, max_length=400)]

_BEARER = HTTPBearer(auto_error=False, description="The key of this home: EVIDENT_KEY.")
_WAYS = {"both": (Way.BACK, Way.FORWARD), "back": (Way.BACK,), "forward": (Way.FORWARD,)}


class KeyAdmission(Protocol):
    """Tells which keys may read evidence."""

    def admits(self, key: str) -> bool:
        """Whether `key` may."""


class EventQuery(BaseModel):
    """The filters of a listing; everything that is given must hold. See `evident log query`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: Word | None = None
    session: Word | None = None
    host: Word | None = None
    job: Word | None = None
    case: Word | None = None
    item: Word | None = None
    project: Word | None = None
    kind: Word | None = None
    digest: Word | None = None
    since: Word | None = None
    until: Word | None = None
    stated: bool = False
    limit: int = Field(default=100, ge=1, le=MOST_PER_PAGE)
    after: Word | None = None
    format: Form = "json"


class TraceQuery(BaseModel):
    """Which way a trace goes, and in which form it is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    way: Literal["both", "back", "forward"] = "both"
    format: Form = "json"


def evidence_routes(view: ViewOpener, key: KeyAdmission | None) -> APIRouter:
    """Return the routes over the log that `view` opens, for whoever `key` admits."""
    router = APIRouter(
        prefix="/v1/evidence", tags=["evidence"], dependencies=[Depends(admission_by(key))]
    )

    @router.get("/events", summary="Entries of the log by filters", response_model=Envelope)
    def events(request: Request, query: Annotated[EventQuery, Query()]) -> Response:
        asked = Asked(**query.model_dump(exclude={"limit", "after", "format"}))
        page = view().page(filter_of(asked), cursor=query.after, most=query.limit)
        if query.format == "csv":
            found = _csv("events", CSV_COLUMNS, map(event_row, page.events))
            if page.next_cursor is not None:
                found.headers[NEXT_CURSOR] = page.next_cursor
            return found
        return answer(
            request,
            {"events": [one.as_json() for one in page.events], "next": page.next_cursor},
        )

    @router.get(
        "/trace/{digest}", summary="Everything that happened to a digest", response_model=Envelope
    )
    def traced(request: Request, digest: str, query: Annotated[TraceQuery, Query()]) -> Response:
        found = trace(view(), digest_of(digest), _WAYS[query.way])
        if query.format == "csv":
            return _csv("trace", TRACE_COLUMNS, trace_rows(found))
        return answer(request, trace_json(found))

    return router


def admission_by(key: KeyAdmission | None) -> Callable[..., None]:
    """Return what refuses a request without the key, or every request where none is set."""

    def admit(
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        if key is None:
            raise RefusedError(
                HTTPStatus.UNAUTHORIZED, "no-key-set", "This server has no key: it answers nobody."
            )
        if given is None or not key.admits(given.credentials):
            raise RefusedError(
                HTTPStatus.UNAUTHORIZED, "unauthorized", "The key is missing or not the right one."
            )

    return admit


def _csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(
        csv_text(columns, rows), media_type="text/csv; charset=utf-8", headers=headers
    )
