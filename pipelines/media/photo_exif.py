r"""EXIF blocks: what they say about orientation and resolution, and the few changes made to them.

A block is the TIFF structure alone, without "Exif\0\0". It is carried as received; changes are
made in place, so every offset (maker notes included) stays valid: an orientation that was
applied becomes 1, the recorded pixel size follows the result, and a thumbnail that would show
another picture is unlinked. Damaged blocks are carried unread, with a remark.

Source: Exif 2.32 (CIPA DC-008-2019), tables 4 and 6; TIFF 6.0 for the structure.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipelines.errors import DamagedError
from pipelines.media.photo_facts import Resolution
from pipelines.media.photo_tags import Directory, TagFile

ORIENTATION = 0x0112
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
EXIF_DIRECTORY, GPS_DIRECTORY, INTEROP_DIRECTORY = 0x8769, 0x8825, 0xA005
MAKER_NOTE = 0x927C
_PIXEL_WIDTH, _PIXEL_HEIGHT = 0xA002, 0xA003


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """What a block says. `orientation` is None where it holds none of 1 to 8."""

    orientation: int | None = None
    resolution: Resolution | None = None
    remarks: tuple[str, ...] = ()


def exif_facts(exif: bytes | None) -> ExifFacts:
    """Read a block. Never raises: a damaged one gives a remark and nothing else."""
    if exif is None:
        return ExifFacts()
    try:
        tags = TagFile(exif)
        first = tags.directory(tags.first)
    except DamagedError as damage:
        return ExifFacts(remarks=(f"EXIF block damaged, carried unread: {damage}",))
    return ExifFacts(orientation_of(tags, first), resolution_of(tags, first))


def orientation_of(tags: TagFile, directory: Directory) -> int | None:
    """Return the orientation tag where it is one of 1 to 8."""
    value = tags.number(directory, ORIENTATION, 0)
    return value if 1 <= value <= 8 else None


def resolution_of(tags: TagFile, directory: Directory) -> Resolution | None:
    """Dots per inch from the resolution tags; None where absent or without a unit."""
    across, down = tags.fraction(directory, X_RESOLUTION), tags.fraction(directory, Y_RESOLUTION)
    unit = tags.number(directory, RESOLUTION_UNIT, 2)
    if across is None or unit not in (2, 3):
        return None
    per_inch = Fraction(1) if unit == 2 else Fraction(254, 100)
    return Resolution(across * per_inch, (down or across) * per_inch)


def oriented_upright(exif: bytes) -> bytes:
    """Return the block after its orientation was applied to the samples.

    The tag becomes 1 in every main directory; a thumbnail, which was not turned, is unlinked.
    """
    changed = bytearray(exif)
    try:
        tags = TagFile(changed)
        first = tags.directory(tags.first)
        for directory in (first, *_exif_directories(tags, first)):
            _put_number(tags, directory, ORIENTATION, 1)
        _unlink_thumbnail(tags, first)
    except DamagedError:
        return exif
    return bytes(changed)


def for_size(exif: bytes, *, height: int, width: int) -> tuple[bytes, tuple[str, ...]]:
    """Return the block for a result of `height` by `width`, and remarks on what was changed.

    Where the block records another pixel size, that is put right and the thumbnail unlinked.
    """
    changed = bytearray(exif)
    try:
        tags = TagFile(changed)
        first = tags.directory(tags.first)
        differs = False
        for directory in _exif_directories(tags, first):
            for tag, value in ((_PIXEL_WIDTH, width), (_PIXEL_HEIGHT, height)):
                if tags.number(directory, tag, value) != value:
                    differs |= _put_number(tags, directory, tag, value)
        thumbnail = differs and _unlink_thumbnail(tags, first)
    except DamagedError:
        return exif, ()
    if not differs:
        return exif, ()
    ending = ", and its thumbnail of the source is unlinked" if thumbnail else ""
    return bytes(changed), (f"EXIF: the recorded pixel size follows the result{ending}.",)


def _exif_directories(tags: TagFile, first: Directory) -> Sequence[Directory]:
    offset = tags.number(first, EXIF_DIRECTORY, 0)
    return (tags.directory(offset),) if offset else ()


def _put_number(tags: TagFile, directory: Directory, tag: int, value: int) -> bool:
    """Overwrite the first value of a SHORT or LONG tag; False where it cannot hold `value`."""
    entry = directory.entries.get(tag)
    if entry is None or not entry.count or entry.field_type not in (3, 4):
        return False
    code, largest = ("H", 0xFFFF) if entry.field_type == 3 else ("I", 0xFFFFFFFF)
    if value > largest or not isinstance(tags.data, bytearray):
        return False
    struct.pack_into(tags.order + code, tags.data, entry.where, value)
    return True


def _unlink_thumbnail(tags: TagFile, first: Directory) -> bool:
    """Cut the chain after the first directory; whether there was anything to cut."""
    if not first.next_offset or not isinstance(tags.data, bytearray):
        return False
    struct.pack_into(tags.order + "I", tags.data, first.next_field, 0)
    return True


@dataclass(frozen=True, slots=True)
class Field:
    """One field to be written: its value's bytes are already in the structure's byte order."""

    field_type: int
    count: int
    value: bytes


def pack_block(
    tags: TagFile, main: Mapping[int, Field], parts: Mapping[int, Mapping[int, Field]]
) -> bytes:
    """Lay out a new block in the byte order of `tags`: directory `main`, then each of `parts`.

    `parts` maps a pointer tag of `main` to the directory that it shall point to.
    """
    mark = b"II*\0" if tags.order == "<" else b"MM\0*"
    block = bytearray(mark + struct.pack(tags.order + "I", 8))
    pointers = {tag: Field(4, 1, b"\0\0\0\0") for tag in parts}
    places = append_directory(block, tags.order, {**main, **pointers})
    for tag, fields in parts.items():
        where = len(block)
        append_directory(block, tags.order, fields)
        struct.pack_into(tags.order + "I", block, places[tag], where)
    return bytes(block)


def append_directory(
    block: bytearray, order: str, fields: Mapping[int, Field], *, base: int = 0
) -> dict[int, int]:
    """Append one directory to `block`, sorted by tag, with no next one; where each value lies.

    `base` is the offset of the start of `block` in the structure.
    """
    start = base + len(block)
    spill = start + 2 + 12 * len(fields) + 4
    table, values, places = bytearray(struct.pack(order + "H", len(fields))), bytearray(), {}
    for tag in sorted(fields):
        field = fields[tag]
        table += struct.pack(order + "HHI", tag, field.field_type, field.count)
        if len(field.value) <= 4:
            places[tag] = start + len(table)
            table += field.value.ljust(4, b"\0")
        else:
            places[tag] = spill + len(values)
            table += struct.pack(order + "I", places[tag])
            values += field.value + b"\0" * (len(field.value) % 2)
    block += table + struct.pack(order + "I", 0) + values
    return places
