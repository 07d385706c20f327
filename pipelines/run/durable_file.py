"""Files of a run that are whole or absent after a crash: write aside, fsync, rename, fsync.

Every failure to write is translated here: no space is `DiskFullError`, anything else
`ResourceError`, each naming the file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipelines.errors import DiskFullError, ResourceError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to; it takes the name `path` when the block ends without an error."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise refusal(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Give `path` the content `data`, whole or not at all."""
    with writing(path) as file:
        file.write(data)


def move(source: Path, target: Path) -> None:
    """Give a finished file its final name; both lie in one file system."""
    try:
        source.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise refusal(target, error) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refusal(path: Path, error: OSError) -> ResourceError:
    """Explain why `path` cannot be written."""
    if error.errno in _FULL:
        return DiskFullError(
            f"No space is left to write {path.name} in {path.parent}.",
            next_step="Free some space there and run again with --resume.",
        )
    return ResourceError(
        f"{path} cannot be written: {error.strerror or error}.",
        next_step="Name a folder that can be written to.",
    )
