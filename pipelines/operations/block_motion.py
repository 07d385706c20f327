"""Where the blocks of a frame lie in another frame: whole-sample shifts on a fixed grid.

Blocks of `MATCH_BLOCK` samples of luma begin at the picture's first sample, so the shift of a
block is the same whatever region is asked for. All shifts within the search are tried at half
the resolution, and the best one's neighbours at the full one; the least sum of absolute
differences wins, with a little against long ways, so that where nothing tells, nothing moves.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_steady import MATCH_BLOCK
from pipelines.media.picture import FrameShape, Plane, Region

Shifts = NDArray[np.int32]
Pair = tuple[Shifts, Shifts]
"""Rows and columns."""

Index = NDArray[np.signedinteger[Any]]

_PER_SAMPLE = 0.25 / 255
"""What a shift by one sample costs per sample of a block, in parts of full scale."""


def grid_over(region: Region, shape: FrameShape) -> Region:
    """The blocks that a region touches."""
    top, left = (start // MATCH_BLOCK * MATCH_BLOCK for start in (region.top, region.left))
    bottom = min(-(-region.bottom // MATCH_BLOCK) * MATCH_BLOCK, shape.height)
    right = min(-(-region.right // MATCH_BLOCK) * MATCH_BLOCK, shape.width)
    return Region(top, left, bottom - top, right - left)


class OwnBlocks:
    """The blocks of `blocks` of one frame, at both resolutions, ready to be looked for.

    `luma` holds the samples of `held`, which covers `blocks`.
    """

    def __init__(self, luma: Plane, held: Region, blocks: Region, shape: FrameShape) -> None:
        self.blocks = blocks
        self.shape = shape
        self.full = _taken(luma, held, shape, blocks, 0)
        self.half = _halved(self.full)


def block_shifts(own: OwnBlocks, other: Plane, held: Region, *, search: int) -> Pair:
    """Rows and columns by which each block lies further in the other frame.

    `other` is luma of `held`, which reaches `search` + 2 samples beyond the blocks, or to the
    picture's edge, beyond which its outermost samples are repeated.
    """
    margin = search // 2 * 2 + 2
    there = _taken(other, held, own.shape, own.blocks, margin)
    half = _best(own.half, _halved(there), margin // 2, search // 2)
    if search == 0:
        return half
    return _finer(own.full, there, margin, half)


def spread(shifts: Pair, blocks: Region, out: Region) -> Pair:
    """The shift of every sample of region `out`, from those of the blocks."""
    top, left = out.top - blocks.top, out.left - blocks.left
    down, across = (
        _widened(one)[top : top + out.height, left : left + out.width] for one in shifts
    )
    return down, across


def _taken(plane: Plane, held: Region, shape: FrameShape, blocks: Region, margin: int) -> Plane:
    """Whole blocks with a margin, the picture's outermost samples repeated beyond it."""
    y, x = (
        np.clip(np.arange(start - margin, start + _whole(length) + margin), 0, side - 1)
        for start, length, side in (
            (blocks.top, blocks.height, shape.height),
            (blocks.left, blocks.width, shape.width),
        )
    )
    # Beyond what is held lies only what a part of the picture does not need.
    y = np.clip(y - held.top, 0, held.height - 1)
    x = np.clip(x - held.left, 0, held.width - 1)
    return np.asarray(np.take(np.take(plane, y, axis=0), x, axis=1))


def _whole(length: int) -> int:
    """A length in whole blocks."""
    return -(-length // MATCH_BLOCK) * MATCH_BLOCK


def _halved(plane: Plane) -> Plane:
    total = plane[0::2, 0::2] + plane[0::2, 1::2]
    total += plane[1::2, 0::2]
    total += plane[1::2, 1::2]
    return np.asarray(total * np.float32(0.25))


def _best(here: Plane, there: Plane, margin: int, search: int) -> Pair:
    """Try all shifts within `search` at half the resolution; the nearest first, to win a draw."""
    block = MATCH_BLOCK // 2
    height, width = here.shape
    least = np.full((height // block, width // block), np.inf, np.float32)
    down, across = (np.zeros(least.shape, np.int32) for _ in range(2))
    apart = np.empty_like(here)
    ways = product(range(-search, search + 1), repeat=2)
    for y, x in sorted(ways, key=lambda way: (abs(way[0]) + abs(way[1]), way)):
        moved = there[margin + y : margin + y + height, margin + x : margin + x + width]
        np.subtract(moved, here, out=apart)
        cost = _summed(np.abs(apart, out=apart), block)
        cost += np.float32(_PER_SAMPLE * block * block * 2 * (abs(y) + abs(x)))
        better = cost < least
        least[better], down[better], across[better] = cost[better], 2 * y, 2 * x
    return down, across


def _finer(here: Plane, there: Plane, margin: int, start: Pair) -> Pair:
    """Try the eight neighbours of each block's shift at the full resolution."""
    rows, columns = start[0].shape
    y = np.arange(rows * MATCH_BLOCK)[:, None] + (margin - 1)
    x = np.arange(columns * MATCH_BLOCK)[None, :] + (margin - 1)
    flat, width = there.reshape(-1), there.shape[1]
    # From here on it is one row and one column before the sample of the block's own shift.
    ahead = _widened(start[0].astype(np.intp) * width + start[1])
    ahead += y * width
    ahead += x
    least = np.full(start[0].shape, np.inf, np.float32)
    down, across = start[0].copy(), start[1].copy()
    moved = np.empty_like(here)
    for dy, dx in sorted(product((-1, 0, 1), repeat=2), key=lambda one: abs(one[0]) + abs(one[1])):
        # All places are inside; without "clip" numpy would go through a buffer.
        np.take(flat[(dy + 1) * width + dx + 1 :], ahead, out=moved, mode="clip")
        moved -= here
        way = np.abs(start[0] + dy) + np.abs(start[1] + dx)
        cost = _summed(np.abs(moved, out=moved), MATCH_BLOCK)
        cost += np.float32(_PER_SAMPLE * MATCH_BLOCK**2) * way.astype(np.float32)
        better = cost < least
        least[better] = cost[better]
        down[better], across[better] = start[0][better] + dy, start[1][better] + dx
    return down, across


def _widened(of_blocks: Index) -> Index:
    """The value of every sample from those of the blocks."""
    return np.repeat(np.repeat(of_blocks, MATCH_BLOCK, axis=0), MATCH_BLOCK, axis=1)


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
