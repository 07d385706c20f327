"""Senders that send nothing cost the gateway a while of waiting, and cost others nothing."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from services.gateway.app import GatewayLimits
from tests.unit.services.gateway.platform_kit import Served, serving

THREADS = 40
"""How many threads the framework has for everything that it is asked."""
SOON = GatewayLimits(idle_seconds=0.2)


def stalled(
    served: Served, key: dict[str, str], stack: ExitStack, method: str, path: str, *more: str
) -> socket.socket:
    """Ask with a body that is announced with a thousand bytes and has three."""
    address = urlsplit(str(served.client.base_url))
    line = socket.create_connection((str(address.hostname), address.port), timeout=60)
    stack.enter_context(line)
    head = (
        f"{method} {path} HTTP/1.1",
        "Host: gateway",
        "Content-Length: 1000",
        f"Authorization: {key['Authorization']}",
        *more,
    )
    line.sendall(("\r\n".join(head) + "\r\n\r\nabc").encode())
    return line


def begun(folder: Path) -> int:
    """How many files were begun that are no objects yet."""
    return len(list((folder / "artifacts" / "incoming").iterdir()))


def test_a_sender_that_stalls_is_answered_and_leaves_nothing(tmp_path: Path) -> None:
    """Whoever announces bytes and sends none is told so; nothing of it is kept."""
    with serving(tmp_path, SOON) as served, ExitStack() as stack:
        line = stalled(served, served.key(), stack, "POST", "/v1/artifacts")
        found = line.makefile("rb").read()
        assert found.startswith(b"HTTP/1.1 408 "), found
        assert b'"sender-stalled"' in found
        assert (served.stored(), begun(tmp_path)) == ([], 0)


def test_a_go_that_stalls_keeps_what_had_arrived(tmp_path: Path) -> None:
    """An upload in several goes holds what came before its sender stalled."""
    with serving(tmp_path, SOON) as served, ExitStack() as stack:
        key = served.key()
        answer = served.client.post("/v1/artifacts", headers={**key, "Upload-Complete": "?0"})
        where = answer.headers["Location"]
        goes = ("Upload-Offset: 0", "Upload-Complete: ?1")
        found = stalled(served, key, stack, "PATCH", where, *goes).makefile("rb").read()
        assert found.startswith(b"HTTP/1.1 408 "), found
        assert served.client.head(where, headers=key).headers["Upload-Offset"] == "3"


def test_many_slow_senders_hold_nobody_up(tmp_path: Path) -> None:
    """While more files dribble in than there are threads, questions are answered all the same."""
    with serving(tmp_path) as served, ExitStack() as stack:
        key = served.key()
        for _ in range(THREADS + 5):
            stalled(served, key, stack, "POST", "/v1/artifacts")
        deadline = time.monotonic() + 60
        while begun(tmp_path) < THREADS and time.monotonic() < deadline:
            time.sleep(0.05)
        assert begun(tmp_path) >= THREADS
        assert served.client.get("/v1/jobs", headers=key).status_code == 200
