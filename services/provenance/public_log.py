"""The public files of a log as they are served: by their own names alone, and with proofs.

Promised: a name is served only where it is exactly one that a log gives
(https://c2sp.org/tlog-tiles), so nothing outside the folder can be named; no link is followed
and nothing is read beyond the size that its kind can have. Proofs are made from the newest
head's tiles, for every tree size up to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import RequestError
from pipelines.evidence.checkpoint import MAX_NOTE_BYTES, Checkpoint, parse_checkpoint
from pipelines.evidence.log_path import SingleFile, TileFile, parse_log_path
from pipelines.evidence.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    NodeReader,
    consistency_proof,
    inclusion_proof,
)
from pipelines.evidence.tiles import CHECKPOINT_PATH, TILE_WIDTH
from services.provenance.published_log import PublishedLog

MOST_TILE_BYTES = TILE_WIDTH * (HASH_BYTES + 2)


@dataclass(frozen=True, slots=True)
class PublicFile:
    """One public file: its bytes, whether they stay as they are for good, whether it is text."""

    data: bytes
    is_final: bool
    is_text: bool


class PublicLog:
    """The public folder at `root`, which need not exist yet.

    A file that is there and is not what its name says raises `LogFaultError`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._published = PublishedLog(root)

    def file(self, name: str) -> PublicFile | None:
        """Return the public file that `name` means; None where there is none of that name."""
        meaning = parse_log_path(name)
        # A missing file is no fault here: a stranger may ask for what is not published yet.
        if meaning is None or not (self._root / name).is_file():
            return None
        is_tile = isinstance(meaning, TileFile)
        most = MOST_TILE_BYTES if is_tile else MAX_NOTE_BYTES
        return PublicFile(
            self._published.read(name, most_bytes=most),
            is_final=not isinstance(meaning, SingleFile),
            is_text=not is_tile,
        )

    def head(self) -> Checkpoint:
        """Return the newest head as it stands there; that of an empty log where none does.

        Its form is checked here, its signature by whoever holds the key.
        """
        note = self.file(CHECKPOINT_PATH)
        if note is None:
            return Checkpoint("", 0, EMPTY_ROOT)
        return parse_checkpoint(note.data.partition(b"\n\n")[0] + b"\n")

    def size(self) -> int:
        """How many leaves the newest head covers."""
        return self.head().size

    def inclusion(self, leaf: int, size: int) -> tuple[bytes, ...]:
        """Return the audit path of `leaf` in the tree of `size` leaves; `RequestError` beyond."""
        read = self._nodes(size)
        if not 0 <= leaf < size:
            raise RequestError(f"Leaf {leaf} is not in a tree of {size} leaves.")
        return inclusion_proof(leaf, size, read)

    def consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """Return the proof that `second` leaves extend `first`; `RequestError` beyond the log."""
        read = self._nodes(second)
        if not 0 < first <= second:
            raise RequestError(f"There is no consistency proof from {first} to {second} leaves.")
        return consistency_proof(first, second, read)

    def _nodes(self, size: int) -> NodeReader:
        newest = self.size()
        if size > newest:
            raise RequestError(f"The log has published {newest} leaves, not {size}.")
        return self._published.nodes(newest)
