"""Memory for the planes of a photo: plain memory when small, an unlinked scratch file when large.

Planes lie one after the other, rows without padding, so the bytes of the map are exactly what
`planes_digest` hashes. The file has no name once it is open: it goes when the planes go.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from pipelines.errors import DiskFullError, UnreadableError
from pipelines.media.picture import FrameShape, Plane, Samples

IN_MEMORY_BYTES = 64 << 20
"""Planes of up to this many bytes stay in memory."""

_HASH_ROWS = 256


@dataclass(frozen=True, slots=True)
class PlaneMemory:
    """Shared memory for one picture: an open file descriptor and its map in this process."""

    fd: int
    size: int
    mapping: mmap.mmap

    def close_descriptor(self) -> None:
        """Close the descriptor; the map stays."""
        os.close(self.fd)


def allocate_planes(
    shape: FrameShape, *, scratch: Path, sample_bytes: int | None = None
) -> PlaneMemory:
    """Zeroed memory for the planes of `shape`. Raises `DiskFullError` when `scratch` is full.

    `sample_bytes` is that of the codes of `shape` unless given.
    """
    own = np.dtype(shape.layout.sample_type).itemsize
    size = max(1, shape.frame_bytes // own * (sample_bytes or own))
    fd = _memory_file(size) if size <= IN_MEMORY_BYTES else _scratch_file(size, scratch)
    try:
        return PlaneMemory(fd, size, mmap.mmap(fd, size))
    except BaseException:
        os.close(fd)
        raise


def _memory_file(size: int) -> int:
    fd = os.memfd_create("planes", os.MFD_CLOEXEC)
    os.ftruncate(fd, size)
    return fd


def _scratch_file(size: int, scratch: Path) -> int:
    try:
        with tempfile.TemporaryFile(dir=scratch, prefix="planes-") as file:
            os.posix_fallocate(file.fileno(), 0, size)
            return os.dup(file.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFullError(
                f"No space for {size / 2**20:.0f} MiB of scratch in {scratch}.",
                next_step="Free space there, or choose another scratch folder.",
            ) from error
        raise UnreadableError(
            f"No scratch file can be made in {scratch}: {error.strerror}.",
            next_step="Choose a scratch folder that can be written.",
        ) from error


def plane_views(mapping: mmap.mmap, shape: FrameShape, *, offset: int = 0) -> tuple[Samples, ...]:
    """(H, W) arrays over `mapping`, writable, one per plane of `shape`, from byte `offset` on."""
    views: list[Samples] = []
    at = offset
    for plane in range(shape.layout.plane_count):
        rows, columns = shape.plane_size(plane)
        flat = np.frombuffer(mapping, shape.layout.sample_type, rows * columns, at)
        views.append(cast(Samples, flat.reshape(rows, columns)))
        at += flat.nbytes
    return tuple(views)


def new_planes(shape: FrameShape, *, scratch: Path) -> tuple[Samples, ...]:
    """Zeroed, writable planes for a picture of `shape`; file-backed in `scratch` when large.

    Raises `DiskFullError` where the scratch folder has no room for them.
    """
    memory = allocate_planes(shape, scratch=scratch)
    memory.close_descriptor()
    return plane_views(memory.mapping, shape)


def new_blocks(shape: FrameShape, *, scratch: Path) -> tuple[Plane, ...]:
    """Zeroed, writable float32 planes; as `new_planes` otherwise."""
    memory = allocate_planes(shape, scratch=scratch, sample_bytes=4)
    memory.close_descriptor()
    views: list[Plane] = []
    at = 0
    for plane in range(shape.layout.plane_count):
        rows, columns = shape.plane_size(plane)
        flat = np.frombuffer(memory.mapping, np.float32, rows * columns, at)
        views.append(flat.reshape(rows, columns))
        at += flat.nbytes
    return tuple(views)


def planes_digest(planes: tuple[Samples, ...]) -> bytes:
    """SHA-256 over the planes in order: rows without padding, samples little-endian."""
    digest = hashlib.sha256()
    for plane in planes:
        for top in range(0, plane.shape[0], _HASH_ROWS):
            rows = np.ascontiguousarray(plane[top : top + _HASH_ROWS])
            if sys.byteorder == "big":
                rows = rows.byteswap()
            digest.update(rows.data.cast("B"))
    return digest.digest()


def stored_view(plane: Samples, orientation: int) -> Samples:
    """View an upright plane as the stored picture of `orientation` (1 to 8) that becomes it.

    Writing sample (y, x) of the stored picture to the view puts it where viewers show it, so
    the turn costs no second copy and no rounding. (Exif 2.32, tag 0x0112.)
    """
    if orientation in (2, 3, 6, 7):
        plane = plane[:, ::-1]
    if orientation in (3, 4, 7, 8):
        plane = plane[::-1]
    return plane.T if orientation >= 5 else plane
