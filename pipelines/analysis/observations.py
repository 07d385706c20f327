"""Which samples of a frame are observations, and which are copies that a codec made.

Where a codec skips a block, or predicts it and has nothing to add, the block is a moved copy of
an earlier one: the scene was not looked at again. Adding it up would count one observation twice.
A block of 8 x 8 samples counts as a copy where some shift near the registered one, by quarter
samples and through the six-tap filter that H.264 predicts with (ITU-T H.264, 8.4.2.2), gives it
from the frame before with a mean absolute difference below half an 8-bit code value. Whole frames
that repeat the one before are copies in every block.

Flat blocks cannot be told from copies and count as such: they have nothing to add either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.registration import Reals, Shift, window

BLOCK = 8
COPY_DIFFERENCE = 0.5

_HALF = (1 / 32, -5 / 32, 20 / 32, 20 / 32, -5 / 32, 1 / 32)
_REACH = 3


def observed(
    own: Reals, before: Reals, place: tuple[int, int], size: tuple[int, int], moved: Shift
) -> NDArray[np.bool_]:
    """(h, w) bool, True where the region of `own` at `place` is more than a copy of `before`.

    `moved` is how far the region went since the frame before; planes are in 8-bit code values.
    """
    part = window(own, *place, size)
    least = np.full((-(-size[0] // BLOCK), -(-size[1] // BLOCK)), np.inf)
    base = [round(-4 * one) for one in moved]
    for dy in range(base[0] - 1, base[0] + 2):
        for dx in range(base[1] - 1, base[1] + 2):
            guess = predicted(before, place, size, (dy, dx))
            least = np.minimum(least, _block_means(np.abs(part - guess)))
    fresh = (least >= COPY_DIFFERENCE).repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
    return fresh[: size[0], : size[1]]


def predicted(
    plane: Reals, place: tuple[int, int], size: tuple[int, int], quarters: tuple[int, int]
) -> Reals:
    """What H.264 predicts for a region from `plane`, moved by so many quarter samples."""
    whole = [divmod(one, 4) for one in quarters]
    top, left = place[0] + whole[0][0] - _REACH, place[1] + whole[1][0] - _REACH
    part = window(plane, top, left, (size[0] + 2 * _REACH + 1, size[1] + 2 * _REACH + 1))
    down = _moved(part, whole[0][1], size[0])
    return _moved(down.T, whole[1][1], size[1]).T


def _moved(part: Reals, quarter: int, count: int) -> Reals:
    """Rows moved by 0 to 3 quarters; quarters are means of their neighbours."""
    full = part[_REACH : _REACH + count]
    if quarter == 0:
        return full
    half = sum(tap * part[k + 1 : k + 1 + count] for k, tap in enumerate(_HALF))
    if quarter == 2:
        return np.asarray(half)
    near = full if quarter == 1 else part[_REACH + 1 : _REACH + 1 + count]
    return np.asarray((near + half) / 2)


def _block_means(difference: Reals) -> Reals:
    """The mean of every block; the last ones may be smaller."""
    height, width = difference.shape
    rows, columns = np.arange(0, height, BLOCK), np.arange(0, width, BLOCK)
    sums = np.add.reduceat(np.add.reduceat(difference, rows, axis=0), columns, axis=1)
    tall = np.diff(np.append(rows, height))
    wide = np.diff(np.append(columns, width))
    return np.asarray(sums / np.outer(tall, wide))
