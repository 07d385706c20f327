"""The body of a request as an iterator for a thread: bytes arrive by the loop, are used beside it.

Nothing is piled up: a piece is asked for when the one before is used, so a slow disk slows the
sender down. A sender that is gone is an error in the middle, after all that it sent, and never
an early end.
"""

from __future__ import annotations

from collections.abc import Iterator

from anyio import from_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

PIECE_BYTES = 1 << 20


class RequestBody:
    """The body of `request`; iterate over it in a thread that anyio started."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()
        self._broken: ClientDisconnect | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces of about a mebibyte. Raises ClientDisconnect where the sender is gone."""
        while piece := from_thread.run(self._next_piece):
            yield piece

    async def _next_piece(self) -> bytes:
        if self._broken is not None:
            raise self._broken
        held: list[bytes] = []
        size = 0
        try:
            async for chunk in self._stream:
                held.append(chunk)
                size += len(chunk)
                if size >= PIECE_BYTES:
                    break
        except ClientDisconnect as error:
            if not size:
                raise
            # What had arrived is handed on first: an upload in several goes holds it.
            self._broken = error
        return held[0] if len(held) == 1 else b"".join(held)
