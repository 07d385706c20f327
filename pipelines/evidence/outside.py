"""Checks that need other libraries, as callables that whoever verifies hands in.

The evidence room knows the standard library and Ed25519. RFC 3161 and C2PA are checked by
callables of these shapes. Each returns `Found` where it could check and it holds, `NotChecked`
where it could not check, and raises `EvidenceError` where it does not hold. A check that is
not handed in is listed as not checked, never as passed.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from pipelines.evidence.archive_form import Member
from pipelines.evidence.archive_writer import Source


@dataclass(frozen=True, slots=True)
class Found:
    """It holds. `anchored`: it leads to a certificate that the verifier named beforehand."""

    detail: str
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class NotChecked:
    """It could not be checked; `why` in a few words for a person."""

    why: str


TimeStampCheck = Callable[[bytes, bytes], Found | NotChecked]
"""Gets the stamped bytes (the statement's signature) and the RFC 3161 response (DER)."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A result with the C2PA sidecar that travels beside it, if there is one.

    `path` is the result's path in the bundle; the sources open bytes inside the archive, which
    are read only, can seek, and hold as long as the archive is open.
    """

    path: str
    content: Source
    sidecar: Source | None = None


CredentialCheck = Callable[[Medium], Found | NotChecked]
"""Gets one result of the bundle."""


class MemberFile(io.RawIOBase):
    """The bytes of one archive member as a read-only file of their own; seeks within them."""

    def __init__(self, archive: BinaryIO, member: Member) -> None:
        super().__init__()
        self._archive = archive
        self._start = member.data_offset
        self._size = member.size
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can seek."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place; ValueError before the first byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a place before the first byte")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill `buffer` as far as there are bytes."""
        wanted = max(0, min(len(buffer), self._size - self._at))
        self._archive.seek(self._start + self._at)
        data = self._archive.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def member_source(archive: BinaryIO, member: Member) -> Source:
    """Return a source over one member of an open archive."""
    return lambda: io.BufferedReader(MemberFile(archive, member))
