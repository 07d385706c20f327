"""The doorbell: a ring begins a round, and nothing that is sent can do more than that."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from pipelines.errors import RequestError, ResourceError
from services.watcher.doorbell import MOST_BODY_BYTES, RINGS_AT_ONCE, doorbell


@pytest.fixture
def bell() -> Iterator[tuple[int, threading.Semaphore]]:
    """A doorbell: its port, and what counts its rings."""
    rings = threading.Semaphore(0)
    with doorbell("127.0.0.1:0", rings.release) as url:
        yield int(urlsplit(url).port or 0), rings


def answered(port: int, method: str, body: bytes = b"", **headers: str) -> int:
    """Send a request; return the status."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request(method, "/any/where", body, headers)
        return line.getresponse().status
    finally:
        line.close()


def test_a_ring_is_heard_whatever_it_carries(bell: tuple[int, threading.Semaphore]) -> None:
    """A POST rings, with a notification, with rubbish or with nothing."""
    port, rings = bell
    for body in (b"", b'{"Records": []}', b"\xff" * 70_000):
        assert answered(port, "POST", body) == 204
        assert rings.acquire(timeout=30)


def test_what_is_no_ring_is_refused(bell: tuple[int, threading.Semaphore]) -> None:
    """Other methods, and bodies without bound, begin no round."""
    port, rings = bell
    assert answered(port, "GET") == 501
    assert answered(port, "POST", **{"Content-Length": str(MOST_BODY_BYTES + 1)}) == 413
    assert answered(port, "POST", **{"Content-Length": "-1"}) == 413
    assert not rings.acquire(blocking=False)


def test_the_silent_do_not_use_it_up(bell: tuple[int, threading.Semaphore]) -> None:
    """Beyond a number of open lines the next is closed, and it rings again once they are gone."""
    port, rings = bell
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(RINGS_AT_ONCE)]
    try:
        with socket.create_connection(("127.0.0.1", port)) as late:
            late.settimeout(30)
            assert late.recv(1) == b""
    finally:
        for one in silent:
            one.close()
    for _ in range(1000):
        try:
            assert answered(port, "POST") == 204
        except (http.client.HTTPException, OSError):
            continue
        break
    assert rings.acquire(timeout=30)


@pytest.mark.parametrize("address", ["", "8702", "127.0.0.1:", "127.0.0.1:x", "h:65536", ":80"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """An address that is none is said to be none."""
    with pytest.raises(RequestError, match="no address"), doorbell(address, lambda: None):
        pass


def test_an_address_that_is_taken_is_said() -> None:
    """A port that somebody has is a reason in words."""
    with (
        doorbell("127.0.0.1:0", lambda: None) as url,
        pytest.raises(ResourceError, match="listen on"),
        doorbell(str(urlsplit(url).netloc), lambda: None),
    ):
        pass
