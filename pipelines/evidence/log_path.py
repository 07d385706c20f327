"""What a name in a log's public folder means; every name has one spelling, and others none.

The reverse of the functions of `tiles` that make the names. Pure: text in, meaning or None out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.evidence.tiles import (
    CHECKPOINT_PATH,
    KEY_PATH,
    TILE_WIDTH,
    checkpoint_path,
    entries_path,
    tile_path,
)

MAX_LEAVES = 1 << 40
"""More leaves than any log of ours will have; larger numbers in names are refused."""

_TILE = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/(?P<index>(?:x[0-9]{3}/){0,4}[0-9]{3})"
    r"(?:\.p/(?P<width>[0-9]{1,3}))?"
)
_HEAD = re.compile(r"checkpoints/([1-9][0-9]{0,12})")
_SINGLE = {CHECKPOINT_PATH, KEY_PATH}


@dataclass(frozen=True, slots=True)
class TileFile:
    """A tile of hashes, or, with level None, an entry bundle; `width` of its entries."""

    level: int | None
    index: int
    width: int

    @property
    def leaves(self) -> int:
        """How many leaves a tree must have for the file to belong to it."""
        return (self.index * TILE_WIDTH + self.width) << (8 * (self.level or 0))

    @property
    def path(self) -> str:
        """The file's name in the public folder."""
        if self.level is None:
            return entries_path(self.index, self.width)
        return tile_path(self.level, self.index, self.width)


@dataclass(frozen=True, slots=True)
class HeadFile:
    """The head of a tree of `size` leaves, kept for good."""

    size: int


@dataclass(frozen=True, slots=True)
class SingleFile:
    """A file of which a log has one."""

    path: str


LogFile = TileFile | HeadFile | SingleFile


def parse_log_path(path: str) -> LogFile | None:
    """Return what `path`, relative to the public folder, names; None for a stray."""
    if path in _SINGLE:
        return SingleFile(path)
    if found := _HEAD.fullmatch(path):
        size = int(found[1])
        return HeadFile(size) if size <= MAX_LEAVES and checkpoint_path(size) == path else None
    if found := _TILE.fullmatch(path):
        index = int(found["index"].replace("/", "").replace("x", ""))
        width = TILE_WIDTH if found["width"] is None else int(found["width"])
        if not 1 <= width <= TILE_WIDTH:
            return None
        level = None if found["level"] == "entries" else int(found["level"])
        file = TileFile(level, index, width)
        return file if file.leaves <= MAX_LEAVES and file.path == path else None
    return None
