"""Bytes of an open file by position: short reads for headers, digests for whatever is longer."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

_CHUNK_BYTES = 1 << 20
_SAID_BYTES = 256 << 20
MOST_READ_BYTES = 1 << 20


class FileBytes:
    """The file behind `descriptor`. `heard` is called now and then while much is read."""

    def __init__(self, descriptor: int, heard: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._heard = heard
        self._unsaid = 0
        self.size = os.fstat(descriptor).st_size

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from `at` on, `MOST_READ_BYTES` at the most; fewer at the end."""
        if at < 0 or at >= self.size or count <= 0:
            return b""
        data = os.pread(self._descriptor, min(count, MOST_READ_BYTES), at)
        self._unsaid += len(data)
        if self._unsaid >= _SAID_BYTES:
            self._heard()
            self._unsaid = 0
        return data

    def number(self, at: int, count: int) -> int:
        """A big-endian number of `count` bytes; of fewer where the file ends."""
        return int.from_bytes(self.read(at, count), "big")

    def digest(self, at: int, stop: int) -> tuple[str, bool]:
        """SHA-256 of the bytes from `at` up to `stop`, and whether any of them is not zero."""
        digest, something = hashlib.sha256(), False
        while at < stop:
            chunk = self.read(at, min(_CHUNK_BYTES, stop - at))
            if not chunk:
                break
            digest.update(chunk)
            something = something or chunk.count(0) != len(chunk)
            at += len(chunk)
        return digest.hexdigest(), something

    def find(self, needle: bytes, at: int, stop: int) -> int:
        """Where `needle` begins at or after `at`, wholly before `stop`; -1 where nowhere."""
        overlap = len(needle) - 1
        while at < stop:
            chunk = self.read(at, min(_CHUNK_BYTES, stop - at))
            found = chunk.find(needle)
            if found >= 0:
                return at + found
            if at + len(chunk) >= stop or not chunk:
                break
            at += max(1, len(chunk) - overlap)
        return -1
