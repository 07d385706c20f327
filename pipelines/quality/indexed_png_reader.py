"""Reads the pictures that `indexed_png` writes, strip by strip, and refuses everything else.

So the report's drawing of a map can be made again from the map's file alone. The file may have
been through other hands: sizes are held to what is expected before a byte is inflated, and no
more is inflated than that size has.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from pipelines.errors import EvidenceError
from pipelines.quality.indexed_png import SIGNATURE
from pipelines.quality.thumbnail import Steps, Thumbnail

_MOST_CHUNK = 1 << 20
_STRIP_BYTES = 1 << 20


def thumbnail_of(file: BinaryIO, *, width: int, height: int) -> Steps:
    """Draw a map small again, (rows, columns) uint8 steps. Raises EvidenceError."""
    thumbnail = Thumbnail(height=height, width=width)
    for strip in read_steps(file, width=width, height=height):
        thumbnail.add(strip)
    return thumbnail.dots()


def read_steps(file: BinaryIO, *, width: int, height: int) -> Iterator[Steps]:
    """Yield strips of whole rows, (n, width) uint8 steps.

    Raises EvidenceError for any file that is not a map of this size in our own form.
    """
    if file.read(len(SIGNATURE)) != SIGNATURE:
        raise _refused("no PNG")
    expected = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    inflate = zlib.decompressobj()
    strip_rows = max(1, _STRIP_BYTES // (width + 1))
    waiting, left, first = bytearray(), height, True
    for kind, data in _chunks(file):
        if first and (kind, data) != (b"IHDR", expected):
            raise _refused("another size or form")
        first = False
        packed = data if kind == b"IDAT" else b""
        while packed:
            try:
                waiting += inflate.decompress(packed, strip_rows * (width + 1))
            except zlib.error as error:
                raise _refused("its samples do not inflate") from error
            packed = inflate.unconsumed_tail
            rows = len(waiting) // (width + 1)
            if rows > left or (rows == left and len(waiting) % (width + 1)):
                raise _refused("more samples than it says")
            if rows:
                yield _rows(bytes(waiting[: rows * (width + 1)]), rows)
                del waiting[: rows * (width + 1)]
                left -= rows
    if left or waiting or not inflate.eof:
        raise _refused("fewer samples than it says")


def _rows(data: bytes, rows: int) -> Steps:
    """Take the filter type off every row; ours is always 0."""
    lines = np.frombuffer(data, np.uint8).reshape(rows, -1)
    if lines[:, 0].any():
        raise _refused("a filter that maps do not use")
    return lines[:, 1:]


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield every chunk up to IEND, its checksum checked."""
    while True:
        head = file.read(8)
        if len(head) != 8:
            raise _refused("it ends early")
        length, kind = struct.unpack(">I4s", head)
        if length > _MOST_CHUNK:
            raise _refused("a chunk that maps do not have")
        data = file.read(length)
        if file.read(4) != struct.pack(">I", zlib.crc32(kind + data)):
            raise _refused("a checksum that does not hold")
        if kind == b"IEND":
            return
        yield kind, data


def _refused(reason: str) -> EvidenceError:
    return EvidenceError(
        f"The map cannot be read: {reason}.",
        next_step="Take the file from the bundle again; it is not as it was written.",
    )
