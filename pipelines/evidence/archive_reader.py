"""Reads a canonical archive and refuses every other: what differs from its re-encoding.

Lengths are taken from the archive only to propose a reading; each header is then encoded
again and compared, and files must lie back to back, so nothing can overlap, hide between
files, or stand before or after them. Files are stored: there is nothing to inflate. Memory is
bounded by `MAX_MEMBERS` and `MAX_DIRECTORY_BYTES`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_form import (
    CENTRAL,
    CENTRAL_SIGNATURE,
    END,
    END_64,
    END_64_SIGNATURE,
    END_SIGNATURE,
    LIMIT_32,
    LOCATOR_64,
    LOCATOR_64_SIGNATURE,
    Member,
    central_header,
    end_of_archive,
    local_header,
)
from pipelines.evidence.archive_name import check_name, find_collision
from pipelines.evidence.finding import ARCHIVE, BundleError

CHUNK_BYTES = 1 << 20
MAX_MEMBERS = 10_000
MAX_DIRECTORY_BYTES = 16 << 20


def read_members(file: BinaryIO) -> list[Member]:
    """List the files of the archive in `file` (seekable), in their order.

    Raises `BundleError` naming the archive structure where the archive is not canonical.
    """
    total = file.seek(0, 2)
    count, size, offset, end = _end(file, total)
    # 1. The end is the canonical one and is the end of the file.
    if offset + size + len(end) != total or end_of_archive(count, size, offset) != end:
        raise _broken("its end is not in canonical form")
    if count > MAX_MEMBERS or size > MAX_DIRECTORY_BYTES:
        raise _broken(f"it lists more than {MAX_MEMBERS} files")
    # 2. Every line of the directory is the canonical one.
    members = list(_directory(_at(file, offset, size), count))
    # 3. Names are admitted, sorted, and distinct on every system.
    _check_names(members)
    # 4. Files lie back to back from the first byte to the directory.
    expected = 0
    for member in members:
        header = local_header(member)
        if member.offset != expected or member.end > offset:
            raise _broken(f"{member.name} does not begin where the file before it ends")
        if _at(file, member.offset, len(header)) != header:
            raise _broken(f"the header of {member.name} is not in canonical form")
        expected = member.end
    if expected != offset:
        raise _broken("there are bytes that belong to no file")
    return members


def read_chunks(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Yield the bytes of `member`; raises `BundleError` naming it if its CRC-32 differs."""
    crc = 0
    left = member.size
    file.seek(member.data_offset)
    while left:
        chunk = file.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise _broken(f"it ends within {member.name}")
        crc = zlib.crc32(chunk, crc)
        left -= len(chunk)
        yield chunk
    if crc != member.crc:
        raise BundleError(member.name, "The bytes are not those that were packed (CRC-32).")


def _end(file: BinaryIO, total: int) -> tuple[int, int, int, bytes]:
    """Return count, directory size, directory offset and the bytes of the archive's end."""
    if total < END.size:
        raise _broken("it is too short for an archive")
    plain = _at(file, total - END.size, END.size)
    signature, _, _, _, count, size, offset, _ = END.unpack(plain)
    if signature != END_SIGNATURE:
        raise _broken("it does not end like an archive without a comment")
    large = END_64.size + LOCATOR_64.size + END.size
    if total >= large:
        end = _at(file, total - large, large)
        if end[END_64.size : END_64.size + 4] == LOCATOR_64_SIGNATURE:
            fields = END_64.unpack(end[: END_64.size])
            if fields[0] != END_64_SIGNATURE:
                raise _broken("its zip64 end is not in canonical form")
            return fields[7], fields[8], fields[9], end
    return count, size, offset, plain


def _directory(data: bytes, count: int) -> Iterator[Member]:
    at = 0
    for _ in range(count):
        head = data[at : at + CENTRAL.size]
        if len(head) != CENTRAL.size or not head.startswith(CENTRAL_SIGNATURE):
            raise _broken("its directory ends early")
        fields = CENTRAL.unpack(head)
        crc, size, name_bytes, extra_bytes, offset = (
            fields[7],
            fields[9],
            fields[10],
            fields[11],
            fields[16],
        )
        end = at + CENTRAL.size + name_bytes + extra_bytes
        raw = data[at + CENTRAL.size : at + CENTRAL.size + name_bytes]
        extra = data[end - extra_bytes : end]
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _broken("a name is not UTF-8") from error
        size, offset = _zip64(extra, size, offset)
        member = Member(name, size, crc, offset)
        if central_header(member) != data[at:end]:
            raise _broken(f"the directory line of {name!r} is not in canonical form")
        yield member
        at = end
    if at != len(data):
        raise _broken("its directory has bytes that belong to no file")


def _zip64(extra: bytes, size: int, offset: int) -> tuple[int, int]:
    """Return size and offset with the zip64 values that `extra` proposes for them."""
    wanted = 2 * (size == LIMIT_32) + (offset == LIMIT_32)
    if not wanted or len(extra) != 4 + 8 * wanted:
        return size, offset
    values = struct.unpack(f"<{wanted}Q", extra[4:])
    return (
        values[0] if size == LIMIT_32 else size,
        values[-1] if offset == LIMIT_32 else offset,
    )


def _check_names(members: list[Member]) -> None:
    names = [member.name for member in members]
    for name in names:
        try:
            check_name(name)
        except EvidenceError as error:
            raise _broken(str(error)) from error
    encoded = [name.encode("utf-8") for name in names]
    if any(after <= before for before, after in pairwise(encoded)):
        raise _broken("its files are not sorted, or one is there twice")
    if (meets := find_collision(names)) is not None:
        raise _broken(f"{meets!r} is another file's name on some systems")


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    """Return the bytes at `offset`; short where the archive is."""
    file.seek(offset)
    return file.read(size)


def _broken(what: str) -> BundleError:
    return BundleError(ARCHIVE, f"The archive is not the canonical one: {what}.")
