"""The elements of Matroska and WebM (RFC 8794 EBML, RFC 9559 Matroska).

An element is its identifier and its size, both numbers of variable length, and its content; a
size whose bits are all one is unknown and goes on to the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.media.tasks.file_bytes import FileBytes
from pipelines.media.tasks.structure_notes import Notes

_SEGMENT, _VOID, _CRC = 0x18538067, 0xEC, 0xBF
_NAMES = {
    0x1A45DFA3: "EBML",
    _SEGMENT: "Segment",
    _VOID: "Void",
    _CRC: "CRC-32",
    0x114D9B74: "SeekHead",
    0x1549A966: "Info",
    0x1654AE6B: "Tracks",
    0x1F43B675: "Cluster",
    0x1C53BB6B: "Cues",
    0x1941A469: "Attachments",
    0x1043A770: "Chapters",
    0x1254C367: "Tags",
}
_MOST_ELEMENTS = 1_000_000


def read_matroska(data: FileBytes, notes: Notes) -> None:
    """Outermost elements, those of the segment, voids with content, and what comes after."""
    end = 0
    for name, at, content, stop in _elements(data, 0, data.size):
        if name not in ("EBML", "Segment", "Void", "CRC-32"):
            break
        notes.part(name, at, min(stop, data.size) - at)
        if stop > data.size:
            missing = stop - data.size
            notes.wrong(f"{name} at byte {at} is cut off: {missing} bytes are missing.")
        if name == "Segment":
            _read_segment(data, notes, content, min(stop, data.size))
        elif name == "Void":
            notes.hidden("free space (Void)", content, stop)
        end = min(stop, data.size)
    if end < data.size:
        notes.trailing("the last element", end)


def _read_segment(data: FileBytes, notes: Notes, at: int, stop: int) -> None:
    for name, begin, content, end in _elements(data, at, stop):
        if name == "Cluster":
            continue
        notes.part(f"Segment/{name}", begin, end - begin)
        if name == "Void":
            notes.hidden("free space (Segment/Void)", content, end)
        elif name not in _NAMES.values():
            notes.hidden(f"an element of the unknown type {name}", content, end)


def _elements(data: FileBytes, at: int, stop: int) -> Iterator[tuple[str, int, int, int]]:
    """(name, where it begins, where its content begins, where it ends), as far as it makes sense.

    A cluster of unknown size ends where nobody can say without reading it, so nothing follows.
    """
    for _ in range(_MOST_ELEMENTS):
        if at >= stop:
            return
        head = data.read(at, 12)
        id_bytes = _length(head[:1])
        if not 1 <= id_bytes <= 4 or len(head) <= id_bytes:
            return
        size_bytes = _length(head[id_bytes : id_bytes + 1])
        if not 1 <= size_bytes <= 8 or len(head) < id_bytes + size_bytes:
            return
        number = int.from_bytes(head[:id_bytes], "big")
        name = _NAMES.get(number, f"{number:X}")
        raw = int.from_bytes(head[id_bytes : id_bytes + size_bytes], "big")
        size = raw & ((1 << (7 * size_bytes)) - 1)
        content = at + id_bytes + size_bytes
        unknown = size == (1 << (7 * size_bytes)) - 1
        end = stop if unknown else content + size
        yield name, at, content, end
        at = end


def _length(first: bytes) -> int:
    """How many bytes a number has, by its first one; 0 for none."""
    return 9 - first[0].bit_length() if first and first[0] else 0
