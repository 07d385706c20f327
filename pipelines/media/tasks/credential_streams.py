"""What the C2PA library reads from and writes to: a window of a file, handed-over memory, nothing.

The library swallows exceptions: a failure here reaches the caller as an error of the library. No
path is ever opened for writing.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
from collections.abc import Callable
from typing import Any

Heard = Callable[[int], None]
"""Told how many bytes were just read, so that long work is heard."""


class _Positioned(io.RawIOBase):
    """A position in something whose present length is `size`."""

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        self.size = size
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to `offset` from the beginning, from here, or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "a position before the beginning")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Where it is."""
        return self._position


class FileWindow(_Positioned):
    """`size` bytes of the file behind `descriptor`, from `first` on; for reading only."""

    def __init__(
        self, descriptor: int, heard: Heard, *, first: int = 0, size: int | None = None
    ) -> None:
        left = max(0, os.fstat(descriptor).st_size - first)
        super().__init__(left if size is None else min(size, left))
        self._descriptor = descriptor
        self._heard = heard
        self._first = first

    def readinto(self, buffer: Any) -> int:
        """Read on from the position; 0 at the end."""
        left = max(0, self.size - self._position)
        wanted = memoryview(buffer)[:left]
        read = os.preadv(self._descriptor, [wanted], self._first + self._position) if left else 0
        self._position += read
        self._heard(read)
        return read


class MemoryStream(_Positioned):
    """Memory that the parent handed over; `size` is how far it was written."""

    def __init__(self, memory: mmap.mmap) -> None:
        super().__init__()
        self._memory = memory

    def readinto(self, buffer: Any) -> int:
        """Read on from the position, up to where it was written."""
        stop = min(self._position + len(buffer), self.size)
        count = max(0, stop - self._position)
        memoryview(buffer)[:count] = self._memory[self._position : stop]
        self._position += count
        return count

    def write(self, data: Any) -> int:
        """Write at the position; OSError where there is no room."""
        stop = self._position + len(data)
        if stop > len(self._memory):
            raise OSError(errno.ENOSPC, "more than the parent made room for")
        self._memory[self._position : stop] = data
        self._position = stop
        self.size = max(self.size, stop)
        return len(data)


class Discard(_Positioned):
    """Takes anything and keeps nothing: with a sidecar the result stays as it is."""

    def write(self, data: Any) -> int:
        """Count what would have been written."""
        self._position += len(data)
        self.size = max(self.size, self._position)
        return len(data)
