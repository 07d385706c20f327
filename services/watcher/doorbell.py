"""An address that begins a round: where a bucket's notifications are sent, or an uploader rings.

Promised: a ring says nothing and decides nothing. What it carries is read up to a bound and thrown
away, for the place itself is looked at; whoever can reach the address can have a round begin a
little sooner, and nothing else. So it needs no key. Loopback unless another address is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipelines.errors import RequestError, ResourceError

MOST_BODY_BYTES = 1 << 20
SECONDS_PER_RING = 10.0
RINGS_AT_ONCE = 16


@contextmanager
def doorbell(address: str, ring: Callable[[], None]) -> Iterator[str]:
    """Call `ring` for every POST to `address` (`host:port`) while the block lasts; give its URL.

    Raises `RequestError` for what is no address, `ResourceError` where it cannot be had.
    """
    host, port = _parsed(address)
    handler = type("Ring", (_Ring,), {"ring": staticmethod(ring)})
    try:
        server = _Server((host, port), handler)
    except OSError as error:
        raise ResourceError(
            f"Nothing can listen on {address}: {error.strerror or error}.",
            next_step="Name an address of this machine and a free port.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        raise RequestError(
            f"{address} is no address to listen on.", next_step="Write it like 127.0.0.1:8702."
        )
    return host, int(port)


class _Server(ThreadingHTTPServer):
    """Answers a few at once; whoever comes beyond that is turned away at the door."""

    daemon_threads = True
    _turns = threading.BoundedSemaphore(RINGS_AT_ONCE)

    def process_request(self, request: object, client_address: object) -> None:
        if self._turns.acquire(blocking=False):
            super().process_request(request, client_address)  # type: ignore[arg-type]
        else:
            self.shutdown_request(request)  # type: ignore[arg-type]

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._turns.release()


class _Ring(BaseHTTPRequestHandler):
    """One ring. Nothing of it is logged: it comes from outside and says nothing."""

    timeout = SECONDS_PER_RING
    server_version = "evident"
    sys_version = ""
    ring: Callable[[], None]

    def do_POST(self) -> None:
        """Take the ring."""
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdecimal()) or int(length) > MOST_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        self.rfile.read(int(length))
        self.ring()
        self._answer(HTTPStatus.NO_CONTENT)

    def log_message(self, *_said: object) -> None:
        """Say nothing."""

    def _answer(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
