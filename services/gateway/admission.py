"""Who may ask what: the key of a request, its scope, and how often its owner asks.

Without a key that stands for somebody a request learns nothing, not even whether what it names
is there. Wrong keys are counted by address, so that guessing is slow; right ones by owner.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.auth.doors import Doors
from services.auth.scopes import Principal, Scope
from services.gateway.envelope import RefusedError
from services.gateway.rate_limits import Counts

_BEARER = HTTPBearer(auto_error=False, description="A key: EVIDENT_KEY=… as it was printed.")


SessionKey = Callable[[Request], str | None]
"""Tells the key that a request's session stands for, None where it has none."""


def _no_session(_request: Request) -> None:
    return None


class Admission:
    """Makes dependencies that admit a request; `wrong` is counted by address.

    A request without a key of its own may have a session of the console, which stands for one.
    """

    def __init__(
        self,
        doors: Doors,
        limits: Counts,
        wrong: Counts,
        *,
        session_key: SessionKey = _no_session,
    ) -> None:
        self._doors = doors
        self._limits = limits
        self._wrong = wrong
        self._session_key = session_key

    def who(self, request: Request, key: str | None) -> Principal:
        """Return whom `key` stands for; refused where for nobody, or where too much is asked."""
        principal = None if key is None else self._doors.principal(key)
        if principal is None:
            address = request.client.host if request.client else "unknown"
            _refuse_often(self._wrong.take(address))
            raise RefusedError(
                HTTPStatus.UNAUTHORIZED, "unauthorized", "A key is needed that is in force."
            )
        _refuse_often(self._limits.take(f"{principal.project}/{principal.name}"))
        return principal

    def requires(self, scope: Scope) -> Callable[..., Principal]:
        """Return a dependency that gives the principal, whose key must have `scope`."""

        def admit(
            request: Request,
            given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
        ) -> Principal:
            key = self._session_key(request) if given is None else given.credentials
            principal = self.who(request, key)
            if scope not in principal.scopes:
                raise RefusedError(
                    HTTPStatus.FORBIDDEN, "forbidden", f"This key lacks the scope {scope}."
                )
            request.state.principal = principal
            return principal

        return admit


class EvidenceDoor:
    """Admits keys that may read evidence, in the form that the routes of evidence ask for."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def admits(self, key: str) -> bool:
        """Whether `key` may."""
        principal = self._doors.principal(key)
        return principal is not None and Scope.EVIDENCE_READ in principal.scopes


def _refuse_often(seconds: float) -> None:
    if seconds:
        raise RefusedError(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests; ask again later.",
            headers={"Retry-After": str(int(seconds) + 1)},
        )
