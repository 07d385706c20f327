"""Where the blocks of a frame lie in another frame: whole-sample shifts on a fixed grid.

Blocks of `MATCH_BLOCK` samples of luma begin at the picture's first sample, so the shift of a
block is the same whatever region is asked for. All shifts within the search are tried at half
the resolution, and the best one's neighbours at the full one; the least sum of absolute
differences wins, with a little against long ways, so that where nothing tells, nothing moves.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_steady import MATCH_BLOCK
from pipelines.media.picture import FrameShape, Plane, Region

Shifts = NDArray[np.int32]

_PER_SAMPLE = 0.25 / 255
"""What a shift by one sample costs per sample of a block, in parts of full scale."""


def grid_over(region: Region, shape: FrameShape) -> Region:
    """The blocks that a region touches."""
    top, left = (start // MATCH_BLOCK * MATCH_BLOCK for start in (region.top, region.left))
    bottom = min(-(-region.bottom // MATCH_BLOCK) * MATCH_BLOCK, shape.height)
    right = min(-(-region.right // MATCH_BLOCK) * MATCH_BLOCK, shape.width)
    return Region(top, left, bottom - top, right - left)


def block_shifts(
    own: Plane, other: Plane, held: Region, blocks: Region, shape: FrameShape, *, search: int
) -> tuple[Shifts, Shifts]:
    """Rows and columns by which each block of `blocks` lies further in the other frame.

    Both planes are luma of `held`, which reaches `search` + 2 samples beyond `blocks`, or to the
    picture's edge, beyond which its outermost samples are repeated.
    """
    rows, columns = -(-blocks.height // MATCH_BLOCK), -(-blocks.width // MATCH_BLOCK)
    here = _taken(own, held, shape, blocks.top, blocks.left, rows, columns, 0)
    margin = search // 2 * 2 + 2
    there = _taken(other, held, shape, blocks.top, blocks.left, rows, columns, margin)
    half = _best(_halved(here), _halved(there), margin // 2, search // 2, MATCH_BLOCK // 2, step=2)
    if search == 0:
        return half
    return _finer(here, there, margin, half)


def spread(shifts: tuple[Shifts, Shifts], blocks: Region, out: Region) -> tuple[Shifts, Shifts]:
    """The shift of every sample of region `out`, from those of the blocks."""
    wide = [np.repeat(np.repeat(one, MATCH_BLOCK, axis=0), MATCH_BLOCK, axis=1) for one in shifts]
    top, left = out.top - blocks.top, out.left - blocks.left
    down, across = (one[top : top + out.height, left : left + out.width] for one in wide)
    return down, across


def _taken(
    plane: Plane,
    held: Region,
    shape: FrameShape,
    top: int,
    left: int,
    rows: int,
    columns: int,
    margin: int,
) -> Plane:
    """Whole blocks with a margin, the picture's outermost samples repeated beyond it."""
    y = np.arange(top - margin, top + rows * MATCH_BLOCK + margin)
    x = np.arange(left - margin, left + columns * MATCH_BLOCK + margin)
    y, x = np.clip(y, 0, shape.height - 1), np.clip(x, 0, shape.width - 1)
    # Beyond what is held lies only what a part of the picture does not need.
    y = np.clip(y - held.top, 0, held.height - 1)
    x = np.clip(x - held.left, 0, held.width - 1)
    return np.asarray(plane[np.ix_(y, x)])


def _halved(plane: Plane) -> Plane:
    total = plane[0::2, 0::2] + plane[0::2, 1::2]
    total += plane[1::2, 0::2]
    total += plane[1::2, 1::2]
    return np.asarray(total * np.float32(0.25))


def _best(
    here: Plane, there: Plane, margin: int, search: int, block: int, *, step: int
) -> tuple[Shifts, Shifts]:
    """Try all shifts within `search`; the nearest ones first, so that they win a draw."""
    height, width = here.shape
    shape = height // block, width // block
    least = np.full(shape, np.inf, np.float32)
    down, across = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    ways = product(range(-search, search + 1), repeat=2)
    for y, x in sorted(ways, key=lambda way: (abs(way[0]) + abs(way[1]), way)):
        moved = there[margin + y : margin + y + height, margin + x : margin + x + width]
        apart = moved - here
        cost = _summed(np.abs(apart, out=apart), block)
        cost += np.float32(_PER_SAMPLE * block * block * step * (abs(y) + abs(x)))
        better = cost < least
        least[better], down[better], across[better] = cost[better], y * step, x * step
    return down, across


def _finer(
    here: Plane, there: Plane, margin: int, start: tuple[Shifts, Shifts]
) -> tuple[Shifts, Shifts]:
    """Try the eight neighbours of each block's shift at the full resolution."""
    rows, columns = start[0].shape
    y = np.arange(rows * MATCH_BLOCK)[:, None] + margin
    x = np.arange(columns * MATCH_BLOCK)[None, :] + margin
    wide = [np.repeat(np.repeat(one, MATCH_BLOCK, 0), MATCH_BLOCK, 1) for one in start]
    flat, width = np.ascontiguousarray(there).reshape(-1), there.shape[1]
    base = ((y + wide[0]) * width + (x + wide[1])).astype(np.int32)
    least = np.full(start[0].shape, np.inf, np.float32)
    down, across = start[0].copy(), start[1].copy()
    for dy, dx in sorted(product((-1, 0, 1), repeat=2), key=lambda one: abs(one[0]) + abs(one[1])):
        moved = np.take(flat, base + np.int32(dy * width + dx), mode="clip")
        moved -= here
        way = np.abs(start[0] + dy) + np.abs(start[1] + dx)
        cost = _summed(np.abs(moved, out=moved), MATCH_BLOCK)
        cost += np.float32(_PER_SAMPLE * MATCH_BLOCK**2) * way.astype(np.float32)
        better = cost < least
        least[better] = cost[better]
        down[better], across[better] = start[0][better] + dy, start[1][better] + dx
    return down, across


def _summed(plane: Plane, block: int) -> Plane:
    """Sum over blocks, in one order whatever their number."""
    rows = plane[0::block].copy()
    for offset in range(1, block):
        rows += plane[offset::block]
    turned = np.ascontiguousarray(rows.T)
    total = turned[0::block].copy()
    for offset in range(1, block):
        total += turned[offset::block]
    return np.ascontiguousarray(total.T)
