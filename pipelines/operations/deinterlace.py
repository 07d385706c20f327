"""`deinterlace`: the rows of the other field are made from its neighbours. MIXES frames.

Motion-adaptive, after the published method that FFmpeg calls bwdif: the three-field filter of
M. Weston (BBC R&D, US patent 4789893, expired) inside the temporal and spatial bounds of yadif.

For a missing sample, with a and b the same sample in the fields before and after (of the other
parity), c and e the kept rows above and below, at -1 and +1:

  d      = (a + b) / 2
  t0     = |a - b|
  t1, t2 = the mean change of c and e to the same field one frame before, and after
  change = max(t0 / 2, t1, t2); where it is 0 nothing moves, and the result is d
  up, down = d at rows -2 and +2, less c and e
  change is raised to admit what rises or falls steadily across rows: by
  min(d - e, d - c, max(up, down)) and by -max(d - e, d - c, min(up, down))
  guess  = where |c - e| > t0, low frequencies from the field itself and high ones from the two
           fields around: (L0 (c + e) - L1 (rows at -3, +3))
           + (H0 (a + b) - H1 (a, b at -2, +2) + H2 (a, b at -4, +4)) / 4;
           elsewhere S0 (c + e) - S1 (rows at -3, +3)
  result = guess, held within d - change and d + change

Beyond the first and last row the picture is mirrored, which keeps the parity of rows. At the two
ends of a clip, where a frame is missing, the frame itself stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_fields import WEAVE_REACH, DeinterlaceParameters, FirstField
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.field_rows import first_row, other, row_of

_UNIT = 8192
LOW = tuple(np.float32(weight / _UNIT) for weight in (4309, 213))
HIGH = tuple(np.float32(weight / _UNIT) for weight in (5570, 3801, 1016))
SPATIAL = tuple(np.float32(weight / _UNIT) for weight in (5077, 981))
"""The filter's weights as published, in parts of 8192."""

_HALF, _QUARTER = np.float32(0.5), np.float32(0.25)
_STRIP = 16
"""Missing rows that are worked on together."""

_At = Callable[[int], Plane]


class FilledField:
    """One field with the rows between filled in. `is_first` says whether it was taken first."""

    name = "deinterlace"
    before = 1
    after = 1

    def __init__(self, source: FrameShape, field: FirstField, *, is_first: bool) -> None:
        self.source = source
        self.result = source
        self._row = row_of(field)
        self._is_first = is_first
        self._margin = WEAVE_REACH * max(source.layout.align_x, source.layout.align_y)

    def needs(self, out: Region) -> Region:
        """Name the region and the rows around it."""
        return out.grown(self._margin, self.source)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        region = self.needs(out)
        own = window[centre].cut(region)
        earlier = window[max(0, centre - 1)].cut(region)
        later = window[min(centre + 1, len(window) - 1)].cut(region)
        planes = []
        for number, now in enumerate(own.planes):
            filled = now.copy()
            missing = (self._row + 1 - first_row(own, number)) % 2
            if len(now) > missing:
                before, after = earlier.planes[number], later.planes[number]
                _fill(before, now, after, filled, missing, first=self._is_first)
            planes.append(filled)
        return Block(tuple(planes), region, self.result).cut(out)


class Deinterlace(FilledField):
    """The field that was taken first, and `phases` for both."""

    def __init__(self, source: FrameShape, first: FirstField) -> None:
        super().__init__(source, first, is_first=True)
        later = FilledField(source, other(first), is_first=False)
        self.phases: tuple[Operation, ...] = (self, later)


def _rows(plane: Plane, first: int, stop: int) -> _At:
    """What gives the rows at an offset from every second one of `first` up to before `stop`.

    Beyond the plane its rows are mirrored.
    """
    top, bottom = first - WEAVE_REACH, stop + WEAVE_REACH
    if top < 0 or bottom > len(plane):
        inside = plane[max(0, top) : min(len(plane), bottom)]
        beyond = (max(0, -top), max(0, bottom - len(plane)))
        plane = np.pad(inside, (beyond, (0, 0)), mode="reflect")
    else:
        plane = plane[top:bottom]
    rows = stop - first

    def at(offset: int) -> Plane:
        return plane[WEAVE_REACH + offset : WEAVE_REACH + offset + rows : 2]

    return at


def _fill(
    before: Plane, now: Plane, after: Plane, filled: Plane, missing: int, *, first: bool
) -> None:
    """Make the missing rows of `filled`, a few at a time to stay in the processor's cache."""
    for start in range(missing, len(now), 2 * _STRIP):
        stop = min(len(now), start + 2 * _STRIP - 1)
        earlier, own, later = (_rows(plane, start, stop) for plane in (before, now, after))
        filled[start:stop:2] = _strip(earlier, own, later, first=first)


def _strip(earlier: _At, own: _At, later: _At, *, first: bool) -> Plane:
    """Some missing rows; see the module docstring."""
    # The other field was taken between this frame's first field and those around it.
    a, b = (earlier, own) if first else (own, later)
    above, below = own(-1), own(1)
    here = a(0) + b(0)
    middle = here * _HALF
    between = a(0) - b(0)
    np.abs(between, out=between)
    change = between * _HALF
    for one in (earlier, later):
        np.maximum(change, _moved(one, above, below), out=change)
    up, down = a(-2) + b(-2), a(2) + b(2)
    around = up + down
    bound = _bound(middle, above, below, up, down, change)
    near, far, across = above + below, own(-3) + own(3), above - below
    sharp = np.abs(across, out=across) > between
    guess = _guess(here, around, near, far, (a, b), sharp)
    np.maximum(guess, np.subtract(middle, bound, out=here), out=guess)
    np.minimum(guess, np.add(middle, bound, out=here), out=guess)
    np.copyto(guess, middle, where=change == 0)
    return guess


def _moved(one: _At, above: Plane, below: Plane) -> Plane:
    """The mean change of the kept rows above and below."""
    moved = one(-1) - above
    np.abs(moved, out=moved)
    second = one(1) - below
    moved += np.abs(second, out=second)
    moved *= _HALF
    return moved


def _bound(
    middle: Plane, above: Plane, below: Plane, up: Plane, down: Plane, change: Plane
) -> Plane:
    """How far the result may lie from `middle`; `up` and `down` are used up."""
    up *= _HALF
    up -= above
    down *= _HALF
    down -= below
    to_above, to_below = middle - above, middle - below
    highest, lowest = np.minimum(up, down), np.maximum(up, down, out=up)
    np.maximum(np.maximum(to_below, to_above, out=down), highest, out=highest)
    np.minimum(np.minimum(to_below, to_above, out=to_below), lowest, out=lowest)
    np.maximum(change, lowest, out=lowest)
    return np.maximum(lowest, np.negative(highest, out=highest), out=lowest)


def _guess(
    here: Plane,
    around: Plane,
    near: Plane,
    far: Plane,
    fields: tuple[_At, _At],
    sharp: NDArray[np.bool_],
) -> Plane:
    """The filter's guess; `here`, `around`, `near` and `far` are used up."""
    a, b = fields
    high = np.multiply(HIGH[0], here, out=here)
    high -= np.multiply(HIGH[1], around, out=around)
    wide = a(-4) + a(4)
    wide += b(-4)
    wide += b(4)
    wide *= HIGH[2]
    high += wide
    high *= _QUARTER
    high += np.multiply(LOW[0], near, out=wide)
    high -= np.multiply(LOW[1], far, out=wide)
    near *= SPATIAL[0]
    far *= SPATIAL[1]
    near -= far
    np.copyto(near, high, where=sharp)
    return near


def build(
    parameters: DeinterlaceParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `deinterlace` to a shape."""
    return Deinterlace(source, parameters.first_field)
