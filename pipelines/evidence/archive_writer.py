"""Writes a canonical archive as a stream: sources of any size, memory flat.

Every source is read twice: once to know its size and digests (`measure`), once to copy it.
The copy must give the same digest, else the archive is not finished: a file that changes
between the two is an error, not a bundle.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Protocol

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_form import Member, central_header, end_of_archive, local_header
from pipelines.evidence.archive_name import check_name, find_collision

CHUNK_BYTES = 1 << 20

Source = Callable[[], BinaryIO]
"""Opens the bytes of a file from the start; called once per pass, closed by the reader."""


class Sink(Protocol):
    """Takes bytes in order."""

    def write(self, data: bytes, /) -> object:
        """Take all of `data`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one pass over a source found: size in bytes, CRC-32, SHA-256 in hexadecimal."""

    source: Source
    size: int
    crc: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """The archive as written: SHA-256 in hexadecimal and size in bytes."""

    sha256: str
    bytes: int


def bytes_source(data: bytes) -> Source:
    """Return a source over bytes in memory."""
    return lambda: BytesIO(data)


def measure(source: Source) -> Measured:
    """Read `source` once for its size and digests."""
    digest = hashlib.sha256()
    crc = size = 0
    with source() as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
    return Measured(source, size, crc, digest.hexdigest())


def write_archive(out: Sink, files: Iterable[tuple[str, Measured]]) -> ArchiveFacts:
    """Write `files` (name, content) in canonical order to `out`, which need not seek.

    Raises `EvidenceError` for a name that a bundle may not carry, names that collide, or a
    source whose content is no longer what was measured.
    """
    ordered = sorted(files, key=lambda file: file[0].encode("utf-8", "surrogatepass"))
    for name, _ in ordered:
        check_name(name)
    if (meets := find_collision(name for name, _ in ordered)) is not None:
        raise EvidenceError(f"The bundle would hold {meets!r} twice on some systems.")
    counted = _Counted(out)
    members = []
    for name, content in ordered:
        member = Member(name, content.size, content.crc, counted.size)
        counted.write(local_header(member))
        _copy(counted, name, content)
        members.append(member)
    offset = counted.size
    for member in members:
        counted.write(central_header(member))
    counted.write(end_of_archive(len(members), counted.size - offset, offset))
    return ArchiveFacts(counted.digest.hexdigest(), counted.size)


class _Counted:
    """A sink that counts and hashes what passes."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self.digest.update(data)
        self.size += len(data)


def _copy(out: _Counted, name: str, content: Measured) -> None:
    digest = hashlib.sha256()
    left = content.size
    with content.source() as file:
        while chunk := file.read(min(CHUNK_BYTES, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            out.write(chunk)
    if left or digest.hexdigest() != content.sha256:
        raise EvidenceError(
            f"{name} changed while it was put into the bundle.",
            next_step="Run again, and keep other programs away from the files.",
        )
