"""405 with `Allow` as it is meant (RFC 9110, 15.5.6): every method that the address has.

The framework names those of the first route that fits; an address here may have several routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.routing import Match, Route

from services.gateway.envelope import refusal_of_framework


def install_allowed(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Let `app` say which methods there are, by the routes of `routers`."""
    routes = [route for router in routers for route in router.routes if isinstance(route, Route)]

    def refused(request: Request, error: Exception) -> Response:
        answered = refusal_of_framework(request, error)
        methods = {
            method
            for route in routes
            if route.matches(request.scope)[0] is not Match.NONE
            for method in route.methods or ()
        }
        if methods:
            answered.headers["Allow"] = ", ".join(sorted(methods))
        return answered

    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, refused)
