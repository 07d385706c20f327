"""The provenance service as an application: the public log, evidence for whoever has the key.

It reads: nothing in it records, seals or signs. Built from values by whoever starts a process;
importing it opens nothing.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from pipelines.errors import EvidentError
from services.auth.credentials import KeyCheck
from services.gateway.envelope import install
from services.gateway.evidence_routes import evidence_routes
from services.gateway.log_routes import log_routes
from services.provenance.log_view import LogView
from services.provenance.public_log import PublicLog


class _Opened:
    """The view of a log, opened when it is first asked for: the log may begin later."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._view: LogView | None = None

    def __call__(self) -> LogView:
        with self._lock:
            if self._view is None:
                self._view = LogView(self._directory)
            return self._view

    def close(self) -> None:
        with self._lock:
            if self._view is not None:
                self._view.close()
                self._view = None


def provenance_app(directory: Path, *, key: KeyCheck | None, version: str) -> FastAPI:
    """Return the application over the log in `directory`; without a key it shows no evidence."""
    view = _Opened(directory)

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
