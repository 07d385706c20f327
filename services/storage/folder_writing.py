"""Writes a file, hashes it, and makes it durable, all three at the same time.

A long file is hashed on a thread beside the one that writes, and what was written goes to the
disk while more comes: at the end there is little left to wait for. Promised: the digest is that
of the bytes as they were given, in their order; what the disk refused at any moment is raised.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO, Self

BESIDE_BYTES = 1 << 18
"""Pieces from this length on are hashed on a thread of their own; for less it would not pay."""

SYNC_BYTES = 16 << 20
"""So much is written before the disk is asked to take it."""


class FolderWriting:
    """Writes to `file`, which is not buffered; for a `with` statement. `size` is what was added.

    Any call may raise OSError.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self._file = file
        self._digest = hashlib.sha256()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="writing")
        self._hashing: Future[None] | None = None
        self._syncing: Future[None] | None = None
        self._synced = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=True)

    def add(self, piece: bytes) -> None:
        """Write a piece; it may still be hashed when this returns, so it must not change."""
        self._hashed()
        if len(piece) >= BESIDE_BYTES:
            self._hashing = self._threads.submit(self._digest.update, piece)
        else:
            self._digest.update(piece)
        left = memoryview(piece)
        while left:
            left = left[self._file.write(left) :]
        self.size += len(piece)
        if self.size - self._synced >= SYNC_BYTES and (
            self._syncing is None or self._syncing.done()
        ):
            self._sync_on_the_way()

    def digest(self) -> str:
        """Return SHA-256 of all that was added, in lower-case hexadecimal."""
        self._hashed()
        return self._digest.hexdigest()

    def make_durable(self) -> None:
        """Return when all of it is on the disk."""
        if self._syncing is not None:
            # The system tells of a write that failed once: to whoever asked first.
            self._syncing.result()
        os.fsync(self._file.fileno())

    def _hashed(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None

    def _sync_on_the_way(self) -> None:
        if self._syncing is not None:
            self._syncing.result()
        self._synced = self.size
        self._syncing = self._threads.submit(os.fdatasync, self._file.fileno())
