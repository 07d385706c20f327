"""Which colours an HEIC or AVIF file states for its picture: the code points of ITU-T H.273.

A file may hold many pictures (a burst, a gain map, a thumbnail), each with properties of its own:
what counts is the colour box of the primary item, and where that item is put together of tiles
and states none, the one of its first tile. Sources: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12
6.5 and 9.3 (properties and their association), ISO/IEC 23000-22 7.3.6. Whatever does not make
sense states nothing: unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.media.photo_tags import Data

UNSPECIFIED = 2
_MOST_META = 1 << 20
_MOST_BOXES = 20_000
_FULL = 4
"""Bytes of version and flags at the head of a full box."""

_CodePoints = tuple[int | None, int | None]
_NONE: _CodePoints = (None, None)


@dataclass(frozen=True, slots=True)
class _Boxes:
    """The content of one box, by the boxes in it: types and contents in their order."""

    kinds: tuple[bytes, ...]
    contents: tuple[bytes, ...]

    def first(self, kind: bytes) -> bytes:
        """The content of the first box of a type; empty where there is none."""
        found = (one for name, one in zip(self.kinds, self.contents, strict=True) if name == kind)
        return next(found, b"")


class _Reader:
    """Big-endian numbers one after another; ValueError where the bytes end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data, self._at = data, at

    def number(self, size: int) -> int:
        """Take a number of so many bytes."""
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise ValueError("cut short")
        self._at += size
        return int.from_bytes(taken, "big")


def code_points(data: Data) -> _CodePoints:
    """Primaries and transfer that the primary picture states; None for what it does not."""
    try:
        # What is said of the items stands at the head of the file; the samples need not be read.
        meta = _opened(_opened(bytes(data[:_MOST_META])).first(b"meta")[_FULL:])
        own = _primary(meta.first(b"pitm"))
        properties = _opened(meta.first(b"iprp"))
        colours = _opened(properties.first(b"ipco"))
        attached = properties.first(b"ipma")
        for item in (own, _first_tile(meta.first(b"iref"), own)):
            if item is not None:
                found = _stated(colours, _attached(attached, item))
                if found != _NONE:
                    return found
    except ValueError:
        return _NONE
    return _NONE


def _opened(content: bytes) -> _Boxes:
    """The boxes that follow one another in `content`; a last one that is cut off counts not."""
    found = list(_children(content))
    return _Boxes(tuple(kind for kind, _ in found), tuple(one for _, one in found))


def _children(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > len(content):
            return
        size, kind, begin = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8], 8
        if size == 1:
            size, begin = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(content) - at
        if size < begin or at + size > len(content):
            return
        yield kind, content[at + begin : at + size]
        at += size


def _primary(box: bytes) -> int:
    """The number of the primary item."""
    wide = _Reader(box).number(1) > 0
    return _Reader(box, _FULL).number(4 if wide else 2)


def _first_tile(box: bytes, item: int) -> int | None:
    """The first item that `item` is derived from; None where it is coded by itself."""
    wide = 4 if box[:1] > b"\0" else 2
    for kind, content in _children(box[_FULL:]):
        if kind == b"dimg":
            reader = _Reader(content)
            if reader.number(wide) == item and reader.number(2):
                return reader.number(wide)
    return None


def _attached(box: bytes, item: int) -> tuple[int, ...]:
    """The properties of an item, by their places in the list, counted from 1."""
    head = _Reader(box)
    version, flags = head.number(1), head.number(3)
    reader = _Reader(box, _FULL)
    for _ in range(min(reader.number(4), _MOST_BOXES)):
        number = reader.number(4 if version else 2)
        wide = 2 if flags & 1 else 1
        essential = 1 << (8 * wide - 1)
        places = tuple(reader.number(wide) & ~essential for _ in range(reader.number(1)))
        if number == item:
            return places
    return ()


def _stated(colours: _Boxes, places: tuple[int, ...]) -> _CodePoints:
    """The code points of the first colour box of that kind among these properties."""
    for place in places:
        if not 0 < place <= len(colours.kinds) or colours.kinds[place - 1] != b"colr":
            continue
        reader = _Reader(colours.contents[place - 1])
        if reader.number(4) != int.from_bytes(b"nclx", "big"):
            continue
        return _known(reader.number(2)), _known(reader.number(2))
    return _NONE


def _known(code_point: int) -> int | None:
    """A code point that says something; 0 is reserved, and 2 says that nothing is said."""
    return code_point if 0 < code_point < 256 and code_point != UNSPECIFIED else None
