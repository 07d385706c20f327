"""A folder that is watched: everything below it, no link followed, hidden files left alone.

Names that programs use for what is not finished (`.part`, `.tmp`, ...) are no files yet: they
are taken when they get their final name. A file's version is its size, time of change and inode.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pipelines.errors import DiskFullError, ResourceError, UnreadableError
from services.watcher.place import UNFINISHED, Seen

_COPY_BYTES = 1 << 20
_MOST_DEPTH = 32
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class FolderPlace:
    """The `Place` below `root`, which must be a folder."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise ResourceError(
                f"{root} is not a folder.", next_step="Name a folder that is there to be watched."
            )
        self._root = root

    def list(self) -> Iterator[Seen]:
        """Every plain file below the root, in the order of names."""
        try:
            yield from self._below("", _MOST_DEPTH)
        except OSError as error:
            raise ResourceError(
                f"{self._root} cannot be listed: {error.strerror or error}.",
                next_step="It is tried again.",
            ) from error

    def look(self, name: str) -> Seen | None:
        """The file as it is now; None where it is gone or no plain file."""
        try:
            return _seen(name, self._path(name).stat(follow_symlinks=False))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ResourceError(f"{name} cannot be looked at: {error.strerror}.") from error

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Read a plain file; no link is followed at its end."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path(name), flags)
        except OSError as error:
            raise UnreadableError(f"{name} cannot be read: {error.strerror}.") from error
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableError(f"{name} is not a plain file.")
            yield file

    def put(self, name: str, source: BinaryIO) -> bool:
        """Write aside, then link to the name: an existing file stays as it is."""
        target = self._path(name)
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                shutil.copyfileobj(source, file, _COPY_BYTES)
                file.flush()
                os.fsync(file.fileno())
            if not _named(part, target):
                return False
            _sync(target.parent)
        except OSError as error:
            raise _refusal(name, error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return True

    def move(self, name: str, to: str) -> None:
        """Link to the new name, then drop the old one; `ResourceError` where `to` is taken."""
        source, target = self._path(name), self._path(to)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not _named(source, target) and not source.samefile(target):
                raise ResourceError(
                    f"{to} is taken by another file.", next_step="Move that file away."
                )
            source.unlink(missing_ok=True)
            _sync(target.parent)
            _sync(source.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _refusal(to, error) from error

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if not name or any(part in {"", ".", ".."} or "\0" in part for part in parts):
            raise UnreadableError(f"{name!r} is not a name inside the watched folder.")
        return self._root.joinpath(*parts)

    def _below(self, prefix: str, depth: int) -> Iterator[Seen]:
        if not depth:
            return
        with os.scandir(self._root / prefix) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(f"{name}/", depth - 1)
            elif not entry.name.lower().endswith(UNFINISHED):
                with suppress(FileNotFoundError):
                    seen = _seen(name, entry.stat(follow_symlinks=False))
                    if seen is not None:
                        yield seen


def _seen(name: str, facts: os.stat_result) -> Seen | None:
    if not stat.S_ISREG(facts.st_mode):
        return None
    return Seen(name, facts.st_size, f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ino}")


def _named(source: Path, target: Path) -> bool:
    """Give a file its name as well, never over another; False where the name is taken."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Shares without hard links: one watcher at a time is all that keeps the name free.
        if target.exists():
            return False
        source.rename(target)
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refusal(name: str, error: OSError) -> ResourceError:
    words = f"{name} cannot be written: {error.strerror or error}."
    if error.errno in _FULL:
        return DiskFullError(words, next_step="Free some space there; it is tried again.")
    return ResourceError(words, next_step="It is tried again.")
