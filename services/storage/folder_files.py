"""Files of a store in a folder: made aside, made durable, named once; errors in our words.

    objects/<key>       finished objects, read-only, each under its key
    incoming/<random>   what a `put` is writing; no reader looks here
    partial/<token>     what an upload in several goes holds, and beside it `<token>.held`

A name is given by a hard link, which fails where the name is taken: that is what makes "never
overwritten" hold between processes. A file that somebody is writing is locked, so that whoever
sweeps up can tell it from one whose writer died.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipelines.errors import DiskFullError, ResourceError
from services.storage.errors import ObjectMissingError, ObjectTakenError
from services.storage.keys import ObjectKey, object_key

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = 0o400


class FolderArea:
    """The folders of a store in `root`, made where they are missing."""

    def __init__(self, root: Path) -> None:
        self.objects = root / "objects"
        self.incoming = root / "incoming"
        self.partial = root / "partial"
        with translated():
            for folder in (self.objects, self.incoming, self.partial):
                make_folder(folder)

    def path(self, key: ObjectKey) -> Path:
        """Return where an object lies; `RequestError` for what is not spelt as a key."""
        return self.objects / object_key(key)

    def opened(self, key: ObjectKey) -> BinaryIO:
        """Open an object for reading; `ObjectMissingError` where there is none."""
        with translated():
            try:
                descriptor = os.open(self.path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise ObjectMissingError("There is no such object.") from error
            return os.fdopen(descriptor, "rb", buffering=0)

    @contextmanager
    def aside(self) -> Iterator[tuple[BinaryIO, Path]]:
        """Give a new file to write to, which is gone afterwards unless it was published."""
        path = self.incoming / secrets.token_hex(16)
        with translated():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                locked(descriptor)
                yield file, path
        finally:
            with translated():
                path.unlink(missing_ok=True)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the system's errors into ours; file names stay out of them, keys are opaque."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                "No space is left where artifacts are kept.",
                next_step="Free some space there; what was stored before is whole.",
            ) from error
        raise ResourceError(
            f"The artifacts' folder cannot be read or written: {error.strerror or error}.",
            next_step="Check the folder, its permissions and its disk.",
        ) from error


def make_folder(folder: Path) -> None:
    """Make `folder` and its missing parents, private, each durable in its own parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def locked(descriptor: int) -> bool:
    """Take the lock of an open file; False where somebody has it. It ends with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def publish(aside: Path, path: Path) -> None:
    """Give the durable file `aside` the name `path`; `ObjectTakenError` where it is taken.

    A second call for the same file finds it done.
    """
    make_folder(path.parent)
    aside.chmod(_READ_ONLY)
    try:
        os.link(aside, path, follow_symlinks=False)
    except FileExistsError:
        if not aside.samefile(path):
            raise ObjectTakenError("There is an object under that key already.") from None
    sync_folder(path.parent)
    aside.unlink(missing_ok=True)


def forget_abandoned(folder: Path, before_seconds: float) -> int:
    """Remove the files of `folder` that were not touched since and that nobody is writing.

    What lies beside a file under its name and an ending goes and stays with it.
    """
    swept = 0
    for path in sorted(folder.iterdir()):
        try:
            descriptor = os.open(
                path.with_suffix("") if path.with_suffix("").exists() else path,
                os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC,
            )
        except FileNotFoundError:
            continue
        try:
            if os.fstat(descriptor).st_mtime < before_seconds and locked(descriptor):
                path.unlink(missing_ok=True)
                swept += not path.suffix
        finally:
            os.close(descriptor)
    return swept
