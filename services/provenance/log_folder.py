"""What a log publishes, as files: tiles, entry bundles, and its head at every size it had.

Nothing is overwritten but `checkpoint`, which repeats the newest of `checkpoints/<size>`. A
file that is there already must hold the same bytes: so two writers, or a database that was
set back, cannot fork the log. Only the holder of the sealer's lock writes here.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import DiskFullError, EvidenceError, ResourceError
from pipelines.evidence.checkpoint import Checkpoint, VerifierKey, open_note
from pipelines.evidence.merkle import EMPTY_ROOT, HASH_BYTES, NodeReader, frontier_at, leaf_hash
from pipelines.evidence.tiles import (
    CHECKPOINT_PATH,
    TILE_HEIGHT,
    TILE_WIDTH,
    checkpoint_path,
    encode_entries,
    entries_path,
    node_reader,
    tile_path,
    tiles_between,
)
from services.provenance.durable_file import make_folder, replace, write_new


class LogFolder:
    """The public files of one log under `root`; `scratch` is a file name on the same disk."""

    def __init__(self, root: Path, *, scratch: Path) -> None:
        self._root = root
        self._scratch = scratch
        with _translated():
            make_folder(root / "checkpoints")

    def newest(self, key: VerifierKey) -> Checkpoint:
        """Return the head that was published last, after checking its name and signature.

        Raises `EvidenceError` where it is not this key's, or where a head is missing that was
        served already.
        """
        with _translated():
            names = [path.name for path in (self._root / "checkpoints").iterdir()]
            sizes = [int(name) for name in names if name.isascii() and name.isdecimal()]
            size = max(sizes, default=0)
            notes = [self._root / checkpoint_path(size)] if size else []
            served = self._root / CHECKPOINT_PATH
            heads = [_open(path.read_bytes(), key) for path in notes]
            heads += [_open(served.read_bytes(), key)] if served.exists() else []
        if any(head.size > size for head in heads) or (heads and heads[0].size != size):
            raise EvidenceError(
                "The log's folder lacks a head that was published.",
                next_step="Restore the log's folder from a backup.",
            )
        return heads[0] if heads else Checkpoint(key.name, 0, EMPTY_ROOT)

    def nodes(self, size: int) -> NodeReader:
        """Return a reader of complete subtrees of the tree of `size` leaves."""
        return node_reader(size, self._read_tile)

    def extend(self, old: Checkpoint, commitments: Sequence[bytes]) -> Checkpoint:
        """Write the tiles of the tree that adds `commitments` to `old`; return its head.

        Raises `EvidenceError` where the files on disk do not lead to `old` itself, or where
        a file to be written is there with other bytes.
        """
        frontier = frontier_at(old.size, self.nodes(old.size))
        if frontier.root != old.root:
            raise EvidenceError(
                "The log's tiles do not lead to the head that was published last.",
                next_step="Restore the log's folder from a backup.",
            )
        rows: dict[int, list[bytes]] = {}
        for commitment in commitments:
            for level, _, node in frontier.append(leaf_hash(commitment)):
                if level % TILE_HEIGHT == 0:
                    rows.setdefault(level // TILE_HEIGHT, []).append(node)
        self._write_entries(old.size, commitments)
        for name in tiles_between(old.size, frontier.size):
            had = old.size >> (name.level * TILE_HEIGHT)
            start = name.index * TILE_WIDTH
            kept = self._read_tile(name.level, name.index, had - start) if had > start else b""
            fresh = rows[name.level][max(start - had, 0) : start + name.width - had]
            self._publish(tile_path(name.level, name.index, name.width), kept + b"".join(fresh))
        return Checkpoint(old.origin, frontier.size, frontier.root)

    def publish_checkpoint(self, size: int, note: bytes) -> None:
        """Keep `note` under its size for good."""
        self._publish(checkpoint_path(size), note)

    def serve_checkpoint(self, note: bytes) -> None:
        """Let `checkpoint` repeat `note`, which must be published already."""
        with _translated():
            path = self._root / CHECKPOINT_PATH
            if not path.exists() or path.read_bytes() != note:
                replace(path, note, scratch=self._scratch)

    def _write_entries(self, old: int, commitments: Sequence[bytes]) -> None:
        size = old + len(commitments)
        for name in tiles_between(old, size):
            if name.level:
                continue
            start = name.index * TILE_WIDTH
            kept = b""
            if old > start:
                with _translated():
                    kept = (self._root / entries_path(name.index, old - start)).read_bytes()
            fresh = commitments[max(start - old, 0) : start + name.width - old]
            self._publish(entries_path(name.index, name.width), kept + encode_entries(fresh))

    def _read_tile(self, level: int, index: int, width: int) -> bytes:
        path = self._root / tile_path(level, index, width)
        with _translated():
            if path.stat().st_size > TILE_WIDTH * HASH_BYTES:
                raise EvidenceError(f"{tile_path(level, index, width)} has the wrong length.")
            return path.read_bytes()

    def _publish(self, relative: str, data: bytes) -> None:
        path = self._root / relative
        with _translated():
            make_folder(path.parent)
            try:
                write_new(path, data, scratch=self._scratch)
            except FileExistsError as error:
                if path.read_bytes() != data:
                    raise EvidenceError(
                        f"The log has published another {relative} already.",
                        next_step="Restore the newest database; the log is not forked.",
                    ) from error


def _open(note: bytes, key: VerifierKey) -> Checkpoint:
    try:
        return open_note(note, (key,))
    except EvidenceError as error:
        raise EvidenceError(
            f"The log was not published by this key and database: {error}",
            next_step="Restore the key and the database, or move the log's folder aside.",
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the system's errors about the log's files into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(
                "No space is left for the evidence log.",
                next_step="Free space where the log's folder lies, then run again.",
            ) from error
        if error.errno == errno.ENOENT:
            raise EvidenceError(
                f"The evidence log lacks a file that it published: {error.filename}.",
                next_step="Restore the log's folder from a backup.",
            ) from error
        raise ResourceError(
            f"The evidence log cannot be read or written: {error}.",
            next_step="Check the folder's permissions and its disk.",
        ) from error
