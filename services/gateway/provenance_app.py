"""The provenance service as an application: the public log, evidence for whoever has the key.

It reads; it seals and signs where a sealer is handed in, for those who have its token. Built
from values by whoever starts a process; importing it opens nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from pipelines.errors import EvidentError
from services.gateway.envelope import install
from services.gateway.evidence_routes import KeyAdmission, evidence_routes
from services.gateway.log_routes import log_routes
from services.gateway.log_view_opener import OpenedView
from services.provenance.public_log import PublicLog


def provenance_app(
    directory: Path,
    *,
    key: KeyAdmission | None,
    version: str,
    sealing: APIRouter | None = None,
) -> FastAPI:
    """Return the application over the log in `directory`; without a key it shows no evidence.

    `sealing` are the routes for workers on other hosts.
    """
    view = OpenedView(directory)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        yield
        view.close()

    app = FastAPI(
        title="Evident provenance",
        version=version,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        # The pages that show the interface load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    install(app)
    app.include_router(log_routes(PublicLog(directory / "public")))
    app.include_router(evidence_routes(view, key))
    if sealing is not None:
        app.include_router(sealing)

    @app.get("/healthz", tags=["health"], summary="Whether the process answers")
    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", tags=["health"], summary="Whether the log can be read")
    def readyz() -> JSONResponse:
        try:
            view()
        except EvidentError as error:
            return JSONResponse({"status": "not ready", "reason": str(error)}, 503)
        return JSONResponse({"status": "ready"})

    return app
