"""A log's public folder as a stranger reads it: every name known, every read bounded.

Nothing is written here and no link is followed. Whoever holds a copy of the folder can read it
this way, for proofs or for a check of the whole log.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import EvidenceError
from pipelines.evidence.log_path import LogFile, parse_log_path
from pipelines.evidence.merkle import HASH_BYTES, NodeReader
from pipelines.evidence.tiles import TILE_WIDTH, node_reader, tile_path

TILE_BYTES = TILE_WIDTH * HASH_BYTES


class LogFaultError(EvidenceError):
    """A log is not what it claims to be; `file` is the public file or the database at fault."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            reason, next_step="Keep the folder as it is, and compare it with a copy or a backup."
        )
        self.file = file


class PublishedLog:
    """The public files of a log under `root`; every fault is a `LogFaultError`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str, *, most_bytes: int) -> bytes:
        """Return the plain file at `path`, which may have `most_bytes` at most."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(self._root / path, flags)
        except FileNotFoundError as error:
            raise LogFaultError(path, "The file is missing.") from error
        except OSError as error:
            raise LogFaultError(
                path, f"The file cannot be read: {error.strerror or error}."
            ) from error
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise LogFaultError(path, "It is not a plain file.")
            data = file.read(most_bytes + 1)
        if len(data) > most_bytes:
            raise LogFaultError(path, f"It is longer than {most_bytes} bytes.")
        return data

    def files(self) -> Iterator[LogFile]:
        """Yield every file of the folder; a name that no log has is a fault."""
        yield from self._walk("", 0)

    def partial_widths(self, path: str) -> list[int]:
        """List the widths of the partial tiles that lie beside the full tile at `path`."""
        try:
            with os.scandir(self._root / f"{path}.p") as found:
                return sorted(int(one.name) for one in found if one.name.isdecimal())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LogFaultError(
                f"{path}.p", f"The folder cannot be read: {error.strerror or error}."
            ) from error

    def nodes(self, size: int) -> NodeReader:
        """Return a reader of complete subtrees of the tree of `size` leaves."""
        return node_reader(size, lambda *name: self.read(tile_path(*name), most_bytes=TILE_BYTES))

    def _walk(self, folder: str, depth: int) -> Iterator[LogFile]:
        if depth > _DEEPEST:
            raise LogFaultError(folder, "A log has no folder as deep as this.")
        try:
            with os.scandir(self._root / folder) as found:
                for one in found:
                    path = f"{folder}/{one.name}" if folder else one.name
                    if one.is_dir(follow_symlinks=False):
                        yield from self._walk(path, depth + 1)
                    else:
                        yield _named(path, plain=one.is_file(follow_symlinks=False))
        except OSError as error:
            raise LogFaultError(
                folder or ".", f"The folder cannot be read: {error.strerror or error}."
            ) from error


_DEEPEST = 8
"""`tile/0/x000/x000/x000/x000/000.p` is as deep as a log's folders go."""


def _named(path: str, *, plain: bool) -> LogFile:
    file = parse_log_path(path)
    if file is None:
        raise LogFaultError(path, "A log has no file of this name.")
    if not plain:
        raise LogFaultError(path, "It is not a plain file.")
    return file
