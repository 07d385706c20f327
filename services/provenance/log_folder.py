"""What a log publishes, as files: tiles, entry bundles, and its head at every size it had.

Nothing is overwritten but `checkpoint`, which repeats the newest of `checkpoints/<size>` and may
carry the lines of witnesses besides, and `vkey`, which grows: the verifier key that the log began
with, and each handover since. A file that is there already must hold the same bytes: so two
writers, or a database that was set back, cannot fork the log. Only the holder of the sealer's
lock writes here.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import DiskFullError, EvidenceError, ResourceError
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.merkle import EMPTY_ROOT, HASH_BYTES, NodeReader, leaf_hash
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.tile_rows import TileRows
from pipelines.evidence.tiles import (
    CHECKPOINT_PATH,
    KEY_PATH,
    TILE_WIDTH,
    checkpoint_path,
    encode_entries,
    entries_path,
    node_reader,
    tile_path,
)
from services.provenance.durable_file import make_folder, replace, write_all_new, write_new
from services.provenance.head_keys import HeadSigning

BATCH_LEAVES = 64 * TILE_WIDTH
"""How many leaves are read, hashed and written at a time: what bounds a sealer's memory."""

_BUNDLE_ENTRY_BYTES = 2 + HASH_BYTES


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """A head and the note that it was published in; an empty log has no note."""

    head: Checkpoint
    note: bytes


class LogFolder:
    """The public files of one log under `root`; `scratch` is a folder on the same disk."""

    def __init__(self, root: Path, *, scratch: Path) -> None:
        self._root = root
        self._scratch = scratch
        with _translated():
            make_folder(root / "checkpoints")
            make_folder(scratch)

    def newest(self, signing: HeadSigning) -> PublishedHead:
        """Return the head that was published last, after checking its name and signatures.

        Raises `EvidenceError` where it is not of these keys, or where a head is missing that was
        served already.
        """
        with _translated():
            names = [path.name for path in (self._root / "checkpoints").iterdir()]
            sizes = [int(name) for name in names if name.isascii() and name.isdecimal()]
            size = max(sizes, default=0)
            note = (self._root / checkpoint_path(size)).read_bytes() if size else b""
            path = self._root / CHECKPOINT_PATH
            served = path.read_bytes() if path.exists() else b""
        head = signing.open_published(note) if note else Checkpoint(signing.origin, 0, EMPTY_ROOT)
        if head.size != size or (served and signing.open_served(served).size > size):
            raise EvidenceError(
                "The log's folder lacks a head that was published.",
                next_step="Restore the log's folder from a backup.",
            )
        return PublishedHead(head, note)

    def nodes(self, size: int) -> NodeReader:
        """Return a reader of complete subtrees of the tree of `size` leaves."""
        return node_reader(size, self._read_tile)

    def publish_keys(self, keys: Sequence[VerifierKey]) -> None:
        """Let `vkey` say which key the log began with, and the handovers since.

        Raises `EvidenceError` where it says something else already.
        """
        path = self._root / KEY_PATH
        data = "".join(f"{key}\n" for key in keys).encode("ascii")
        with _translated():
            found = path.read_bytes() if path.exists() else b""
            if not data.startswith(found):
                raise _fork(KEY_PATH)
            if data != found:
                replace(path, data, scratch=self._scratch)

    def extend(
        self, old: Checkpoint, size: int, read: Callable[[int, int], Sequence[bytes]]
    ) -> Checkpoint:
        """Write the tiles of the tree that grows from `old` to `size` leaves; return its head.

        `read` hands back the commitments from one leaf up to another. Raises `EvidenceError`
        where the files on disk do not lead to `old` itself, or where a file to be written is
        there with other bytes.
        """
        rows = TileRows(old.size, self._read_tile)
        if rows.root != old.root:
            raise EvidenceError(
                "The log's tiles do not lead to the head that was published last.",
                next_step="Restore the log's folder from a backup.",
            )
        start = old.size
        open_bundle = self._open_bundle(start)
        while start < size:
            end = min(start - start % TILE_WIDTH + BATCH_LEAVES, size)
            commitments = read(start, end)
            tiles = [*rows.append(leaf_hash(one) for one in commitments)]
            if end == size:
                tiles += rows.unfinished(since=old.size)
            files = [(tile_path(name.level, name.index, name.width), data) for name, data in tiles]
            bundles, open_bundle = _bundles(start, open_bundle, commitments, last=end == size)
            self._publish(bundles + files)
            start = end
        return Checkpoint(old.origin, size, rows.root)

    def publish_checkpoint(self, size: int, note: bytes) -> None:
        """Keep `note` under its size for good."""
        path = self._root / checkpoint_path(size)
        with _translated():
            try:
                write_new(path, note, scratch=self._scratch)
            except FileExistsError as error:
                if path.read_bytes() != note:
                    raise _fork(checkpoint_path(size)) from error

    def serve_checkpoint(self, note: bytes) -> bytes:
        """Let `checkpoint` show `note`, which must be published already; return what it shows.

        Where it shows it with the lines of witnesses, those stay.
        """
        with _translated():
            path = self._root / CHECKPOINT_PATH
            found = path.read_bytes() if path.exists() else b""
            if found.startswith(note):
                return found
            replace(path, note, scratch=self._scratch)
        return note

    def add_lines(self, note: bytes, lines: Sequence[bytes]) -> None:
        """Let `checkpoint` show `lines` of witnesses too, unless it has moved on from `note`."""
        with _translated():
            path = self._root / CHECKPOINT_PATH
            found = path.read_bytes() if path.exists() else b""
            new = b"".join(line for line in lines if line not in found)
            if found.startswith(note) and new:
                replace(path, found + new, scratch=self._scratch)

    def _open_bundle(self, size: int) -> bytes:
        """Return the entry bundle that a tree of `size` leaves left unfinished."""
        index, width = divmod(size, TILE_WIDTH)
        if not width:
            return b""
        data = self._read(entries_path(index, width), width * _BUNDLE_ENTRY_BYTES)
        if len(data) != width * _BUNDLE_ENTRY_BYTES:
            raise EvidenceError(f"{entries_path(index, width)} has the wrong length.")
        return data

    def _read_tile(self, level: int, index: int, width: int) -> bytes:
        return self._read(tile_path(level, index, width), TILE_WIDTH * HASH_BYTES)

    def _read(self, relative: str, most_bytes: int) -> bytes:
        path = self._root / relative
        with _translated():
            if path.stat().st_size > most_bytes:
                raise EvidenceError(f"{relative} has the wrong length.")
            return path.read_bytes()

    def _publish(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Give every file its content for good, durable on return."""
        content = {self._root / relative: data for relative, data in files}
        with _translated():
            for path in write_all_new(list(content.items()), scratch=self._scratch):
                if path.read_bytes() != content[path]:
                    raise _fork(str(path.relative_to(self._root)))


def _bundles(
    start: int, begun: bytes, commitments: Sequence[bytes], *, last: bool
) -> tuple[list[tuple[str, bytes]], bytes]:
    """Cut commitments from leaf `start` on into entry bundles, the first of which is `begun`.

    Returns the finished ones, and the unfinished one too where these are the `last`; and what
    the next call begins with.
    """
    data = begun + encode_entries(commitments)
    whole = TILE_WIDTH * _BUNDLE_ENTRY_BYTES
    files = []
    index = start // TILE_WIDTH
    for at in range(0, len(data) - len(data) % whole, whole):
        files.append((entries_path(index), data[at : at + whole]))
        index += 1
    rest = data[len(data) - len(data) % whole :]
    if rest and last:
        files.append((entries_path(index, len(rest) // _BUNDLE_ENTRY_BYTES), rest))
    return files, rest


def _fork(relative: str) -> EvidenceError:
    return EvidenceError(
        f"The log has published another {relative} already.",
        next_step="Restore the newest database; the log is not forked.",
    )


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
