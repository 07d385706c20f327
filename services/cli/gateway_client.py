"""A client of a gateway, of the standard library alone: uploads that go on, jobs, events, results.

The key comes from `EVIDENT_KEY`, or from the credentials of the home; it is sent to the gateway
that was named and to no other, and over a network only by TLS. A redirect is not followed.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from pipelines.errors import EvidenceError, RequestError, ResourceError
from services.auth.credentials import CREDENTIALS_FILE

DEFAULT_GATEWAY = "http://127.0.0.1:8700"
KEY_VARIABLE = "EVIDENT_KEY"

_PART_BYTES = 64 << 20
_MOST_ANSWER_BYTES = 16 << 20
_TRIES = 6
_MOST_CREDENTIALS_BYTES = 4096
_OFFSET = "Upload-Offset"
_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}


def key_from(home: Path) -> str:
    """Return the key to use. RequestError where there is none."""
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        try:
            with (home / CREDENTIALS_FILE).open("rb") as file:
                text = file.read(_MOST_CREDENTIALS_BYTES).decode("ascii", "replace")
        except OSError as error:
            raise RequestError(
                "There is no key for the gateway.",
                next_step=f"Set {KEY_VARIABLE}, or name the home of `evident serve`.",
            ) from error
        key = text.strip().removeprefix(f"{KEY_VARIABLE}=")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise RequestError(f"{KEY_VARIABLE} is no key.", next_step="Copy it as it was printed.")
    return key


class GatewayClient:
    """Asks the gateway at `url` with `key`. Raises RequestError for refusals, ResourceError."""

    def __init__(self, url: str, key: str, *, timeout_seconds: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise RequestError(
                "The address of the gateway is not one.",
                next_step=f"Write it like {DEFAULT_GATEWAY}.",
            )
        if parts.scheme == "http" and not _is_here(parts.hostname):
            raise RequestError(
                "The key would be sent in the clear.", next_step="Name the gateway with https://."
            )
        self._parts = parts
        self._key = key
        self._timeout_seconds = timeout_seconds

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the `result` of an answer."""
        data = None if body is None else json.dumps(body).encode()
        words = {"Content-Type": "application/json"} if data is not None else {}
        with self._answering(method, path, data, {**words, **(headers or {})}) as answer:
            return _result(answer)

    def discard(self, path: str) -> None:
        """Delete what lies at a path; the answer has no body."""
        with self._answering("DELETE", path, None, {}) as answer:
            if answer.status != HTTPStatus.NO_CONTENT:
                _result(answer)

    def upload(self, path: Path, *, said: Callable[[int, int], None]) -> dict[str, Any]:
        """Upload a file in several goes, each of which is tried again where the line breaks.

        `said` hears of bytes sent, and of how many there are.
        """
        with path.open("rb") as file:
            digest, size = hashlib.sha256(), 0
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
            spelt = base64.b64encode(digest.digest()).decode("ascii")
            begun = self.ask(
                "POST",
                f"/v1/artifacts?name={quote(path.name.encode('utf-8', 'replace')[:255])}",
                headers={"Upload-Complete": "?0", "Repr-Digest": f"sha-256=:{spelt}:"},
            )
            where = f"/v1/artifacts/uploads/{begun['upload']}"
            return self._sent(file, size, where, said)

    def _sent(
        self, file: BinaryIO, size: int, where: str, said: Callable[[int, int], None]
    ) -> dict[str, Any]:
        at, broken = 0, 0
        while True:
            said(at, size)
            stop = min(size, at + _PART_BYTES)
            file.seek(at)
            words = {
                _OFFSET: str(at),
                "Upload-Complete": "?1" if stop == size else "?0",
                "Content-Length": str(stop - at),
                "Content-Type": "application/octet-stream",
            }
            try:
                with self._answering("PATCH", where, _Part(file, stop - at), words) as answer:
                    result = _result(answer)
            except ResourceError:
                broken += 1
                if broken == _TRIES:
                    raise
                time.sleep(min(10.0, 0.5 * 2**broken))
                at = self._held(where)
                continue
            if "artifact" in result:
                said(size, size)
                return result
            at, broken = int(result["held"]), 0

    def _held(self, where: str) -> int:
        with self._answering("HEAD", where, None, {}) as answer:
            if answer.status != HTTPStatus.NO_CONTENT:
                raise RequestError(
                    "The gateway knows nothing of this upload any more.",
                    next_step="Submit the file again.",
                )
            return int(answer.headers[_OFFSET])

    def events(self, job: str, *, after: int = 0) -> Iterator[dict[str, Any]]:
        """Yield a job's events as they happen, until it is final; goes on where a line broke."""
        broken = 0
        while broken < _TRIES:
            try:
                words = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
                with self._answering("GET", f"/v1/jobs/{job}/events", None, words) as answer:
                    if answer.status == HTTPStatus.NO_CONTENT:
                        return
                    if answer.status != HTTPStatus.OK:
                        _result(answer)
                    for name, data in _blocks(answer):
                        if name == "end":
                            return
                        after, broken = int(data["number"]), 0
                        yield data
            except ResourceError:
                broken += 1
                time.sleep(min(10.0, 0.5 * 2**broken))
        raise ResourceError("The gateway's events break off again and again.")

    def download(self, artifact: str, path: Path) -> None:
        """Fetch an artifact to `path`, which must not be there; its digest is checked."""
        part = path.with_name(f".{path.name}.part")
        digest = hashlib.sha256()
        try:
            with (
                self._answering("GET", f"/v1/artifacts/{artifact}", None, {}) as answer,
                part.open("wb") as file,
            ):
                if answer.status != HTTPStatus.OK:
                    _result(answer)
                while chunk := answer.read(1 << 20):
                    digest.update(chunk)
                    file.write(chunk)
            if f"sha256:{digest.hexdigest()}" != artifact:
                raise EvidenceError("What arrived does not have the artifact's digest.")
            os.link(part, path)
        except FileExistsError as error:
            raise RequestError(
                f"{path} is there already.", next_step="Name another folder."
            ) from error
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _answering(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        words = {**headers, "Authorization": f"Bearer {self._key}"}
        with closing(self._connection()) as connection:
            try:
                try:
                    connection.request(method, self._parts.path.rstrip("/") + path, body, words)
                except (BrokenPipeError, ConnectionResetError):
                    # Where it refuses before it has read everything, its answer says why.
                    yield connection.getresponse()
                    return
                yield connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise ResourceError(
                    f"The gateway does not answer: {type(error).__name__}.",
                    next_step="See whether `evident serve` runs, and where.",
                ) from error

    def _connection(self) -> http.client.HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self._timeout_seconds, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, port, timeout=self._timeout_seconds)


class _Part:
    """So many bytes of a file, from where it stands, for a request's body."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the part."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        return data


def _result(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """Return an answer's result. Raises RequestError, or ResourceError where asking again helps."""
    try:
        document = json.loads(answer.read(_MOST_ANSWER_BYTES))
        result, problem = document["result"], document["error"] or {}
    except (ValueError, TypeError, KeyError) as error:
        raise ResourceError(
            f"The gateway answered {answer.status}, and not as a gateway does.",
            next_step="See whether the address is that of a gateway.",
        ) from error
    if answer.status < HTTPStatus.BAD_REQUEST and isinstance(result, dict):
        return result
    fields = ", ".join(problem.get("fields") or ())
    reason = f"{problem.get('detail') or answer.status}" + (f" ({fields})" if fields else "")
    if answer.status in _LATER or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ResourceError(reason)
    raise RequestError(reason)


def _blocks(answer: http.client.HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a stream of events (WHATWG HTML, 9.2) as names and data."""
    name, data = "", ""
    for raw in answer:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data:
                yield name, json.loads(data)
            name, data = "", ""
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data += line.removeprefix("data: ")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
