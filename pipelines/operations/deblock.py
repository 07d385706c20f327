"""`deblock`: small steps at the edges of a stated grid of blocks are smoothed.

The grid and the strength are given; nothing of the stream's hidden state (quantisers, kinds of
blocks) is read, so it does the same to a copy that went through another decoder. Along an edge
with samples p3 p2 p1 p0 | q0 q1 q2 q3, alpha the strength and beta a third of it:

- only where |p0 - q0| < alpha, |p1 - p0| < beta and |q1 - q0| < beta is anything changed;
- a side that is even as well, |p2 - p0| < beta, gets (p2 + 2 p1 + 2 p0 + 2 q0 + q1) / 8,
  (p2 + p1 + p0 + q0) / 4 and (2 p3 + 3 p2 + p1 + p0 + q0) / 8 for p0, p1 and p2, where the
  step is below alpha / 2 too;
- else p0 gets (2 p1 + p0 + q1) / 4. The other side is treated alike.

These are the filters of ITU-T H.264, 8.7.2.4 (bS = 4), by given thresholds. Edges between
columns come first, edges between rows work on their result. RGB pictures are filtered in luma.
The outermost three samples of a picture are in no reach of an edge and stay.
"""

from __future__ import annotations

import numpy as np

from pipelines.graph.operation_repair import EDGE_READS, DeblockParameters
from pipelines.media.picture import Block, Family, FrameShape, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import CODE_STEP, luma_of, with_luma_change
from pipelines.operations.single import SingleFrame

STRIP_ROWS, STRIP_EDGES = 32, 4
"""Rows, and edges between rows, that are worked on together to stay in the processor's cache."""


class Deblock(SingleFrame):
    """The bound operation."""

    def __init__(self, parameters: DeblockParameters, source: FrameShape) -> None:
        super().__init__("deblock", source, pixels=2 * EDGE_READS)
        self._block = parameters.block
        self._offset = parameters.y % parameters.block, parameters.x % parameters.block
        self._alpha = np.float32(parameters.strength * CODE_STEP)
        self._chroma = parameters.chroma

    def compute(self, block: Block, out: Region) -> Block:
        """Filter each plane on its own grid, or the luma of RGB."""
        layout = self.source.layout
        if layout.family is Family.RGB:
            before = luma_of(block)
            after = self._filtered(before, block.region, 0)
            return with_luma_change(block, before, after).cut(out)
        planes = list(block.planes)
        for index in range(layout.colour_planes):
            if index == 0 or self._chroma:
                planes[index] = self._filtered(planes[index], block.region, index)
        return Block(tuple(planes), block.region, self.result).cut(out)

    def _filtered(self, plane: Plane, region: Region, index: int) -> Plane:
        rows, columns = region.on_plane(index, self.source.layout)
        sides = self.source.plane_size(index)
        filtered = np.array(plane, dtype=np.float32, order="C")
        across = self._edges(columns.start, columns.stop, sides[1], self._offset[1])
        for top in range(0, len(filtered), STRIP_ROWS):
            _smooth(filtered[top : top + STRIP_ROWS], across, self._alpha)
        down = self._edges(rows.start, rows.stop, sides[0], self._offset[0])
        strip = STRIP_EDGES * self._block
        for first in range(down.start, down.stop, strip):
            few = slice(first, min(first + strip, down.stop), self._block)
            _smooth(filtered.T, few, self._alpha)
        return filtered

    def _edges(self, start: int, stop: int, side: int, offset: int) -> slice:
        """First samples after an edge that has all it reads in the part from `start` to `stop`.

        Edges whose samples the picture does not have are left alone; those that only this part
        lacks lie in its margin, which is cut off.
        """
        low, high = start + EDGE_READS, min(stop, side) - EDGE_READS
        first = low + (offset - low) % self._block
        return slice(first - start, max(first, high + 1) - start, self._block)


def _smooth(plane: Plane, edges: slice, alpha: np.float32) -> None:
    """Filter across the edges between columns of a plane, in place.

    Blocks are as long as what is read around an edge, so no edge reads what another wrote.
    """
    if edges.start >= edges.stop:
        return
    p3, p2, p1, p0, q0, q1, q2, q3 = (
        _beside(plane, edges, offset).copy(order="K") for offset in range(-EDGE_READS, EDGE_READS)
    )
    beta = alpha * np.float32(1 / 3)
    step = _apart(p0, q0)
    blocky = step < alpha
    blocky &= _apart(p1, p0) < beta
    blocky &= _apart(q1, q0) < beta
    if not blocky.any():
        return
    small = blocky & (step < alpha * np.float32(0.5))
    for (a3, a2, a1, a0), (b0, b1), places in (
        ((p3, p2, p1, p0), (q0, q1), (-1, -2, -3)),
        ((q3, q2, q1, q0), (p0, p1), (0, 1, 2)),
    ):
        even = _apart(a2, a0) < beta
        even &= small
        twice = a1 + a1
        narrow = twice + a0
        narrow += b1
        narrow *= np.float32(1 / 4)
        made = np.where(blocky, narrow, a0)
        for place, wide, kept in zip(
            places, _wide(a3, a2, a1, a0, b0, b1, twice), (made, a1, a2), strict=True
        ):
            _beside(plane, edges, place)[...] = np.where(even, wide, kept)


def _wide(
    a3: Plane, a2: Plane, a1: Plane, a0: Plane, b0: Plane, b1: Plane, twice: Plane
) -> tuple[Plane, Plane, Plane]:
    """The three samples of an even side; `twice` is 2 a1."""
    first = a2 + twice
    first += a0 + a0
    first += b0 + b0
    first += b1
    first *= np.float32(1 / 8)
    second = a2 + a1
    second += a0
    second += b0
    second *= np.float32(1 / 4)
    third = a3 + a3
    third += np.float32(3) * a2
    third += a1
    third += a0
    third += b0
    third *= np.float32(1 / 8)
    return first, second, third


def _beside(plane: Plane, edges: slice, offset: int) -> Plane:
    """The samples that lie so far from the first ones after the edges."""
    return plane[:, edges.start + offset : edges.stop + offset : edges.step]


def _apart(one: Plane, other: Plane) -> Plane:
    difference: Plane = one - other
    np.abs(difference, out=difference)
    return difference


def build(parameters: DeblockParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `deblock` to a shape."""
    return Deblock(parameters, source)
