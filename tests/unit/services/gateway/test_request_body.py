"""The body of a request, read ahead of whoever uses it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from anyio import to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.request_body import AHEAD, PIECE_BYTES, RequestBody

SOON = 30.0
MANY = 3 * AHEAD


class Sender:
    """Sends pieces as fast as they are read; what it `sent` is counted."""

    def __init__(self, pieces: int, *, breaks_off: bool = False) -> None:
        self.sent = 0
        self._pieces = pieces
        self._breaks_off = breaks_off

    async def receive(self) -> dict[str, object]:
        """Give the next piece as a server does."""
        if self.sent == self._pieces and self._breaks_off:
            return {"type": "http.disconnect"}
        self.sent += 1
        is_last = self.sent == self._pieces and not self._breaks_off
        body = bytes([self.sent]) * PIECE_BYTES
        return {"type": "http.request", "body": body, "more_body": not is_last}


def use(sender: Sender, work: Callable[[RequestBody], object]) -> object:
    """Use the body that `sender` sends, in a thread."""

    async def route() -> object:
        request = Request({"type": "http", "method": "POST", "headers": []}, sender.receive)
        async with RequestBody(request, idle_seconds=SOON) as body:
            return await to_thread.run_sync(work, body)

    return asyncio.run(route())


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail where it does not in time."""
    deadline = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_all_bytes_come_in_their_order() -> None:
    """What was sent is what is used, piece for piece."""
    used = use(Sender(MANY), lambda body: [(piece[0], len(piece)) for piece in body])
    assert used == [(number, PIECE_BYTES) for number in range(1, MANY + 1)]


def test_bytes_arrive_while_the_thread_is_busy() -> None:
    """The next pieces are read while the first is in use."""
    sender = Sender(MANY)

    def work(body: RequestBody) -> int:
        pieces = iter(body)
        next(pieces)
        wait_for(lambda: sender.sent > AHEAD)
        return 1 + sum(1 for _ in pieces)

    assert use(sender, work) == MANY


def test_no_more_waits_than_is_allowed() -> None:
    """However fast the sender is, only so many pieces are held that nobody has asked for."""
    sender = Sender(MANY)

    def work(body: RequestBody) -> list[int]:
        return [sender.sent - used for used, _ in enumerate(body, start=1)]

    held = use(sender, work)
    assert isinstance(held, list)
    assert max(held) <= AHEAD + 1


def test_a_sender_that_is_gone_is_an_error_after_what_it_sent() -> None:
    """All that arrived is handed on before the error."""
    kept: list[int] = []

    def keep(body: RequestBody) -> None:
        for piece in body:
            kept.append(piece[0])  # noqa: PERF401 - what came before the error is looked at

    with pytest.raises(ClientDisconnect):
        use(Sender(MANY, breaks_off=True), keep)
    assert kept == list(range(1, MANY + 1))


def test_whoever_stops_early_ends_the_reading() -> None:
    """An error of the thread leaves no task behind that reads on."""
    sender = Sender(MANY)

    def work(body: RequestBody) -> None:
        for _ in body:
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        use(sender, work)
    assert sender.sent <= AHEAD + 2


def test_a_body_that_nobody_uses_is_not_read() -> None:
    """A request that is refused before its bytes are wanted costs no bytes."""
    sender = Sender(MANY)
    use(sender, lambda _body: None)
    assert sender.sent == 0
