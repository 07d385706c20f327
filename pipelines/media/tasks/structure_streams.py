"""How RIFF files (AVI, WebP) and MPEG transport streams are built.

RIFF: Microsoft, Multimedia Programming Interface and Data Specifications 1.0 (chunks); an AVI of
more than one RIFF part is OpenDML 1.02. Transport: ITU-T H.222.0 (packets of 188 bytes).
"""

from __future__ import annotations

from pipelines.media.tasks.file_bytes import FileBytes
from pipelines.media.tasks.structure_notes import Notes

_MOST_CHUNKS = 100_000
_PACKET = 188
_SKIPPED = frozenset({"JUNK", "PAD ", "junk"})


def read_riff(data: FileBytes, notes: Notes) -> None:
    """Outermost chunks of every RIFF part, junk with content, and what comes after."""
    at = 0
    left = _MOST_CHUNKS
    while data.read(at, 4) in (b"RIFF", b"RF64"):
        stop = at + 8 + int.from_bytes(data.read(at + 4, 4), "little")
        notes.part(f"RIFF {_name(data.read(at + 8, 4))}", at, min(stop, data.size) - at)
        if stop > data.size:
            notes.wrong(f"The part at byte {at} is cut off: {stop - data.size} bytes are missing.")
        inner = at + 12
        while inner + 8 <= min(stop, data.size) and left > 0:
            left -= 1
            name = _name(data.read(inner, 4))
            size = int.from_bytes(data.read(inner + 4, 4), "little")
            notes.part(name, inner, 8 + size)
            if name in _SKIPPED:
                notes.hidden(f"free space ({name})", inner + 8, inner + 8 + size)
            inner += 8 + size + size % 2
        at = stop + stop % 2
    if stop < data.size:
        notes.trailing("the last RIFF part", stop)


def read_transport(data: FileBytes, notes: Notes) -> None:
    """Whether whole packets fill the file; where the last ones are none, they are trailing."""
    whole = data.size // _PACKET * _PACKET
    end = whole
    while end and data.read(end - _PACKET, 1) != b"\x47":
        end -= _PACKET
    notes.part("packets", 0, end)
    if end < data.size:
        notes.trailing("the last packet", end)
    notes.unsought("Packets of numbers that no table names were not looked for.")


def _name(raw: bytes) -> str:
    return "".join(chr(one) if 32 <= one < 127 else "?" for one in raw)
