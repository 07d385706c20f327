"""Bytes that come out of a store piece by piece: an iterator that gives its source back.

Promised: the source is closed at the end, at an error, and when the `with` block is left; an
early end of the source is an error of the source, never a shorter answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

CHUNK_BYTES = 1 << 20
"""Pieces are at most this long."""


class ByteStream(Iterator[bytes]):
    """Up to `length` bytes of `read`, all of them for None; `close` is called once."""

    def __init__(
        self, read: Callable[[int], bytes], close: Callable[[], None], *, length: int | None = None
    ) -> None:
        self._read = read
        self._close = close
        self._left = length
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __next__(self) -> bytes:
        if not self._is_open:
            raise StopIteration
        wanted = CHUNK_BYTES if self._left is None else min(CHUNK_BYTES, self._left)
        try:
            piece = self._read(wanted) if wanted > 0 else b""
        except BaseException:
            self.close()
            raise
        if not piece:
            self.close()
            raise StopIteration
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Give the source back; a second call does nothing."""
        if self._is_open:
            self._is_open = False
            self._close()
