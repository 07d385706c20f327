"""The line to the provenance service: bounded, private, and left alone where nothing answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pipelines.errors import RequestError
from services.provenance.service_line import (
    SealerAwayError,
    ServiceAddress,
    ServiceLine,
    TokenRefusedError,
    code_in,
    document,
    reason_in,
)
from services.telemetry.breaker import Breaker, BreakerState

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"result": {} }'


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on loopback and give every connection to `answer`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    line, _ = listener.accept()
                except TimeoutError:
                    continue
                with line:
                    line.settimeout(20)
                    line.recv(1 << 16)
                    answer(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join(20)


def line_to(url: str, *, seconds: float = 5.0, breaker: Breaker | None = None) -> ServiceLine:
    """A line with a token."""
    breaker = breaker or Breaker("provenance service", time.monotonic)
    return ServiceLine(ServiceAddress(url, "t" * 40, timeout_seconds=seconds), breaker)


@pytest.mark.parametrize(
    "url", ["", "log.example:8701", "ftp://127.0.0.1", "https://", "https://h/?x=1"]
)
def test_an_address_is_one(url: str) -> None:
    """What is no address of a service is refused before anything is sent."""
    with pytest.raises(RequestError, match="names no service"):
        line_to(url)


def test_a_token_crosses_no_network_in_the_clear() -> None:
    """Without TLS the service is on this machine's loopback, or it is not spoken to."""
    for host in ("log.example", "10.0.0.1", "[2001:db8::1]"):
        with pytest.raises(RequestError, match="in the clear"):
            line_to(f"http://{host}:8701")
    for host in ("localhost", "127.0.0.9", "[::1]"):
        line_to(f"http://{host}:8701")


def test_an_answer_comes_back_as_it_is() -> None:
    """Status, headers and body are the service's own; a result is taken out of its form."""
    with answering(lambda line: line.sendall(OK)) as url:
        answer = line_to(url).ask("GET", "/v1/x")
    assert (answer.status, document(answer)) == (200, {})


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\ntoo short",
    ],
)
def test_what_is_no_answer_is_an_absence(said: bytes) -> None:
    """A line that breaks, a fault over there and half an answer mean: not now."""
    with answering(lambda line: line.sendall(said)) as url, pytest.raises(SealerAwayError):
        line_to(url).ask("GET", "/v1/x")


def test_an_answer_is_bounded_in_length() -> None:
    """No more is read than was allowed, whatever length is claimed."""
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    with answering(lambda line: line.sendall(long)) as url, pytest.raises(SealerAwayError):
        line_to(url).ask("GET", "/v1/x", most_bytes=1000)


def test_an_answer_is_bounded_in_time() -> None:
    """A service that sends a byte now and then does not hold a worker for ever."""

    def drip(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            for _ in range(400):
                line.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            return

    with answering(drip) as url, pytest.raises(SealerAwayError):
        line_to(url, seconds=0.3).ask("GET", "/v1/x")


def test_a_refused_token_is_named() -> None:
    """A wrong token is said to be that, with what to do about it."""
    said = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    with answering(lambda line: line.sendall(said)) as url, pytest.raises(TokenRefusedError) as got:
        line_to(url).ask("GET", "/v1/x")
    assert "EVIDENT_PROVENANCE_TOKEN" in got.value.next_step


def test_a_refusal_says_why() -> None:
    """Code and reason of a problem are read, in an envelope and without one."""
    bodies = (
        b'{"error": {"code": "overtaken", "detail": "gone"}, "result": null}',
        b'{"code": "overtaken", "detail": "gone"}',
    )
    for body in bodies:
        said = b"HTTP/1.1 409 Conflict\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        with answering(lambda line, said=said: line.sendall(said)) as url:
            answer = line_to(url).ask("GET", "/v1/x")
        assert (code_in(answer), reason_in(answer)) == ("overtaken", "gone")


def test_what_does_not_answer_is_left_alone() -> None:
    """After a few absences in a row the service is not asked for a while."""
    breaker = Breaker("provenance service", time.monotonic)
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    line = line_to(url, breaker=breaker)
    for _ in range(5):
        with pytest.raises(SealerAwayError):
            line.ask("GET", "/v1/x")
    assert breaker.state is BreakerState.OPEN
    with pytest.raises(SealerAwayError, match="left alone"):
        line.ask("GET", "/v1/x")
