"""Where a log's hashes and entries lie and how they are spelt: C2SP `tlog-tiles`.

https://c2sp.org/tlog-tiles. A tile holds up to 256 hashes of one level (level L of tiles is
level 8 L of the tree); an entry bundle holds up to 256 log entries, each behind its length in
two big-endian bytes. Here a log entry is the 32-byte commitment, never the body. Pure: paths
are strings, contents are bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.merkle import HASH_BYTES, NodeReader, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
CHECKPOINT_PATH = "checkpoint"
KEY_PATH = "vkey"

TileReader = Callable[[int, int, int], bytes]
"""Hands back the bytes of the tile at level, index and width."""


@dataclass(frozen=True, slots=True)
class TileName:
    """A tile of hashes: its tile level, its index and how many hashes it holds (1 to 256)."""

    level: int
    index: int
    width: int


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`, relative to the log's public folder."""
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """`tile/entries/<N>[.p/<W>]`, relative to the log's public folder."""
    return f"tile/entries/{_number(index)}{_partial(width)}"


def checkpoint_path(size: int) -> str:
    """Where the checkpoint of exactly `size` leaves is kept, relative to the public folder."""
    return f"checkpoints/{size}"


def encode_entries(commitments: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each commitment behind its length as a big-endian uint16."""
    return b"".join(len(one).to_bytes(2, "big") + one for one in commitments)


def decode_entries(data: bytes) -> tuple[bytes, ...]:
    """Return the commitments in an entry bundle; raises `EvidenceError` for any other form."""
    step = HASH_BYTES + 2
    found = tuple(data[at + 2 : at + step] for at in range(0, len(data), step))
    if not found or len(found) > TILE_WIDTH or encode_entries(found) != data:
        raise EvidenceError("An entry bundle is not a row of commitments.")
    if any(len(one) != HASH_BYTES for one in found):
        raise EvidenceError("An entry bundle holds something that is not a commitment.")
    return found


def node_reader(size: int, read_tile: TileReader) -> NodeReader:
    """Complete subtrees of a tree of `size` leaves, read from its tiles.

    Raises `EvidenceError` where a tile does not have the width that its name gives.
    """
    seen: dict[tuple[int, int], bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in seen:
            has = size >> (level * TILE_HEIGHT)
            width = min(TILE_WIDTH, has - index * TILE_WIDTH)
            data = read_tile(level, index, width)
            if len(data) != width * HASH_BYTES:
                raise EvidenceError(f"{tile_path(level, index, width)} has the wrong length.")
            seen[level, index] = data
        return seen[level, index]

    def read(level: int, index: int) -> bytes:
        if (index + 1) << level > size:
            raise EvidenceError(f"A tree of {size} leaves has no node {index} at level {level}.")
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        data = tile(tile_level, first // TILE_WIDTH)
        at = first % TILE_WIDTH
        row = [data[HASH_BYTES * n : HASH_BYTES * (n + 1)] for n in range(at, at + (1 << height))]
        while len(row) > 1:
            row = [node_hash(row[n], row[n + 1]) for n in range(0, len(row), 2)]
        return row[0]

    return read


def _number(index: int) -> str:
    """Spell groups of three digits, all but the last marked with `x`: 1234067 is x001/x234/067."""
    groups = [f"{index % 1000:03d}"]
    index //= 1000
    while index:
        groups.append(f"x{index % 1000:03d}")
        index //= 1000
    return "/".join(reversed(groups))


def _partial(width: int) -> str:
    if not 1 <= width <= TILE_WIDTH:
        raise EvidenceError(f"A tile is 1 to {TILE_WIDTH} wide, not {width}.")
    return "" if width == TILE_WIDTH else f".p/{width}"
