"""A drawn region on the samples of one picture: which belong to it, and how much.

A sample belongs to a region when its middle lies within the outline (even-odd rule; a middle on
the left or upper border belongs). With a feather f, what belongs counts min(1, d / f), d being the
distance from the middle to the nearest border, in samples; so it is 0 outside, whatever f.

Where chroma is subsampled, a chroma sample counts as much as that luma sample of those it is
shared by which counts least. So at a border that cuts through such a cell its chroma stays as it
was, and nothing outside a region is touched. Everything is computed from the place of a sample
alone, in float64 without a fused step, so it is the same on any machine and in any tile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import FrameShape, Plane, Region

Point = tuple[float, float]
_Grid = NDArray[np.float64]


class Drawn:
    """An outline on pictures of one shape.

    `box` is the region of whole chroma samples around it, None where no sample belongs to it.
    `frames` are the first and last frame that it is meant for, as the source's frames are
    counted here; None means all.
    """

    def __init__(
        self,
        points: Sequence[Point],
        shape: FrameShape,
        *,
        feather: int = 0,
        frames: tuple[int, int] | None = None,
    ) -> None:
        self.points = tuple(points)
        self.shape = shape
        self.feather = feather
        self.frames = frames
        self.box = _box(self.points, shape)
        self._known: dict[int, tuple[Region, Plane]] = {}

    def has(self, frame: int) -> bool:
        """Whether the region is meant for a frame."""
        return self.frames is None or self.frames[0] <= frame <= self.frames[1]

    def within(self, out: Region) -> Region | None:
        """The part of `out` in which samples can belong to the region."""
        return None if self.box is None else overlap(self.box, out)

    def weights(self, region: Region, plane: int) -> Plane:
        """How much each sample of a plane counts in `region`, float32 from 0 to 1."""
        grid = 1 if self.shape.layout.is_chroma(plane) else 0
        known = self._known.get(grid)
        if known is not None and known[0] == region:
            return known[1]
        rows, columns = region.on_plane(grid, self.shape.layout)
        made = self._chroma(rows, columns) if grid else self._luma(rows, columns)
        made.flags.writeable = False
        self._known[grid] = (region, made)
        return made

    def _luma(self, rows: slice, columns: slice) -> Plane:
        y = np.arange(rows.start, rows.stop, dtype=np.float64)[:, None] + 0.5
        x = np.arange(columns.start, columns.stop, dtype=np.float64)[None, :] + 0.5
        sides = _upright(self.points)
        if sides is None:
            inside = _inside(self.points, x, y)
            if self.feather:
                inside = np.minimum(inside, _distance(self.points, x, y) / self.feather)
            return inside.astype(np.float32)
        left, top, right, bottom = sides
        inside = ((x >= left) & (x < right) & (y >= top) & (y < bottom)).astype(np.float64)
        if self.feather:
            near = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
            inside *= np.clip(near / self.feather, 0, 1)
        return inside.astype(np.float32)

    def _chroma(self, rows: slice, columns: slice) -> Plane:
        layout, shape = self.shape.layout, self.shape
        ay, ax = layout.align_y, layout.align_x
        height, width = rows.stop - rows.start, columns.stop - columns.start
        luma = self._luma(
            slice(rows.start * ay, min(rows.stop * ay, shape.height)),
            slice(columns.start * ax, min(columns.stop * ax, shape.width)),
        )
        cells = np.ones((height * ay, width * ax), np.float32)
        cells[: luma.shape[0], : luma.shape[1]] = luma
        least: Plane = cells.reshape(height, ay, width, ax).min(axis=(1, 3))
        return least


def overlap(one: Region, other: Region) -> Region | None:
    """What two regions have in common."""
    top, left = max(one.top, other.top), max(one.left, other.left)
    height = min(one.bottom, other.bottom) - top
    width = min(one.right, other.right) - left
    return Region(top, left, height, width) if height > 0 and width > 0 else None


def around(one: Region, other: Region) -> Region:
    """The smallest region that holds both."""
    top, left = min(one.top, other.top), min(one.left, other.left)
    bottom, right = max(one.bottom, other.bottom), max(one.right, other.right)
    return Region(top, left, bottom - top, right - left)


def _box(points: tuple[Point, ...], shape: FrameShape) -> Region | None:
    """Whole chroma samples around all samples whose middles can be inside."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top = max(0, math.ceil(min(xs) - 0.5)), max(0, math.ceil(min(ys) - 0.5))
    right = min(shape.width, math.ceil(max(xs) - 0.5))
    bottom = min(shape.height, math.ceil(max(ys) - 0.5))
    if right <= left or bottom <= top:
        return None
    return Region(top, left, bottom - top, right - left).grown(0, shape)


def _upright(points: tuple[Point, ...]) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of an outline that is a rectangle along the axes."""
    xs, ys = {x for x, _ in points}, {y for _, y in points}
    straight = all((a[0] == b[0]) != (a[1] == b[1]) for a, b in pairwise((*points, points[0])))
    if len(points) != 4 or len(xs) != 2 or len(ys) != 2 or not straight:
        return None
    return min(xs), min(ys), max(xs), max(ys)


def _edges(points: tuple[Point, ...]) -> list[tuple[Point, Point]]:
    return list(pairwise((*points, points[0])))


def _inside(points: tuple[Point, ...], x: _Grid, y: _Grid) -> _Grid:
    """1 where a ray to the right crosses the outline an odd number of times, else 0."""
    odd = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.bool_)
    for (ax, ay), (bx, by) in _edges(points):
        if ay == by:
            continue
        spans = (ay > y) != (by > y)
        odd ^= spans & (x < ax + (y - ay) * ((bx - ax) / (by - ay)))
    return odd.astype(np.float64)


def _distance(points: tuple[Point, ...], x: _Grid, y: _Grid) -> _Grid:
    """From every place to the nearest point of the outline."""
    nearest = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    for (ax, ay), (bx, by) in _edges(points):
        along_x, along_y = bx - ax, by - ay
        length = along_x * along_x + along_y * along_y
        share = np.zeros_like(nearest)
        if length > 0:
            share = np.clip(((x - ax) * along_x + (y - ay) * along_y) / length, 0, 1)
        off_x, off_y = x - ax - share * along_x, y - ay - share * along_y
        np.minimum(nearest, np.sqrt(off_x * off_x + off_y * off_y), out=nearest)
    return nearest
