"""A server on this machine that hands over a file, breaks, lies and sends readers elsewhere."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from models.install.fetching import Fetching
from models.install.origin import Origin
from models.spec import OfficialFile, Sha256

CONTENT = bytes(range(256)) * 4096
NAME = "weights.bin"


class Server(ThreadingHTTPServer):
    """What it does with each request is a list of words; the last one stays."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[str] = ["whole"]
        self.seen: list[dict[str, str]] = []
        self.elsewhere = ""
        self.tag = '"one"'

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that leaves early is what some of these tests are about."""

    @property
    def host(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers as the script says."""

    server: Server

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer one request."""
        server = self.server
        server.seen.append({key.lower(): value for key, value in self.headers.items()})
        word = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        if word == "elsewhere" and self.path == "/" + NAME:
            self.send_response(302)
            self.send_header("Location", server.elsewhere)
            self.end_headers()
        elif word == "busy":
            self.send_error(503)
        elif word == "missing":
            self.send_error(404)
        elif word == "endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(64):
                self.wfile.write(CONTENT)
        else:
            self._file(word)

    def _file(self, word: str) -> None:
        start = 0
        asked = self.headers.get("Range", "")
        if asked and self.headers.get("If-Range") == self.server.tag and word != "no ranges":
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(CONTENT):
                self.send_error(416)
                return
        content = CONTENT[start:]
        self.send_response(206 if start else 200)
        if start:
            shown = start + 1 if word == "another part" else start
            last = len(CONTENT) - 1
            self.send_header("Content-Range", f"bytes {shown}-{last}/{len(CONTENT)}")
        self.send_header("ETag", self.server.tag)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if word == "cut" else content)


@contextmanager
def origin_server() -> Iterator[Server]:
    """Serve on loopback while the block lasts."""
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def task(server: Server, folder: Path, **changes: Any) -> Fetching:
    """A file of the server, pinned unless said otherwise."""
    digest = Sha256(hashlib.sha256(CONTENT).hexdigest())
    facts = {"sha256": digest, "size_bytes": len(CONTENT), **changes}
    official = OfficialFile(f"http://{server.host}/{NAME}", NAME, stated_by="a test", **facts)
    origin = Origin("http", frozenset({server.host}))
    return Fetching(official, folder, origin, pause=lambda _seconds: None)
