"""Reading the directories of a TIFF structure: TIFF files, BigTIFF files and EXIF blocks.

Bytes in, values out; every offset is checked against the data and every directory against a
size limit, so hostile structures end in `DamagedError` and never in a runaway.

Sources: TIFF 6.0 (1992), section 2; BigTIFF design (Aware Systems); Exif 2.32 (CIPA DC-008).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pipelines.errors import DamagedError

Data = bytes | bytearray | memoryview
Order = Literal["<", ">"]

TYPE_BYTES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8,
    13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip
"""Bytes of one value by field type (16 to 18 are BigTIFF's)."""

_INTEGER_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
_MOST_ENTRIES = 4096
_MOST_NUMBERS = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: `count` values of `field_type`, `size` bytes that begin at `where`."""

    tag: int
    field_type: int
    count: int
    where: int
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory. `next_field` is where the offset of the next one is stored."""

    entries: Mapping[int, Entry]
    next_offset: int
    next_field: int


class TagFile:
    """Random access to the directories of a TIFF structure held in memory or mapped."""

    def __init__(self, data: Data) -> None:
        """Read the 8 or 16 byte header. Raises `DamagedError` where it is not one."""
        head = bytes(data[:16])
        if head[:2] not in (b"II", b"MM"):
            raise DamagedError("The tag structure has no byte-order mark.")
        self.data = data
        self.order: Order = "<" if head[:2] == b"II" else ">"
        version = self._unpack("H", 2)
        if version not in (42, 43):
            raise DamagedError(f"The tag structure has the unknown version {version}.")
        self.big = version == 43
        self.first = self._unpack("Q", 8) if self.big else self._unpack("I", 4)

    def _unpack(self, code: str, where: int) -> int:
        size = struct.calcsize("<" + code)
        if where < 0 or where + size > len(self.data):
            raise DamagedError(f"The tag structure points {where} bytes in, beyond its end.")
        value: int = struct.unpack_from(self.order + code, self.data, where)[0]
        return value

    def directory(self, offset: int) -> Directory:
        """Read the directory at `offset`. Raises `DamagedError` where it does not fit the data."""
        if self.big:
            count, at, width = self._unpack("Q", offset), offset + 8, 20
        else:
            count, at, width = self._unpack("H", offset), offset + 2, 12
        if count > _MOST_ENTRIES:
            raise DamagedError(f"A tag directory claims {count} entries.")
        entries: dict[int, Entry] = {}
        for index in range(count):
            entry = self._entry(at + index * width)
            if entry is not None:
                entries.setdefault(entry.tag, entry)
        next_field = at + count * width
        fits = next_field + (8 if self.big else 4) <= len(self.data)
        following = self._unpack("Q" if self.big else "I", next_field) if fits else 0
        return Directory(entries, following, next_field)

    def _entry(self, at: int) -> Entry | None:
        """One field, or None where its type is unknown or its value lies outside the data."""
        tag, field_type = self._unpack("H", at), self._unpack("H", at + 2)
        code, inline = ("Q", 8) if self.big else ("I", 4)
        count = self._unpack(code, at + 4)
        value = at + 4 + inline
        size = TYPE_BYTES.get(field_type, 0) * count
        where = value if size <= inline else self._unpack(code, value)
        if field_type not in TYPE_BYTES or where + size > len(self.data):
            return None
        return Entry(tag, field_type, count, where, size)

    def pages(self, most: int) -> Iterator[Directory]:
        """Walk the chain of directories. Stops at a loop, or after `most`."""
        offset, seen = self.first, set[int]()
        while offset and offset not in seen and len(seen) < most:
            seen.add(offset)
            page = self.directory(offset)
            yield page
            offset = page.next_offset

    def raw(self, entry: Entry) -> bytes:
        """Return the value's bytes as stored."""
        return bytes(self.data[entry.where : entry.where + entry.size])

    def numbers(self, entry: Entry) -> tuple[int, ...]:
        """Return the integers of an integer field; empty for other types."""
        code = _INTEGER_CODES.get(entry.field_type)
        if code is None:
            return ()
        if entry.count > _MOST_NUMBERS:
            raise DamagedError(f"Tag {entry.tag} claims {entry.count} values.")
        return struct.unpack(f"{self.order}{entry.count}{code}", self.raw(entry))

    def number(self, directory: Directory, tag: int, default: int) -> int:
        """Return the first integer of `tag`, or `default`."""
        entry = directory.entries.get(tag)
        values = self.numbers(entry) if entry is not None and entry.count else ()
        return values[0] if values else default

    def fraction(self, directory: Directory, tag: int) -> Fraction | None:
        """Return the first unsigned rational of `tag`; None where absent or not positive."""
        entry = directory.entries.get(tag)
        if entry is None or entry.field_type != 5 or not entry.count:
            return None
        above, below = struct.unpack_from(self.order + "II", self.data, entry.where)
        return Fraction(above, below) if above and below else None
