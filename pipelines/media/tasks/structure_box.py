"""One box after another of MP4, QuickTime and their kin (ISO/IEC 14496-12, 4.2).

A box is its size (32 bits, big-endian; 1 means that 64 bits follow the type, 0 that it goes to
the end of the file), four letters of type, and its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.media.tasks.file_bytes import FileBytes
from pipelines.media.tasks.structure_notes import Notes


@dataclass(frozen=True, slots=True)
class Box:
    """A box by its type: where it begins, where its content does, and where both end."""

    name: str
    at: int
    content: int
    stop: int


def boxes(
    data: FileBytes, at: int, stop: int, notes: Notes, known: frozenset[str], left: list[int]
) -> Iterator[Box]:
    """The boxes from `at` up to `stop`, as far as they make sense; `left` says how many more.

    A box that is cut off is noted where its type is a `known` one.
    """
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
            if name in known:
                missing = at + size - stop
                notes.wrong(f"The box {name} at byte {at} is cut off: {missing} bytes are missing.")
                yield Box(name, at, content, stop)
            return
        yield Box(name, at, content, at + size)
        at += size
