"""What the gateway sees of every request: its id in every log line, one line and counts per answer.

The line names the route's pattern, never what was asked for: addresses carry digests of evidence.
"""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.telemetry.logs import bound, log
from services.telemetry.metrics import Metrics

_LOG = log("evident.gateway")
_QUIET = {"/healthz", "/readyz", "/metrics"}


class Observed:
    """Logs and counts requests; it stands inside what gives them their ids."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()
        status, seconds = 500, None

        async def sending(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = int(message["status"]), time.monotonic() - begun
            await send(message)

        self._metrics.begun()
        request_id = scope.get("state", {}).get("request_id", "unknown")
        with bound(request_id=request_id):
            try:
                await self._app(scope, receive, sending)
            finally:
                took = time.monotonic() - begun
                self._note(scope, status, took if seconds is None else seconds, took)

    def _note(self, scope: Scope, status: int, seconds: float, took: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.answered(scope["method"], route, status, seconds)
        if route in _QUIET:
            return
        principal = scope.get("state", {}).get("principal")
        _LOG.info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            seconds=round(took, 4),
            principal=None if principal is None else principal.name,
            project=None if principal is None else principal.project,
        )
