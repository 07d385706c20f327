"""How PNG, JPEG and BMP files are built, and what lies after their end.

PNG: W3C Portable Network Graphics, 5.3 (chunks). JPEG: ITU-T T.81, annex B (markers). BMP: the
file header's size.
"""

from __future__ import annotations

from pipelines.media.tasks.file_bytes import FileBytes
from pipelines.media.tasks.structure_notes import Notes

_MOST_CHUNKS = 1_000_000
_PNG_START = 8
_TEXT_CHUNKS = frozenset({"tEXt", "zTXt", "iTXt"})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_SOS, _EOI, _COMMENT = 0xDA, 0xD9, 0xFE


def read_png(data: FileBytes, notes: Notes) -> None:
    """Chunks up to IEND; unknown private ones count as hidden."""
    at = _PNG_START
    for _ in range(_MOST_CHUNKS):
        header = data.read(at, 8)
        if len(header) < 8:
            notes.wrong("The file ends before IEND.")
            return
        size, name = int.from_bytes(header[:4], "big"), header[4:].decode("latin-1")
        stop = at + 12 + size
        if not (name.isascii() and name.isalpha()) or stop > data.size:
            notes.wrong(f"The chunk at byte {at} is cut off or none.")
            return
        if name != "IDAT":
            notes.part(name, at, stop - at)
        if name[1].islower() and name not in _TEXT_CHUNKS:
            notes.hidden(f"a private chunk ({name})", at + 8, at + 8 + size)
        at = stop
        if name == "IEND":
            notes.trailing("IEND", at)
            return


def read_jpeg(data: FileBytes, notes: Notes) -> None:
    """Segments and scans up to EOI."""
    at = 2
    for _ in range(_MOST_CHUNKS):
        marker = data.read(at, 2)
        if len(marker) < 2 or marker[0] != 0xFF:
            notes.wrong(f"There is no marker at byte {at}, and no end of the picture.")
            return
        code = marker[1]
        if code == 0xFF:
            at += 1
            continue
        if code == _EOI:
            notes.part("EOI", at, 2)
            notes.trailing("EOI", at + 2)
            return
        if code in _STANDALONE:
            at += 2
            continue
        size = data.number(at + 2, 2)
        if size < 2 or at + 2 + size > data.size:
            notes.wrong(f"The segment at byte {at} is cut off.")
            return
        notes.part(_segment_name(code), at, 2 + size)
        if code == _COMMENT:
            notes.hidden("a comment", at + 4, at + 2 + size)
        at += 2 + size
        if code == _SOS:
            at = _after_scan(data, at)


def _segment_name(code: int) -> str:
    if 0xE0 <= code <= 0xEF:
        return f"APP{code - 0xE0}"
    names = {_SOS: "SOS", 0xDB: "DQT", 0xC4: "DHT", 0xDD: "DRI", _COMMENT: "COM"}
    return names.get(code, f"FF{code:02X}")


def _after_scan(data: FileBytes, at: int) -> int:
    """Where the coded data ends: at a marker that is no stuffed byte and no restart."""
    while True:
        at = data.find(b"\xff", at, data.size)
        if at < 0:
            return data.size
        code = data.read(at + 1, 1)
        if code and (code[0] == 0 or 0xD0 <= code[0] <= 0xD7):
            at += 2
        elif code == b"\xff":
            at += 1
        else:
            return at


def read_bmp(data: FileBytes, notes: Notes) -> None:
    """The size that the file header states."""
    stated = int.from_bytes(data.read(2, 4), "little")
    if stated < data.size:
        if stated >= 26:
            notes.trailing("the stated size", stated)
        else:
            notes.wrong(f"The header states a size of {stated} bytes, which it cannot have.")
    elif stated > data.size:
        notes.wrong(f"The header states {stated} bytes; {stated - data.size} are missing.")
