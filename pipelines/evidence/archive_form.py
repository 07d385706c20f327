"""The one canonical form of a zip archive, as bytes: what a writer writes, a reader expects.

After PKWARE's APPNOTE 6.3.10. Entries are stored, sorted by the UTF-8 bytes of their names,
back to back from offset 0; dates are 1980-01-01 00:00; names are flagged as UTF-8; made on
Unix as plain files of mode 0644; no comments, no data descriptors, no extra fields except
zip64's own, which stands exactly where a value does not fit its field:
- local header: both sizes, if the size is 0xFFFFFFFF or more;
- central header: both sizes likewise, then the offset, if that is 0xFFFFFFFF or more;
- zip64 end record and locator: if entries reach 0xFFFF, or size or offset of the central
  directory 0xFFFFFFFF; all values then stand in the zip64 record, and the plain end record
  holds each value that fits.
An archive is canonical exactly if these functions, fed with its names, sizes, checksums and
order, give its bytes back.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

LIMIT_16 = 0xFFFF
LIMIT_32 = 0xFFFFFFFF

LOCAL = struct.Struct("<4sHHHHHIIIHH")
CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
END = struct.Struct("<4sHHHHIIH")
END_64 = struct.Struct("<4sQHHIIQQQQ")
LOCATOR_64 = struct.Struct("<4sIQI")

LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
END_SIGNATURE = b"PK\x05\x06"
END_64_SIGNATURE = b"PK\x06\x06"
LOCATOR_64_SIGNATURE = b"PK\x06\x07"
ZIP64_TAG = 1

_VERSION = 20
_VERSION_64 = 45
_MADE_ON_UNIX = 3 << 8
_UTF8_NAMES = 0x0800
_STORED = 0
_TIME = 0
_DATE = (1 << 5) | 1
_PLAIN_FILE_0644 = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive: its name, size in bytes, CRC-32 and offset of its local header."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Where the file's own bytes begin."""
        return self.offset + len(local_header(self))

    @property
    def end(self) -> int:
        """Where the next local header, or the central directory, begins."""
        return self.data_offset + self.size


def local_header(member: Member) -> bytes:
    """Return what stands before the file's bytes."""
    name = member.name.encode("utf-8")
    large = member.size >= LIMIT_32
    extra = struct.pack("<HHQQ", ZIP64_TAG, 16, member.size, member.size) if large else b""
    size = min(member.size, LIMIT_32)
    head = LOCAL.pack(
        LOCAL_SIGNATURE,
        _VERSION_64 if large else _VERSION,
        _UTF8_NAMES,
        _STORED,
        _TIME,
        _DATE,
        member.crc,
        size,
        size,
        len(name),
        len(extra),
    )
    return head + name + extra


def central_header(member: Member) -> bytes:
    """Return the file's line in the central directory."""
    name = member.name.encode("utf-8")
    values = [member.size, member.size] if member.size >= LIMIT_32 else []
    if member.offset >= LIMIT_32:
        values.append(member.offset)
    extra = b""
    if values:
        extra = struct.pack(f"<HH{len(values)}Q", ZIP64_TAG, 8 * len(values), *values)
    version = _VERSION_64 if values else _VERSION
    size = min(member.size, LIMIT_32)
    head = CENTRAL.pack(
        CENTRAL_SIGNATURE,
        _MADE_ON_UNIX | version,
        version,
        _UTF8_NAMES,
        _STORED,
        _TIME,
        _DATE,
        member.crc,
        size,
        size,
        len(name),
        len(extra),
        0,
        0,
        0,
        _PLAIN_FILE_0644,
        min(member.offset, LIMIT_32),
    )
    return head + name + extra


def end_of_archive(count: int, size: int, offset: int) -> bytes:
    """Return what follows a central directory of `count` lines, `size` bytes, at `offset`."""
    plain = END.pack(
        END_SIGNATURE,
        0,
        0,
        min(count, LIMIT_16),
        min(count, LIMIT_16),
        min(size, LIMIT_32),
        min(offset, LIMIT_32),
        0,
    )
    if count < LIMIT_16 and size < LIMIT_32 and offset < LIMIT_32:
        return plain
    record = END_64.pack(
        END_64_SIGNATURE,
        END_64.size - 12,
        _MADE_ON_UNIX | _VERSION_64,
        _VERSION_64,
        0,
        0,
        count,
        count,
        size,
        offset,
    )
    return record + LOCATOR_64.pack(LOCATOR_64_SIGNATURE, 0, offset + size, 1) + plain
