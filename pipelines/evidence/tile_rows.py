"""The right edge of a tiled tree: the unfinished tile of every level, and what completes them.

Appending leaves hands out every tile that becomes complete; `unfinished` gives the partial ones
that a tree of this size also has (C2SP `tlog-tiles`). Memory is one tile per level, whatever
the size of the tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from pipelines.errors import EvidenceError
from pipelines.evidence.merkle import EMPTY_ROOT, HASH_BYTES, frontier_at
from pipelines.evidence.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    TileName,
    TileReader,
    node_reader,
    tile_path,
)


class TileRows:
    """A tree of `size` leaves that grows; `read_tile` hands back its unfinished tiles."""

    def __init__(self, size: int, read_tile: TileReader) -> None:
        self._size = size
        self._rows: list[list[bytes]] = []
        level = 0
        while size >> (level * TILE_HEIGHT):
            index, width = divmod(size >> (level * TILE_HEIGHT), TILE_WIDTH)
            tile = read_tile(level, index, width) if width else b""
            if len(tile) != width * HASH_BYTES:
                raise EvidenceError(f"{tile_path(level, index, width)} has the wrong length.")
            self._rows.append(
                [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
            )
            level += 1

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def root(self) -> bytes:
        """The 32-byte head."""
        if not self._size:
            return EMPTY_ROOT
        return frontier_at(self._size, node_reader(self._size, self._unfinished_tile)).root

    def append(self, leaves: Iterable[bytes]) -> Iterator[tuple[TileName, bytes]]:
        """Take more leaf hashes; yield each tile as it becomes complete."""
        for leaf in leaves:
            if not self._rows:
                self._rows.append([])
            self._rows[0].append(leaf)
            self._size += 1
            if len(self._rows[0]) == TILE_WIDTH:
                yield from self._complete()

    def unfinished(self, *, since: int) -> Iterator[tuple[TileName, bytes]]:
        """Yield the partial tiles that a tree of `since` leaves lacked, lowest level first."""
        for level, row in enumerate(self._rows):
            had, has = since >> (level * TILE_HEIGHT), self._size >> (level * TILE_HEIGHT)
            if row and has > had:
                yield TileName(level, has // TILE_WIDTH, len(row)), b"".join(row)

    def _complete(self) -> Iterator[tuple[TileName, bytes]]:
        """Hand out the full rows, from the lowest up, each leaving its head in the next."""
        level = 0
        while len(self._rows[level]) == TILE_WIDTH:
            row, self._rows[level] = self._rows[level], []
            index = (self._size >> (level * TILE_HEIGHT)) // TILE_WIDTH - 1
            yield TileName(level, index, TILE_WIDTH), b"".join(row)
            level += 1
            if level == len(self._rows):
                self._rows.append([])
            self._rows[level].append(_head(row))

    def _unfinished_tile(self, level: int, index: int, width: int) -> bytes:
        del index, width
        return b"".join(self._rows[level])


def _head(row: list[bytes]) -> bytes:
    """Return the head over a full row of hashes (RFC 6962, section 2.1, without its calls)."""
    sha256 = hashlib.sha256
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return row[0]
