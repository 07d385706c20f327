"""A lock file that one process or thread at a time holds; the system drops it with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import ResourceError

LOCK_WAIT_SECONDS = 30.0

_POLL_SECONDS = 0.01


@contextmanager
def holding(path: Path, *, wait_seconds: float = LOCK_WAIT_SECONDS, doing: str) -> Iterator[None]:
    """Hold the lock at `path`; `ResourceError` where another does for `wait_seconds`.

    `doing` says what the lock is for, as in "recording an access".
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ResourceError(
            f"The lock {path.name} cannot be opened: {error.strerror or error}.",
            next_step=f"Check the permissions of {path.parent}.",
        ) from error
    try:
        deadline = time.monotonic() + wait_seconds
        while not _locked(descriptor):
            if time.monotonic() >= deadline:
                raise ResourceError(
                    f"Another process is {doing} and has not finished.",
                    next_step="Try again when it has; nothing was done.",
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
