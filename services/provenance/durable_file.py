"""Files that are whole or absent after a power cut, and never overwritten by mistake.

The order is the point: write aside, fsync the file, give it its name, fsync the folder.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def make_folder(folder: Path, *, mode: int = 0o700) -> None:
    """Make `folder` and its missing parents, each durable in its own parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
        sync_folder(one.parent)


def write_new(path: Path, data: bytes, *, scratch: Path) -> None:
    """Give `path` the content `data`; `FileExistsError` where the name is taken.

    `scratch` is a file name of the same file system that only one writer uses at a time.
    """
    _write(scratch, data)
    try:
        os.link(scratch, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: the caller's lock keeps other writers away.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from error
        scratch.replace(path)
    sync_folder(path.parent)


def replace(path: Path, data: bytes, *, scratch: Path) -> None:
    """Give `path` the content `data` in one step, whatever it held before."""
    _write(scratch, data)
    scratch.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
