"""The body of a request as an iterator for a thread: bytes arrive by the loop, are used beside it.

Nothing is piled up: a piece is asked for when the one before is used, so a slow disk slows the
sender down. A sender that is gone, or that sends nothing for a minute, is an error in the middle,
after all that it sent, and never an early end: a thread waits for every one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus

from anyio import from_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.envelope import RefusedError

PIECE_BYTES = 1 << 20
IDLE_SECONDS = 60.0
"""How long a sender may send nothing."""


class RequestBody:
    """The body of `request`; iterate over it in a thread that anyio started."""

    def __init__(self, request: Request, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._stream = request.stream()
        self._idle_seconds = idle_seconds
        self._broken: ClientDisconnect | RefusedError | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces of about a mebibyte.

        Raises ClientDisconnect where the sender is gone, RefusedError (408) where it sends nothing.
        """
        while piece := from_thread.run(self._next_piece):
            yield piece

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
