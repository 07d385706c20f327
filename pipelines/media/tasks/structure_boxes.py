"""The boxes of MP4, QuickTime and their kin, and what lies in them or beside them unseen."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.media.tasks.file_bytes import FileBytes
from pipelines.media.tasks.structure_box import Box, boxes
from pipelines.media.tasks.structure_notes import Notes
from pipelines.media.tasks.structure_samples import note_unreferenced

_TOP = frozenset(
    {"ftyp", "moov", "mdat", "free", "skip", "wide", "uuid", "moof", "mfra", "sidx", "styp"}
    | {"ssix", "prft", "meta", "pdin", "emsg", "udta", "pnot", "PICT", "idat", "jumb", "imda"}
)
_HOLDS_BOXES = frozenset({"moov", "trak", "mdia", "minf", "stbl", "edts", "udta", "moof", "traf"})
_SKIPPED = frozenset({"free", "skip", "wide"})
_KNOWN = _TOP | _HOLDS_BOXES
_MOST_DEPTH = 8
_MOST_BOXES = 100_000


@dataclass(slots=True)
class _Met:
    """What is met on the way: media data, tables of samples, and other ways to refer to bytes."""

    left: list[int] = field(default_factory=lambda: [_MOST_BOXES])
    media: list[Box] = field(default_factory=list)
    tables: list[Box] = field(default_factory=list)
    otherwise: set[str] = field(default_factory=set)


def read_boxes(data: FileBytes, notes: Notes) -> None:
    """Note the outermost boxes, what players skip in any depth, and what comes after."""
    end, met = 0, _Met()
    for box in boxes(data, 0, data.size, notes, _KNOWN, met.left):
        if box.name not in _TOP and not _is_name(box.name):
            break
        notes.part(box.name, box.at, box.stop - box.at)
        if box.name not in _TOP:
            notes.hidden(f"a box of the unknown type {box.name}", box.content, box.stop)
        _look_inside(data, box, notes, met, box.name, depth=1)
        end = box.stop
    if end < data.size:
        notes.trailing("the last box", end)
    if met.otherwise:
        names = ", ".join(sorted(met.otherwise))
        notes.unsought(
            f"Bytes in media data (mdat) that nothing refers to were not looked for: {names} "
            "refers to them in another way than tables of samples do."
        )
    else:
        note_unreferenced(data, notes, met.media, met.tables)


def _look_inside(
    data: FileBytes, box: Box, notes: Notes, met: _Met, path: str, *, depth: int
) -> None:
    if box.name in _SKIPPED:
        notes.hidden(f"free space ({path})", box.content, box.stop)
    elif box.name == "uuid":
        notes.hidden(f"a private box ({path})", box.content, box.stop)
    elif box.name == "mdat":
        met.media.append(box)
    elif box.name in ("moof", "meta") and depth == 1:
        met.otherwise.add(box.name)
    if box.name == "stbl":
        met.tables.append(box)
    if box.name in _HOLDS_BOXES and depth < _MOST_DEPTH:
        for inner in boxes(data, box.content, box.stop, notes, _KNOWN, met.left):
            if not _is_name(inner.name):
                return
            _look_inside(data, inner, notes, met, f"{path}/{inner.name}", depth=depth + 1)


def _is_name(name: str) -> bool:
    """Whether four letters can be a type: letters, digits, a few signs, QuickTime's copyright."""
    return all(
        one == "\xa9" or (one.isascii() and (one.isalnum() or one in " -_.")) for one in name
    )
