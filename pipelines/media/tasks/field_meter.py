"""Measures how the two fields of a clip's frames fit together, frame after frame.

A frame's even rows are its top field, its odd rows its bottom field. Five means of absolute
differences are taken per frame, all in thousandths of an 8-bit code value:

  own      bottom rows against the mean of the two top rows around them, in the frame itself
  earlier  the same with this frame's top field and the bottom field of the frame before
  later    the same with the top field of the frame before and this frame's bottom field
  top      this frame's top field against that of the frame before
  bottom   the same for the bottom fields

Fields that were taken at one moment fit best, and the farther apart in time the worse; so the
first three tell progressive frames from woven ones and the order of fields, and the last two
show a repeated field. `pipelines.analysis.fields` draws the conclusions.

Whole numbers all the way, so every machine measures the same. Of wide pictures evenly spread
columns are looked at, all rows always.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pipelines.media.pixel_formats import planar
from pipelines.media.tasks.video_source import stored_planes

MEASURES = 5
"""Numbers per frame, in the order of the module docstring."""

NOTHING = (-1,) * MEASURES
"""What is said of a frame that has none before it, or whose rows cannot be compared."""

_COLUMNS = 256
_BITS = 12
_LEAST_ROWS = 4

_Rows = NDArray[np.int16]


class FieldMeter:
    """Measures frames in the order of display; keeps a few columns of the frame before."""

    def __init__(self) -> None:
        self._before: tuple[_Rows, _Rows] | None = None

    def measure(self, frame: VideoFrame) -> tuple[int, ...]:
        """The five numbers of a frame, `NOTHING` for the first one."""
        found = sampled_rows(frame)
        if found is None:
            return NOTHING
        rows, bits = found
        even = len(rows) // 2 * 2
        top, bottom = rows[0:even:2], rows[1:even:2]
        before, self._before = self._before, (top, bottom)
        if before is None or before[0].shape != top.shape:
            return NOTHING
        unit = 1 << (bits - 8)
        return (
            _misfit(top, bottom, unit),
            _misfit(top, before[1], unit),
            _misfit(before[0], bottom, unit),
            _change(top, before[0], unit),
            _change(bottom, before[1], unit),
        )


def sampled_rows(frame: VideoFrame) -> tuple[_Rows, int] | None:
    """Evenly spread columns of the first plane, and the bits of a sample, 12 at the most.

    A packed format's plane holds all colours of a pixel, which serves as well. None where
    samples lie in an order that is not this machine's, or the picture has too few rows.
    """
    name = frame.format.name
    if name.endswith("be") or frame.height < _LEAST_ROWS:
        return None
    stored: NDArray[Any] = stored_planes(frame)[0]
    depth = max(component.bits for component in frame.format.components)
    form = planar(name)
    if depth > 8:
        stored = stored.view("<u2")
        if form is None or name.startswith(("p0", "p2", "rgb48", "rgba64")):
            depth = 16  # The bits that count are the high ones.
    step = -(-stored.shape[1] // _COLUMNS)
    bits = min(depth, _BITS)
    picked = stored[:, ::step]
    return (picked >> (depth - bits) if depth > bits else picked).astype(np.int16), bits


def _misfit(top: _Rows, bottom: _Rows, unit: int) -> int:
    """How far bottom rows lie from the mean of the top rows above and below."""
    inner = bottom[:-1]
    distance = inner + inner
    distance -= top[:-1]
    distance -= top[1:]
    return _thousandths(distance, 2 * unit)


def _change(now: _Rows, before: _Rows, unit: int) -> int:
    return _thousandths(now - before, unit)


def _thousandths(distance: _Rows, unit: int) -> int:
    total = int(np.abs(distance, out=distance).sum(dtype=np.int64))
    return total * 1000 // (distance.size * unit)
