"""`/metrics` and `/healthz` of a process that serves nothing else: workers, keepers, probes.

It listens where it is told, on loopback unless told otherwise, and asks for no key: what it shows
are counts, without names of files, cases or people. A network that others reach is no place for
it; `docs/metrics.md` says how it is closed off.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from pipelines.errors import ResourceError
from services.telemetry.metrics import TEXT_TYPE, Metrics

_SECONDS_PER_REQUEST = 10


@contextmanager
def metrics_listener(
    metrics: Metrics, *, host: str, port: int, fault: Callable[[], Exception | None]
) -> Iterator[int]:
    """Answer while the block lasts; gives the port. `/healthz` is 503 once there is a `fault`."""
    try:
        server = ThreadingHTTPServer((host, port), _handler(metrics, fault))
    except OSError as error:
        raise ResourceError(
            f"Port {port} of {host} cannot be had: {error.strerror or error}.",
            next_step="Stop what uses it, or name another with EVIDENT_METRICS_PORT.",
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(
    metrics: Metrics, fault: Callable[[], Exception | None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS_PER_REQUEST
        server_version = "evident"
        sys_version = ""
        said: ClassVar[dict[bool, bytes]] = {True: b'{"status":"ok"}', False: b'{"status":"fault"}'}

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(HTTPStatus.OK, TEXT_TYPE, metrics.text())
            elif self.path == "/healthz":
                well = fault() is None
                status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(status, "application/json", self.said[well])
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing here.\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            """Say nothing of scrapes."""

        def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

    return Handler
