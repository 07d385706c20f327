"""`/v1/models` and `/v1/gates`: the networks that there are, and what gates said about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.auth.scopes import Principal, Scope
from services.gateway.admission import Admission
from services.gateway.envelope import Envelope, RefusedError, answer

MOST_PER_PAGE = 200

Facts = Mapping[str, Any]
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


@dataclass(frozen=True, slots=True)
class CatalogView:
    """Tells the catalog: every network by its `name`, every gate by its `sha256` and `network`."""

    models: Callable[[], Sequence[Facts]]
    gates: Callable[[], Sequence[Facts]]


class CatalogQuery(BaseModel):
    """A page of a list; `after` is the key of the last one on the page before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str | None = Field(default=None, min_length=1, max_length=64)
    limit: int = Field(default=50, ge=1, le=MOST_PER_PAGE)
    after: str | None = Field(default=None, min_length=1, max_length=100)


def catalog_routes(view: CatalogView, admission: Admission) -> APIRouter:
    """Return the routes over the catalog."""
    router = APIRouter(prefix="/v1", tags=["catalog"])
    may_read = Depends(admission.requires(Scope.CATALOG_READ))

    @router.get("/models", summary="The networks of the catalog", response_model=Envelope)
    def models(
        request: Request,
        query: Annotated[CatalogQuery, Query()],
        principal: Principal = may_read,
    ) -> JSONResponse:
        del principal
        chosen = [one for one in view.models() if query.network in (None, one["name"])]
        return answer(request, _page("models", chosen, "name", query))

    @router.get("/models/{name}", summary="One network", response_model=Envelope)
    def model(request: Request, name: Name, principal: Principal = may_read) -> JSONResponse:
        del principal
        found = next((one for one in view.models() if one["name"] == name), None)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not-found", "There is no such network.")
        return answer(request, found)

    @router.get("/gates", summary="What gates said about networks", response_model=Envelope)
    def gates(
        request: Request,
        query: Annotated[CatalogQuery, Query()],
        principal: Principal = may_read,
    ) -> JSONResponse:
        del principal
        chosen = [one for one in view.gates() if query.network in (None, one["network"])]
        return answer(request, _page("gates", chosen, "sha256", query))

    return router


def _page(name: str, found: Sequence[Facts], key: str, query: CatalogQuery) -> dict[str, Any]:
    rows = sorted(found, key=lambda one: str(one[key]))
    if query.after is not None:
        rows = [one for one in rows if str(one[key]) > query.after]
    page = rows[: query.limit]
    return {name: page, "next": str(page[-1][key]) if len(rows) > query.limit else None}
