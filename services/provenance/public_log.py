"""The public files of a log, read-only: its heads, tiles and entry bundles by their own names.

Promised: a name is served only where it is exactly one that C2SP tlog-tiles or this log gives
(https://c2sp.org/tlog-tiles), so nothing outside the folder can be named; no file is followed
through a link or read beyond the size that its kind can have. Proofs are made from the newest
head's tiles, for every tree size up to it.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipelines.errors import EvidenceError, RequestError, ResourceError
from pipelines.evidence.checkpoint import MAX_NOTE_BYTES, Checkpoint, parse_checkpoint
from pipelines.evidence.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    NodeReader,
    consistency_proof,
    inclusion_proof,
)
from pipelines.evidence.tiles import CHECKPOINT_PATH, TILE_WIDTH, node_reader, tile_path

_NUMBER = r"(?:x[0-9]{3}/){0,5}[0-9]{3}(?:\.p/(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
_MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES
_MAX_BUNDLE_BYTES = TILE_WIDTH * (HASH_BYTES + 2)


class PublicKind(StrEnum):
    """What a public file is: `HEAD` changes, everything else stays as it was published."""

    HEAD = "head"
    PAST_HEAD = "past-head"
    TILE = "tile"
    BUNDLE = "entries"


_NAMES = (
    (PublicKind.HEAD, re.compile(CHECKPOINT_PATH), MAX_NOTE_BYTES),
    (PublicKind.PAST_HEAD, re.compile(r"checkpoints/[1-9][0-9]{0,17}"), MAX_NOTE_BYTES),
    (PublicKind.BUNDLE, re.compile(rf"tile/entries/{_NUMBER}"), _MAX_BUNDLE_BYTES),
    (PublicKind.TILE, re.compile(rf"tile/[0-7]/{_NUMBER}"), _MAX_TILE_BYTES),
)


@dataclass(frozen=True, slots=True)
class PublicFile:
    """One public file: its kind and its bytes."""

    kind: PublicKind
    data: bytes


class PublicLog:
    """The public folder at `root`, which need not exist yet."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def file(self, name: str) -> PublicFile | None:
        """Return the public file that `name` means; None where there is none of that name."""
        for kind, pattern, most in _NAMES:
            if pattern.fullmatch(name):
                data = _read(self._root / name, most)
                return None if data is None else PublicFile(kind, data)
        return None

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
        return node_reader(newest, self._tile)

    def _tile(self, level: int, index: int, width: int) -> bytes:
        name = tile_path(level, index, width)
        data = _read(self._root / name, _MAX_TILE_BYTES)
        if data is None:
            raise EvidenceError(
                f"The evidence log lacks a file that it published: {name}.",
                next_step="Restore the log's folder from a backup.",
            )
        return data


def _read(path: Path, most: int) -> bytes | None:
    """Return a plain file's bytes; None where there is none, or one that cannot be ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            return None
        raise ResourceError(
            f"The evidence log cannot be read: {error}.",
            next_step="Check the permissions of the log's folder.",
        ) from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > most:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)
