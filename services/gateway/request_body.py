"""The body of a request as an iterator for a thread: bytes arrive by the loop, are used beside it.

Bytes go on arriving while the thread is busy with those before, and nothing is piled up: no more
than `AHEAD` pieces wait for it, so a slow disk slows the sender down. A sender that is gone, or
that sends nothing for a minute, is an error in the middle, after all that it sent, and never an
early end: a thread waits for every one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from anyio import from_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.envelope import RefusedError

PIECE_BYTES = 1 << 20
IDLE_SECONDS = 60.0
"""How long a sender may send nothing."""


AHEAD = 4
"""So many pieces wait at most for whoever uses them."""


class RequestBody:
    """The body of `request`; iterate over it once, in a thread that anyio started.

    For an `async with` statement in the loop, which outlasts the thread: leaving it ends reading.
    """

    def __init__(self, request: Request, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._stream = request.stream()
        self._idle_seconds = idle_seconds
        self._broken: ClientDisconnect | RefusedError | None = None
        self._room = asyncio.Semaphore(AHEAD)
        self._arrived: SimpleQueue[bytes | Exception] = SimpleQueue()
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces of about a mebibyte.

        Raises ClientDisconnect where the sender is gone, RefusedError (408) where it sends nothing.
        """
        loop = from_thread.run_sync(self._begin)
        while piece := self._arrived.get():
            if isinstance(piece, Exception):
                raise piece
            loop.call_soon_threadsafe(self._room.release)
            yield piece

    def _begin(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        self._reader = loop.create_task(self._read())
        return loop

    async def _read(self) -> None:
        """Read to the end; whatever that is, the thread that waits hears of it."""
        # Where this task is cancelled, nobody reads any more.
        ended: bytes | Exception = ClientDisconnect()
        try:
            await self._room.acquire()
            while piece := await self._next_piece():
                self._arrived.put(piece)
                await self._room.acquire()
            ended = piece
        except Exception as error:  # noqa: BLE001 - it is raised where the bytes are used
            ended = error
        finally:
            self._arrived.put(ended)

    async def _next_piece(self) -> bytes:
        if self._broken is not None:
            raise self._broken
        held: list[bytes] = []
        size = 0
        try:
            while size < PIECE_BYTES:
                async with asyncio.timeout(self._idle_seconds):
                    chunk = await anext(self._stream, None)
                if chunk is None:
                    break
                held.append(chunk)
                size += len(chunk)
        except (ClientDisconnect, TimeoutError) as error:
            broken = _stalled() if isinstance(error, TimeoutError) else error
            if not size:
                raise broken from error
            # What had arrived is handed on first: an upload in several goes holds it.
            self._broken = broken
        return held[0] if len(held) == 1 else b"".join(held)


def _stalled() -> RefusedError:
    return RefusedError(
        HTTPStatus.REQUEST_TIMEOUT,
        "sender-stalled",
        "Nothing was sent for too long.",
        headers={"Connection": "close"},
    )
