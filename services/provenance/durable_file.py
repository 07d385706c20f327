"""Files that are whole or absent after a power cut, and never overwritten by mistake.

The order is the point: write aside, make the bytes durable, give them their name, make the name
durable. Many files at once are made durable together where the system can do that (`syncfs`,
Linux), since a disk's answer costs more than a tile's bytes; else one by one.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NO_SYNCFS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_FEW = 4
"""Up to so many files or folders are made durable one by one."""


def make_folder(folder: Path, *, mode: int = 0o700) -> None:
    """Make `folder` and its missing parents, each durable in its own parent."""
    for parent in _make_folder(folder, mode):
        sync_folder(parent)


def write_new(path: Path, data: bytes, *, scratch: Path) -> None:
    """Give `path` the content `data`; `FileExistsError` where the name is taken.

    `scratch` is a folder of the same file system that only one writer uses at a time.
    """
    aside = scratch / "new"
    _write(aside, data)
    _sync_files([aside])
    _name(aside, path)
    sync_folder(path.parent)


def write_all_new(files: Sequence[tuple[Path, bytes]], *, scratch: Path) -> list[Path]:
    """Give every path its content, making missing folders; durable on return.

    Returns the paths whose names were taken already; those are left as they are.
    """
    asides = [scratch / f"new-{number}" for number in range(len(files))]
    for aside, (_, data) in zip(asides, files, strict=True):
        _write(aside, data)
    _sync_files(asides)
    taken = []
    changed: set[Path] = set()
    for aside, (path, _) in zip(asides, files, strict=True):
        changed.update(_make_folder(path.parent, 0o700))
        changed.add(path.parent)
        try:
            _name(aside, path)
        except FileExistsError:
            taken.append(path)
    for aside in asides:
        aside.unlink(missing_ok=True)
    _sync_folders(changed)
    return taken


def replace(path: Path, data: bytes, *, scratch: Path) -> None:
    """Give `path` the content `data` in one step, whatever it held before."""
    aside = scratch / "new"
    _write(aside, data)
    _sync_files([aside])
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _make_folder(folder: Path, mode: int) -> list[Path]:
    """Make `folder` and its missing parents; list the folders whose names have changed."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
    return [one.parent for one in reversed(missing)]


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)


def _name(aside: Path, path: Path) -> None:
    """Give the bytes written aside their name; `FileExistsError` where it is taken."""
    try:
        os.link(aside, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: the caller's lock keeps other writers away.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from error
        aside.replace(path)


def _sync_files(paths: Sequence[Path]) -> None:
    if len(paths) <= _FEW or not _sync_file_system(paths[0].parent):
        for path in paths:
            _sync(path, os.O_RDONLY)


def _sync_folders(folders: Iterable[Path]) -> None:
    listed = sorted(folders)
    if len(listed) <= _FEW or not _sync_file_system(listed[0]):
        for folder in listed:
            sync_folder(folder)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(folder: Path) -> bool:
    """Make all that was written to the file system of `folder` durable; False if it cannot."""
    call = _syncfs()
    if call is None:
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if call(descriptor) == 0:
            return True
        code = ctypes.get_errno()
        if code in _NO_SYNCFS:
            return False
        raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Any:
    """Return the C library's `syncfs`, which Python does not offer; None where there is none."""
    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
