"""`/healthz`, `/readyz`: whether the process answers, and whether what it needs does.

Readiness is a loop over registered checks; each is a function that raises where something is
wrong. A check that does not come back in time has failed: a store that hangs is not ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus

from anyio import to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from pipelines.errors import EvidentError

Check = Callable[[], object]
"""Asks something once. Raises EvidentError, with the reason, where it is not well."""

Shown = Callable[[], object]
"""Tells a fact that stands beside the checks, as JSON has it."""

ANSWER_SECONDS = 5.0


def health_routes(
    checks: Mapping[str, Check],
    shown: Mapping[str, Shown] | None = None,
    *,
    breakers: Callable[[], Mapping[str, str]] = dict,
    answer_seconds: float = ANSWER_SECONDS,
) -> APIRouter:
    """Return both routes; `checks` are asked at the same time, each by its name.

    `breakers` tells how the breakers of this process stand.

    What is `shown` besides decides nothing: a gateway takes work in while nobody works.
    """
    router = APIRouter(tags=["health"])

    # What looks after a process often asks without wanting the body.
    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz", summary="Whether the process answers")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.head("/readyz", include_in_schema=False)
    @router.get(
        "/readyz",
        summary="Whether everything that is needed answers",
        responses={503: {"description": "Something does not; it is named."}},
    )
    async def readyz() -> JSONResponse:
        found = await asyncio.gather(*(_asked(one, answer_seconds) for one in checks.values()))
        said = dict(zip(checks, found, strict=True))
        is_ready = all(one == "ok" for one in found)
        body: dict[str, object] = {
            "status": "ready" if is_ready else "not ready",
            "checks": said,
            "breakers": dict(breakers()),
        }
        if is_ready:
            for name, look in (shown or {}).items():
                body[name] = await to_thread.run_sync(look)
        return JSONResponse(body, HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE)

    return router


async def _asked(check: Check, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            await to_thread.run_sync(check, abandon_on_cancel=True)
    except TimeoutError:
        return f"no answer in {seconds:g} seconds"
    except EvidentError as error:
        return str(error)
    return "ok"
