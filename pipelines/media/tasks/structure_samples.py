"""Media data that no sample refers to: what lies between, before and after the samples of a file.

The tables of a track (ISO/IEC 14496-12, 8.7) say where its chunks begin, how many samples each
holds and how long these are. What no chunk of any track covers is shown by no player. Zeros are
padding and are not noted. Tables that contradict themselves, or are longer than any real file's,
are not followed, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.media.tasks.file_bytes import MOST_READ_BYTES, FileBytes
from pipelines.media.tasks.structure_box import Box, boxes
from pipelines.media.tasks.structure_notes import Notes

Numbers = NDArray[np.int64]

MOST_ENTRIES = 1 << 23
"""Samples of one track: two days at sixty frames a second hold as many."""

_TABLES = frozenset({"stsc", "stsz", "stz2", "stco", "co64"})
_MOST_TABLE_BOXES = 64


class _UnclearError(Exception):
    """Tables from which no places follow; never leaves this file."""


def note_unreferenced(
    data: FileBytes, notes: Notes, media: Sequence[Box], tables: Sequence[Box]
) -> None:
    """Note every stretch of the boxes `media` that no sample of the tables covers."""
    if not media:
        return
    if not tables:
        notes.unsought("Media data (mdat) stands without tables that would say what is in it.")
        return
    try:
        covered = _joined([_chunks(data, notes, one) for one in tables])
    except _UnclearError as error:
        notes.unsought(
            f"Bytes in media data (mdat) that no sample refers to were not looked for: {error}."
        )
        return
    for box in media:
        for begin, stop in _gaps(covered, box.content, box.stop):
            notes.hidden("media data (mdat) that no sample refers to", begin, stop)


def _chunks(data: FileBytes, notes: Notes, table: Box) -> Numbers:
    """(N, 2): where each chunk of one track begins and stops."""
    found = {
        one.name: one
        for one in boxes(data, table.content, table.stop, notes, _TABLES, [_MOST_TABLE_BOXES])
    }
    place, runs = found.get("stco") or found.get("co64"), found.get("stsc")
    sized = found.get("stsz") or found.get("stz2")
    if place is None or runs is None or sized is None:
        raise _UnclearError("a track lacks a table")
    begins = _numbers(data, place, ">u8" if place.name == "co64" else ">u4")
    if not len(begins):
        return np.empty((0, 2), np.int64)
    rows = _numbers(data, runs, ">u4", columns=3).reshape(-1, 3)
    edges = np.append(rows[:, 0] - 1, len(begins))
    if not len(rows) or edges[0] != 0 or np.any(np.diff(edges) < 0):
        raise _UnclearError("the table of a track contradicts itself")
    samples = np.repeat(rows[:, 1], np.diff(edges))
    stops = np.cumsum(samples)
    return np.stack([begins, begins + _lengths(data, sized, stops - samples, stops)], axis=1)


def _lengths(data: FileBytes, sized: Box, first: Numbers, stop: Numbers) -> Numbers:
    """Bytes of the samples from `first` up to `stop`, chunk by chunk."""
    each, count = data.number(sized.content + 4, 4), data.number(sized.content + 8, 4)
    if sized.name == "stsz" and each == 1:
        # QuickTime counts raw sound so, whatever a sample's bytes are.
        raise _UnclearError("a track counts its sound in units whose length it does not say")
    if sized.name == "stsz" and each:
        return np.asarray((np.minimum(stop, count) - np.minimum(first, count)) * each)
    if sized.name == "stz2" and each & 0xFF not in (8, 16):
        raise _UnclearError("a track states lengths in half bytes")
    form = ">u4" if sized.name == "stsz" else f">u{(each & 0xFF) // 8}"
    total = np.concatenate([[0], np.cumsum(_numbers(data, sized, form, count_at=8))])
    last = len(total) - 1
    return np.asarray(total[np.minimum(stop, last)] - total[np.minimum(first, last)])


def _numbers(
    data: FileBytes, box: Box, form: str, *, columns: int = 1, count_at: int = 4
) -> Numbers:
    """The entries of a table; their number stands `count_at` bytes into it, right before them."""
    begin = box.content + count_at + 4
    item = np.dtype(form)
    count = data.number(box.content + count_at, 4) * columns
    held = max(0, box.stop - begin) // item.itemsize
    if count > held or count > MOST_ENTRIES:
        raise _UnclearError("a table is longer than its box, or than any that is followed")
    made = np.empty(count, np.int64)
    at, step = 0, MOST_READ_BYTES // item.itemsize
    while at < count:
        piece = np.frombuffer(
            data.read(begin + at * item.itemsize, min(step, count - at) * item.itemsize), item
        )
        if not len(piece):
            raise _UnclearError("a table is cut off")
        made[at : at + len(piece)] = piece
        at += len(piece)
    return made


def _joined(tracks: Sequence[Numbers]) -> Numbers:
    """The stretches that any track covers, in order, those that touch made one."""
    every = np.concatenate(tracks)
    every = every[every[:, 1] > every[:, 0]]
    if not len(every):
        return every
    every = every[np.argsort(every[:, 0], kind="stable")]
    reached = np.maximum.accumulate(every[:, 1])
    fresh = np.append(True, every[1:, 0] > reached[:-1])
    last = np.append(np.flatnonzero(fresh)[1:] - 1, len(every) - 1)
    return np.stack([every[fresh, 0], reached[last]], axis=1)


def _gaps(covered: Numbers, begin: int, stop: int) -> list[tuple[int, int]]:
    """What of `begin` up to `stop` is not covered."""
    inside = covered[(covered[:, 1] > begin) & (covered[:, 0] < stop)]
    starts = np.append(begin, inside[:, 1])
    ends = np.append(inside[:, 0], stop)
    return [(int(one), int(other)) for one, other in zip(starts, ends, strict=True) if other > one]
