"""`/console`: the pages for operators, and the sessions by which they use `/v1`.

A page is the same for everybody and says nothing; what it shows it asks of `/v1`, with a cookie
in place of a key. The cookie is HttpOnly and SameSite=Strict, and Secure where TLS is spoken.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.auth.scopes import Principal
from services.console.assets import HEADERS, PAGE, Asset, assets
from services.console.sessions import COOKIE, CSRF_HEADER, SESSION_SECONDS, Sessions
from services.gateway.envelope import RefusedError, answer

MOST_SIGN_IN_BYTES = 4096

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Who = Callable[[Request, str | None], Principal]
"""Tells whom a key stands for; RefusedError where for nobody, or where too much is tried."""


def key_of(sessions: Sessions, request: Request) -> str | None:
    """Return the key that a request's session stands for, None where it has none."""
    changes = request.method not in _SAFE
    return sessions.key_of(
        request.cookies.get(COOKIE), request.headers.get(CSRF_HEADER), changes=changes
    )


def console_routes(sessions: Sessions, who: Who) -> APIRouter:
    """Return the pages and the session's routes; not part of the described interface."""
    router = APIRouter(prefix="/console", include_in_schema=False)
    known = assets()

    @router.get("")
    def moved() -> Response:
        return RedirectResponse("/console/", HTTPStatus.PERMANENT_REDIRECT)

    @router.get("/")
    def page(request: Request) -> Response:
        return _file(request, known[PAGE])

    @router.get("/session")
    def shown(request: Request) -> JSONResponse:
        session = sessions.read(request.cookies.get(COOKIE))
        if session is None:
            return answer(request, {"signed_in": False})
        principal = who(request, session.key)
        return answer(request, _told(principal, session.csrf))

    @router.post("/session")
    async def sign_in(request: Request) -> JSONResponse:
        key = _key(await _body(request))
        # Asks the records, and the Redis that gateways share: beside the loop.
        principal = await to_thread.run_sync(who, request, key)
        begun = sessions.begin(key)
        said = answer(request, _told(principal, begun.csrf))
        said.set_cookie(
            COOKIE,
            begun.cookie,
            max_age=SESSION_SECONDS,
            path="/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return said

    @router.delete("/session")
    def sign_out(request: Request) -> JSONResponse:
        session = sessions.read(request.cookies.get(COOKIE))
        if session is None or key_of(sessions, request) is None:
            raise RefusedError(
                HTTPStatus.FORBIDDEN, "forbidden", "Only the page itself can sign out."
            )
        sessions.end(session)
        said = answer(request, {"signed_in": False})
        said.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return said

    @router.get("/{name}")
    def file(request: Request, name: str) -> Response:
        if name not in known:
            raise RefusedError(HTTPStatus.NOT_FOUND, "not-found", "The console has no such file.")
        return _file(request, known[name])

    return router


def _told(principal: Principal, csrf: str) -> dict[str, Any]:
    return {
        "signed_in": True,
        "name": principal.name,
        "project": principal.project,
        "scopes": sorted(principal.scopes),
        "csrf": csrf,
    }


def _file(request: Request, asset: Asset) -> Response:
    headers = {**HEADERS, "ETag": asset.etag}
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(asset.data, headers=headers, media_type=asset.media_type)


async def _body(request: Request) -> bytes:
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > MOST_SIGN_IN_BYTES:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "That is no key.")
    return bytes(held)


def _key(body: bytes) -> str:
    """Return the key of a JSON object. A form of another site cannot send one unasked."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    key = found.get("key") if isinstance(found, dict) else None
    if not isinstance(key, str) or not key.strip():
        raise RefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "Give a key.", fields=("key",)
        )
    return key.strip().removeprefix("EVIDENT_KEY=")
