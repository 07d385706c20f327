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
                filled[missing::2] = _filled(before, now, after, missing, first=self._is_first)
            planes.append(filled)
        return Block(tuple(planes), region, self.result).cut(out)


class Deinterlace(FilledField):
    """The field that was taken first, and `phases` for both."""

    def __init__(self, source: FrameShape, first: FirstField) -> None:
        super().__init__(source, first, is_first=True)
        later = FilledField(source, other(first), is_first=False)
        self.phases: tuple[Operation, ...] = (self, later)


class _Rows:
    """The rows of a plane that lie so many rows from each missing one."""

    def __init__(self, plane: Plane, missing: int) -> None:
        self._padded = np.pad(plane, ((WEAVE_REACH, WEAVE_REACH), (0, 0)), mode="reflect")
        self._first = missing + WEAVE_REACH
        self.count = (len(plane) - missing + 1) // 2

    def part(self, start: int, stop: int) -> Callable[[int], Plane]:
        """What gives the rows at an offset from the missing ones numbered `start` to `stop`."""
        begin, end = self._first + 2 * start, self._first + 2 * stop - 1

        def at(offset: int) -> Plane:
            return self._padded[begin + offset : end + offset : 2]

        return at


def _filled(before: Plane, now: Plane, after: Plane, missing: int, *, first: bool) -> Plane:
    """The missing rows of `now`, a few at a time so that they stay in the processor's cache."""
    own, earlier, later = (_Rows(plane, missing) for plane in (now, before, after))
    made = np.empty((own.count, now.shape[1]), np.float32)
    for start in range(0, own.count, _STRIP):
        stop = min(own.count, start + _STRIP)
        parts = (earlier.part(start, stop), own.part(start, stop), later.part(start, stop))
        made[start:stop] = _strip(*parts, first=first)
    return made


def _strip(earlier: _At, own: _At, later: _At, *, first: bool) -> Plane:
    """Some missing rows; see the module docstring."""
    # The other field was taken between this frame's first field and those around it.
    a, b = (earlier, own) if first else (own, later)
    above, below = own(-1), own(1)
    here = a(0) + b(0)
    middle = here * _HALF
    between = np.abs(a(0) - b(0))
    change = between * _HALF
    for one in (earlier, later):
        moved = np.abs(one(-1) - above)
        moved += np.abs(one(1) - below)
        moved *= _HALF
        np.maximum(change, moved, out=change)
    up, down = a(-2) + b(-2), a(2) + b(2)
    around = up + down
    up *= _HALF
    up -= above
    down *= _HALF
    down -= below
    to_above, to_below = middle - above, middle - below
    highest = np.maximum(np.maximum(to_below, to_above), np.minimum(up, down))
    lowest = np.minimum(np.minimum(to_below, to_above), np.maximum(up, down))
    bound = np.maximum(np.maximum(change, lowest), -highest)
    near, far = above + below, own(-3) + own(3)
    high = HIGH[0] * here
    high -= HIGH[1] * around
    high += HIGH[2] * (a(-4) + a(4) + b(-4) + b(4))
    high *= _QUARTER
    high += LOW[0] * near
    high -= LOW[1] * far
    near *= SPATIAL[0]
    far *= SPATIAL[1]
    near -= far
    guess = np.where(np.abs(above - below) > between, high, near)
    np.clip(guess, middle - bound, middle + bound, out=guess)
    return np.where(change == 0, middle, guess)


def build(
    parameters: DeinterlaceParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `deinterlace` to a shape."""
    return Deinterlace(source, parameters.first_field)
