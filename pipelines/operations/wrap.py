"""`wrap`: around a picture that closes on itself is laid what lies beyond its edges.

What comes next then sees no edge: filters and networks reach over it as over any other place,
and once `unwrap` has cut the margin off, both sides fit together. `horizontal` and `both`
repeat the picture; on a `sphere` the row beyond a pole is the outermost row again, half a turn
further, and so on inwards. Samples are copied, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.graph.operation_wrap import WrapMode, WrapParameters
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import NetworkSource, Operation

Index = NDArray[np.int64]


class Wrap:
    """The bound operation."""

    name = "wrap"
    before = 0
    after = 0

    def __init__(self, parameters: WrapParameters, source: FrameShape) -> None:
        _check(parameters, source)
        self.source = source
        self._mode = parameters.mode
        self._across = parameters.margin
        self._down = 0 if self._mode is WrapMode.HORIZONTAL else parameters.margin
        self.result = FrameShape(
            source.height + 2 * self._down, source.width + 2 * self._across, source.layout
        )

    def needs(self, out: Region) -> Region:
        """Name the rows and columns that the region repeats; all of them where it goes around."""
        top, bottom = out.top - self._down, out.bottom - self._down
        left, right = out.left - self._across, out.right - self._across
        beyond = top < 0 or bottom > self.source.height
        turned = beyond and self._mode is WrapMode.SPHERE
        if left < 0 or right > self.source.width or turned:
            left, right = 0, self.source.width
        if turned:
            rows = _rows(self._mode, np.arange(top, bottom), self.source.height)[0]
            top, bottom = int(rows.min()), int(rows.max()) + 1
        elif beyond:
            top, bottom = 0, self.source.height
        return Region(top, left, bottom - top, right - left).grown(0, self.source)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        block = window[centre].cut(self.needs(out))
        planes = tuple(self._plane(block, index, out) for index in range(len(block.planes)))
        return Block(planes, out, self.result)

    def _plane(self, block: Block, index: int, out: Region) -> Plane:
        layout = self.source.layout
        ay, ax = (layout.align_y, layout.align_x) if layout.is_chroma(index) else (1, 1)
        height, width = self.source.plane_size(index)
        rows, columns = out.on_plane(index, layout)
        own_rows, own_columns = block.region.on_plane(index, layout)
        y = np.arange(rows.start, rows.stop) - self._down // ay
        x = np.arange(columns.start, columns.stop) - self._across // ax
        y, turned = _rows(self._mode, y, height)
        plain = _runs(x % width - own_columns.start)
        further = _runs((x + width // 2) % width - own_columns.start)
        plane = block.planes[index]
        picked = np.empty((len(y), len(x)), plane.dtype)
        # Rows beyond a pole run the other way, so a run of rows is turned as a whole or not.
        for to_rows, from_rows in _runs(y - own_rows.start):
            for to_columns, from_columns in further if turned[to_rows.start] else plain:
                picked[to_rows, to_columns] = plane[from_rows, from_columns]
        return picked


def _runs(places: Index) -> list[tuple[slice, slice]]:
    """Where neighbours stay neighbours: pairs of slices to and from, which together are all."""
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    edges = [0, *breaks.tolist(), len(places)]
    return [
        (slice(start, stop), slice(int(places[start]), int(places[stop - 1]) + 1))
        for start, stop in pairwise(edges)
    ]


def _rows(mode: WrapMode, y: Index, height: int) -> tuple[Index, NDArray[np.bool_]]:
    """Which rows stand at places along the columns, and which of them are half a turn further."""
    if mode is not WrapMode.SPHERE:
        return y % height, np.zeros(y.shape, bool)
    around = y % (2 * height)
    over = around >= height
    return np.where(over, 2 * height - 1 - around, around), over


def _check(parameters: WrapParameters, source: FrameShape) -> None:
    ax, ay = source.layout.align_x, source.layout.align_y
    even = 2 * ax if parameters.mode is WrapMode.SPHERE else ax
    if source.width % even or (parameters.mode is not WrapMode.HORIZONTAL and source.height % ay):
        raise RequestError(
            f"wrap: a picture of {source.width} x {source.height} has no seam on whole samples",
            next_step="Give one of even sides.",
        )
    if parameters.margin % max(ax, ay):
        raise RequestError(
            f"wrap: margin {parameters.margin} does not go with chroma shared by "
            f"{max(ax, ay)} samples",
            next_step="Give an even margin.",
        )


def build(parameters: WrapParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `wrap` to a shape. Raises RequestError."""
    return Wrap(parameters, source)
