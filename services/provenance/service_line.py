"""The line to the provenance service on another host: one question, one answer, all bounded.

Promised: an answer comes within a deadline or is `SealerAwayError`; no more of it is read than
was allowed; the token goes to the host that was named and over a network by TLS alone; nothing
is redirected. A breaker stands before the line, so what does not answer is left alone.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import EvidentError, RequestError, ResourceError
from services.telemetry.breaker import Breaker, CircuitOpenError

SERVICE = "provenance service"
"""What its breaker is called."""

MOST_ANSWER_BYTES = 256 << 20
CONNECT_SECONDS = 10.0
_CHUNK_BYTES = 1 << 20
_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}


class SealerAwayError(ResourceError):
    """The provenance service does not answer: entries are safe, and the export waits for it."""


class TokenRefusedError(SealerAwayError):
    """The provenance service does not admit the token of this process."""


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where the service is. `ca` are certificates (PEM) to trust in place of the system's.

    A seal may wait for another sealer, and for witnesses: `timeout_seconds` is longer than both.
    """

    url: str
    token: str = field(repr=False)
    ca: Path | None = None
    timeout_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ServiceLine:
    """Asks the service at `address`. Raises RequestError where the address is no safe one."""

    def __init__(self, address: ServiceAddress, breaker: Breaker) -> None:
        parts = urlsplit(address.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise RequestError(
                "EVIDENT_PROVENANCE names no service.",
                next_step="Write it like https://log.example:8701.",
            )
        if parts.scheme == "http" and not is_here(parts.hostname):
            raise RequestError(
                "The token of the provenance service would be sent in the clear.",
                next_step="Name the service with https://, and its authority in "
                "EVIDENT_PROVENANCE_CA where that is your own.",
            )
        self._parts = parts
        self._address = address
        self._breaker = breaker
        self._context = _context(address.ca) if parts.scheme == "https" else None

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_ANSWER_BYTES,
    ) -> Answer:
        """Return the answer whatever its status is, but for those that mean "not now".

        Raises SealerAwayError for these and while it is left alone, TokenRefusedError for 401.
        """
        data = None if body is None else json.dumps(body).encode()
        words = {"Authorization": f"Bearer {self._address.token}", **(headers or {})}
        if data is not None:
            words["Content-Type"] = "application/json"
        try:
            with self._breaker.call():
                answer = self._asked(method, path, data, words, most_bytes)
                _require_now(answer)
        except CircuitOpenError as error:
            raise SealerAwayError(str(error), next_step=error.next_step) from error
        return answer

    def _asked(
        self, method: str, path: str, data: bytes | None, words: Mapping[str, str], most: int
    ) -> Answer:
        deadline = time.monotonic() + self._address.timeout_seconds
        with closing(self._connection()) as connection:
            try:
                connection.connect()
                connection.sock.settimeout(self._address.timeout_seconds)
                target = self._parts.path.rstrip("/") + path
                connection.request(method, target, data, dict(words))
                response = connection.getresponse()
                body = _read(response, most, deadline)
            except (OSError, http.client.HTTPException) as error:
                raise SealerAwayError(
                    f"The provenance service does not answer: {type(error).__name__}.",
                    next_step="Work goes on and its export waits; see whether `evident "
                    "provenance --seals` runs on the host of the log.",
                ) from error
            return Answer(response.status, dict(response.headers.items()), body)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        seconds = min(CONNECT_SECONDS, self._address.timeout_seconds)
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=seconds)
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=self._context)


def _require_now(answer: Answer) -> None:
    """Raise where the answer is that it does not answer, or not to us."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefusedError(
            "The provenance service does not admit the token of this process.",
            next_step="Copy the token that the service reads into the file that "
            "EVIDENT_PROVENANCE_TOKEN names.",
        )
    if answer.status in _LATER or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SealerAwayError(
            f"The provenance service cannot answer now ({answer.status}): {reason_in(answer)}",
            next_step="It is asked again; look at the service on the host of the log.",
        )


def document(answer: Answer) -> dict[str, Any]:
    """Return the `result` of an answer in the usual form; SealerAwayError for another form."""
    try:
        found = json.loads(answer.body)
        result = found["result"]
    except (ValueError, TypeError, KeyError) as error:
        raise _strange(answer) from error
    if not isinstance(result, dict):
        raise _strange(answer)
    return result


def code_in(answer: Answer) -> str:
    """Return the code of the problem in an answer, nothing where it has none."""
    problem = _problem(answer)
    return str(problem.get("code", ""))


def reason_in(answer: Answer) -> str:
    """Return why an answer refuses, in its own words."""
    return str(_problem(answer).get("detail", "no reason was given"))[:1000]


def refused(answer: Answer, kind: type[EvidentError] = ResourceError) -> EvidentError:
    """Return the error that a refusal means to a person."""
    return kind(f"The provenance service refuses it: {reason_in(answer)}")


def is_here(host: str) -> bool:
    """Whether `host` is this machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problem(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    error = found.get("error", found) if isinstance(found, dict) else None
    return error if isinstance(error, dict) else {}


def _strange(answer: Answer) -> SealerAwayError:
    return SealerAwayError(
        f"What answers {answer.status} is no provenance service of this version.",
        next_step="Check EVIDENT_PROVENANCE, and that both hosts run one version.",
    )


def _read(response: http.client.HTTPResponse, most: int, deadline: float) -> bytes:
    """Read the body, of up to `most` bytes, before the deadline."""
    held = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        held += chunk
        if len(held) > most:
            raise http.client.HTTPException("the answer is too long")
        if time.monotonic() > deadline:
            raise TimeoutError
    if response.length:
        raise http.client.IncompleteRead(bytes(held), response.length)
    return bytes(held)


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise RequestError(
            f"EVIDENT_PROVENANCE_CA: {ca} holds no certificates that can be read.",
            next_step="Name a file of certificates (PEM).",
        ) from error
