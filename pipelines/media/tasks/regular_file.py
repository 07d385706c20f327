"""Opening what a decode child was told to read: a regular file, and never waiting for it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import UnreadableError


@contextmanager
def descriptor_of(path: Path) -> Iterator[int]:
    """Open `path` for reading. Raises `UnreadableError` where it is no regular file, or empty."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise UnreadableError(
            f"{path.name} cannot be read: {error.strerror}.",
            next_step="Check the path and its permissions.",
        ) from error
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise UnreadableError(
                f"{path.name} is not a regular file.",
                next_step="Name a photograph or a video file.",
            )
        if not state.st_size:
            raise UnreadableError(f"{path.name} is empty.", next_step="Obtain the complete file.")
        yield descriptor
    finally:
        os.close(descriptor)
