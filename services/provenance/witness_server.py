"""A witness over HTTP on this machine alone: `POST /add-checkpoint`, and nothing else.

Requests are bounded in size and in time. It listens on loopback; to serve others a deployment
puts a reverse proxy before it.
"""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipelines.errors import EvidentError
from pipelines.evidence.witness_request import MAX_REQUEST_BYTES
from services.provenance.witness import Witness

HOST = "127.0.0.1"
PATH = "/add-checkpoint"
REQUEST_SECONDS = 10.0


class WitnessServer(ThreadingHTTPServer):
    """Serves `witness` on `port` of loopback; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, witness: Witness, port: int) -> None:
        self.witness = witness
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        """Where logs submit."""
        return f"http://{HOST}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server_version = "evident-witness"
    sys_version = ""
    timeout = REQUEST_SECONDS
    server: WitnessServer

    def do_POST(self) -> None:
        """Answer a request."""
        length = self.headers.get("Content-Length", "")
        if self.path != PATH:
            self._reply(HTTPStatus.NOT_FOUND, b"not found\n", "text/plain")
        elif not length.isascii() or not length.isdecimal():
            self._reply(HTTPStatus.LENGTH_REQUIRED, b"length required\n", "text/plain")
        elif len(length) > 9 or int(length) > MAX_REQUEST_BYTES:
            self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"too large\n", "text/plain")
        else:
            try:
                reply = self.server.witness.add_checkpoint(self.rfile.read(int(length)))
            except (EvidentError, OSError):
                # Its memory cannot be read or written: it must not sign, and says no more.
                self._reply(HTTPStatus.INTERNAL_SERVER_ERROR, b"out of order\n", "text/plain")
            else:
                self._reply(reply.answer, reply.body, reply.content_type)

    def _reply(self, status: int, body: bytes, content_type: str) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: a witness keeps what it signed, not who asked."""
