"""Writes a picture of at most 256 colours as PNG, row by row, in flat memory.

Source: Portable Network Graphics (W3C Recommendation, third edition): colour type 3 with a
palette, 8 bits per sample, filter type 0, and what the picture shows as iTXt chunks.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = 3
_CHUNK_BYTES = 1 << 16


class IndexedPng:
    """One picture of `width` x `height` on its way into `out`."""

    def __init__(
        self,
        out: BinaryIO,
        *,
        width: int,
        height: int,
        palette: NDArray[np.uint8],
        texts: Mapping[str, str],
    ) -> None:
        self._out = out
        self._width = width
        self._left = height
        self._deflate = zlib.compressobj(_LEVEL)
        self._waiting = bytearray()
        out.write(SIGNATURE)
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        self._chunk(b"PLTE", palette.tobytes())
        for keyword, text in texts.items():
            # Keyword, no compression, no language, no translated keyword (section 11.3.3.4).
            data = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
            self._chunk(b"iTXt", data)

    def write(self, rows: NDArray[np.uint8]) -> None:
        """Add palette indexes (n, width) uint8 below what is there."""
        count, width = rows.shape
        if width != self._width or count > self._left:
            raise ValueError(f"{count} rows of {width} do not go into what is left")
        self._left -= count
        filtered = np.zeros((count, width + 1), dtype=np.uint8)
        filtered[:, 1:] = rows
        self._data(self._deflate.compress(filtered.data))

    def finish(self) -> None:
        """Write what is left of the file. Raises ValueError where rows are missing."""
        if self._left:
            raise ValueError(f"{self._left} rows are missing")
        self._data(self._deflate.flush(), last=True)
        self._chunk(b"IEND", b"")

    def _data(self, data: bytes, *, last: bool = False) -> None:
        self._waiting += data
        while len(self._waiting) >= _CHUNK_BYTES or (last and self._waiting):
            self._chunk(b"IDAT", bytes(self._waiting[:_CHUNK_BYTES]))
            del self._waiting[:_CHUNK_BYTES]

    def _chunk(self, kind: bytes, data: bytes) -> None:
        checksum = zlib.crc32(kind + data)
        self._out.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum))
