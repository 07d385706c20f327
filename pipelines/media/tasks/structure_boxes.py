"""The boxes of MP4, QuickTime and their kin (ISO/IEC 14496-12, 4.2).

A box is its size (32 bits, big-endian; 1 means that 64 bits follow the type, 0 that it goes to
the end of the file), four letters of type, and its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.media.tasks.file_bytes import FileBytes
from pipelines.media.tasks.structure_notes import Notes

_TOP = frozenset(
    {"ftyp", "moov", "mdat", "free", "skip", "wide", "uuid", "moof", "mfra", "sidx", "styp"}
    | {"ssix", "prft", "meta", "pdin", "emsg", "udta", "pnot", "PICT", "idat", "jumb", "imda"}
)
_HOLDS_BOXES = frozenset({"moov", "trak", "mdia", "minf", "stbl", "edts", "udta", "moof", "traf"})
_SKIPPED = frozenset({"free", "skip", "wide"})
_MOST_DEPTH = 8
_MOST_BOXES = 100_000


@dataclass(frozen=True, slots=True)
class _Box:
    name: str
    at: int
    content: int
    stop: int


def read_boxes(data: FileBytes, notes: Notes) -> None:
    """Note the outermost boxes, free space with content in any depth, and what comes after."""
    end = 0
    left = [_MOST_BOXES]
    for box in _boxes(data, 0, data.size, notes, left):
        if box.name not in _TOP and not _is_name(box.name):
            break
        notes.part(box.name, box.at, box.stop - box.at)
        if box.name not in _TOP:
            notes.hidden(f"a box of the unknown type {box.name}", box.content, box.stop)
        _look_inside(data, box, notes, left, box.name, depth=1)
        end = box.stop
    if end < data.size:
        notes.trailing("the last box", end)
    notes.unsought("Bytes in media data (mdat) that no sample refers to were not looked for.")


def _look_inside(
    data: FileBytes, box: _Box, notes: Notes, left: list[int], path: str, *, depth: int
) -> None:
    if box.name in _SKIPPED:
        notes.hidden(f"free space ({path})", box.content, box.stop)
    elif box.name == "uuid":
        notes.hidden(f"a private box ({path})", box.content, box.stop)
    elif box.name in _HOLDS_BOXES and depth < _MOST_DEPTH:
        for inner in _boxes(data, box.content, box.stop, notes, left):
            if not _is_name(inner.name):
                return
            _look_inside(data, inner, notes, left, f"{path}/{inner.name}", depth=depth + 1)


def _boxes(data: FileBytes, at: int, stop: int, notes: Notes, left: list[int]) -> Iterator[_Box]:
    """The boxes from `at` up to `stop`, as far as they make sense."""
    while at + 8 <= stop and left[0] > 0:
        left[0] -= 1
        header = data.read(at, 16)
        size, name = int.from_bytes(header[:4], "big"), header[4:8].decode("latin-1")
        content = at + 8
        if size == 1:
            size, content = int.from_bytes(header[8:16], "big"), at + 16
        elif size == 0:
            size = stop - at
        if size < content - at:
            return
        if at + size > stop:
            if name in _TOP | _HOLDS_BOXES:
                missing = at + size - stop
                notes.wrong(f"The box {name} at byte {at} is cut off: {missing} bytes are missing.")
                yield _Box(name, at, content, stop)
            return
        yield _Box(name, at, content, at + size)
        at += size


def _is_name(name: str) -> bool:
    """Whether four letters can be a type: letters, digits, a few signs, QuickTime's copyright."""
    return all(
        one == "\xa9" or (one.isascii() and (one.isalnum() or one in " -_.")) for one in name
    )
