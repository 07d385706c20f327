"""Pictures drawn anew from moved places: every result sample is taken from where it came.

Places are luma samples of the source, the centre of the first at 0. A sample is interpolated
by the cubic of Keys (a = -1/2) over 4 x 4 samples, in float32, by elementwise numpy in one
order, so a region has the bits of the whole. Where the source is drawn together, several
points inside a result sample are averaged. Beyond the picture there is nothing: black, the
zero of colour differences, and no opacity.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Block, Family, FrameShape, PixelLayout, Plane, Region
from pipelines.operations.axis import luma_to_chroma
from pipelines.operations.luma import nominal_luma

Places = NDArray[np.float64]
Way = Callable[[Places, Places], tuple[Places, Places]]
"""From (x, y) of the result to (x, y) of the source; elementwise, any shapes that broadcast."""

STRIP_SAMPLES = 1 << 15
"""Samples that are worked on together, so that partial sums stay in the processor's cache."""

MOST_POINTS = 4
"""The most points per side of a result sample that are averaged."""

_ROUNDING = 1e-6

_RIM = 3
"""Samples that a place one beyond the last sample reads outside the plane."""


class Remap:
    """Draws pictures of one shape from pictures of another, along one way."""

    def __init__(self, source: FrameShape, result: FrameShape, way: Way) -> None:
        self.source = source
        self.result = result
        self._way = way
        self._points = _points(way, result)

    def needs(self, out: Region) -> Region:
        """Name the source region that region `out` of the result is drawn from.

        The way is continuous and does not fold, so the outline of a region holds its inside.
        """
        x0, x1, y0, y1 = out.left - 1, out.right, out.top - 1, out.bottom
        across, down = np.arange(x0, x1 + 1.0), np.arange(y0, y1 + 1.0)
        x = np.concatenate([across, across, np.full(len(down), x0), np.full(len(down), x1)])
        y = np.concatenate([np.full(len(across), y0), np.full(len(across), y1), down, down])
        sx, sy = self._way(x, y)
        layout = self.source.layout
        margin_x, margin_y = 2 * layout.align_x + 2, 2 * layout.align_y + 2
        left, right = _within(sx.min() - margin_x, sx.max() + margin_x, self.source.width)
        top, bottom = _within(sy.min() - margin_y, sy.max() + margin_y, self.source.height)
        return Region(top, left, bottom - top, right - left).grown(0, self.source)

    def draw(self, block: Block, out: Region) -> Block:
        """Compute region `out` from a block that covers `needs(out)`."""
        planes = [self._plane(block, index, out) for index in range(len(block.planes))]
        return Block(tuple(planes), out, self.result)

    def _plane(self, block: Block, index: int, out: Region) -> Plane:
        layout = self.source.layout
        rows, columns = out.on_plane(index, layout)
        own_rows, own_columns = block.region.on_plane(index, layout)
        samples = Between(block.planes[index], (own_rows.start, own_columns.start))
        made = np.empty((rows.stop - rows.start, columns.stop - columns.start), dtype=np.float32)
        strip = max(1, STRIP_SAMPLES // made.shape[1])
        for top in range(0, made.shape[0], strip):
            bottom = min(top + strip, made.shape[0])
            part = slice(rows.start + top, rows.start + bottom)
            made[top:bottom] = self._strip(samples, index, part, columns)
        return made

    def _strip(self, samples: Between, index: int, rows: slice, columns: slice) -> Plane:
        """Average the points of every sample of some rows of one plane."""
        grid = _Grid(self.source, index)
        fill = np.float32(_nothing(self.source.layout, index))
        count = self._points
        offsets = (np.arange(count) + 0.5) / count - 0.5
        total = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
        for down in offsets:
            for across in offsets:
                y = grid.luma_y(np.arange(rows.start, rows.stop) + down)[:, None]
                x = grid.luma_x(np.arange(columns.start, columns.stop) + across)[None, :]
                sx, sy = np.broadcast_arrays(*self._way(x, y))
                drawn = samples.at(grid.plane_x(sx), grid.plane_y(sy))
                outside = self._outside(sx, sy)
                if outside.any():
                    drawn[outside] = fill
                total += drawn
        return total if count == 1 else total * np.float32(1 / count**2)

    def _outside(self, x: Places, y: Places) -> NDArray[np.bool_]:
        low, width, height = -0.5 - _ROUNDING, self.source.width, self.source.height
        return (
            (x < low) | (x > width - 0.5 + _ROUNDING) | (y < low) | (y > height - 0.5 + _ROUNDING)
        )


class _Grid:
    """Where the samples of one plane lie among those of luma."""

    def __init__(self, shape: FrameShape, plane: int) -> None:
        self._x, self._y = (1.0, 0.0), (1.0, 0.0)
        if shape.layout.is_chroma(plane):
            down, across = (luma_to_chroma(shape, vertical=one) for one in (True, False))
            self._x = across.step / across.unit, across.start / across.unit
            self._y = down.step / down.unit, down.start / down.unit

    def luma_x(self, x: Places) -> Places:
        return x * self._x[0] + self._x[1]

    def luma_y(self, y: Places) -> Places:
        return y * self._y[0] + self._y[1]

    def plane_x(self, x: Places) -> Places:
        return x if self._x == (1.0, 0.0) else (x - self._x[1]) / self._x[0]

    def plane_y(self, y: Places) -> Places:
        return y if self._y == (1.0, 0.0) else (y - self._y[1]) / self._y[0]


class Between:
    """A plane, whose first sample is (row, column) `origin`, asked for values between samples.

    Beyond the plane its outermost samples are repeated: they are laid around it once, as far
    as the taps of a place just outside reach, and places further out are brought there.
    """

    def __init__(self, plane: Plane, origin: tuple[int, int]) -> None:
        self._size = plane.shape
        self._origin = origin
        self._width = plane.shape[1] + 2 * _RIM
        self._samples = _rimmed(plane).reshape(-1)

    def at(self, x: Places, y: Places) -> Plane:
        """Interpolate at places of the plane's grid, two arrays of one shape."""
        left, top = np.floor(x), np.floor(y)
        across, down = _weights(x - left), _weights(y - top)
        left -= self._origin[1]
        top -= self._origin[0]
        np.clip(left, 1 - _RIM, self._size[1], out=left)
        np.clip(top, 1 - _RIM, self._size[0], out=top)
        # The first of the 4 x 4 samples lies a row and a column before the place.
        top += _RIM - 1
        top *= self._width
        top += left
        top += _RIM - 1
        first = top.astype(np.intp)
        total = np.zeros(first.shape, dtype=np.float32)
        line, product = np.empty_like(total), np.empty_like(total)
        for row, weight in enumerate(down):
            samples = self._samples[row * self._width :]
            # All places are inside; without "clip" numpy would go through a buffer.
            np.take(samples, first, out=line, mode="clip")
            line *= across[0]
            for column, share in enumerate(across[1:], start=1):
                np.take(samples[column:], first, out=product, mode="clip")
                product *= share
                line += product
            line *= weight
            total += line
        return total


def cubic(plane: Plane, x: Places, y: Places, origin: tuple[int, int]) -> Plane:
    """Interpolate a plane, whose first sample is (row, column) `origin`, at places of its grid.

    Beyond the plane its outermost samples are repeated.
    """
    return Between(plane, origin).at(x, y)


def _rimmed(plane: Plane) -> Plane:
    """Lay `_RIM` samples around a plane, each the nearest one of it."""
    height, width = plane.shape
    laid = np.empty((height + 2 * _RIM, width + 2 * _RIM), dtype=plane.dtype)
    inner = laid[_RIM : _RIM + height]
    inner[:, _RIM : _RIM + width] = plane
    inner[:, :_RIM] = plane[:, :1]
    inner[:, _RIM + width :] = plane[:, -1:]
    laid[:_RIM] = inner[0]
    laid[_RIM + height :] = inner[-1]
    return laid


def _weights(phase: Places) -> tuple[Plane, ...]:
    """Keys' cubic at distances 1 + t, t, 1 - t and 2 - t (IEEE Trans. ASSP 29, 1981)."""
    t = phase.astype(np.float32)
    u = np.float32(1) - t
    first = np.float32(-0.5) * t
    first *= u
    first *= u
    last = np.float32(-0.5) * u
    last *= t
    last *= t
    return first, _near(t), _near(u), last


def _near(distance: Plane) -> Plane:
    """The cubic up to a distance of 1: 1 + d**2 * (3/2 d - 5/2)."""
    square = distance * distance
    near = np.float32(1.5) * distance
    near -= np.float32(2.5)
    near *= square
    near += np.float32(1)
    return near


def _within(low: float, high: float, side: int) -> tuple[int, int]:
    """First and one past the last sample of a picture's axis between two places, at least one."""
    first = min(max(math.floor(low), 0), side - 1)
    return first, min(max(math.ceil(high) + 1, first + 1), side)


def _points(way: Way, result: FrameShape) -> int:
    """How many points per side a sample needs: as many as source samples that it spans."""
    steps = stretches(way, result)
    return min(MOST_POINTS, max(1, math.ceil(float(steps.max()) - 0.25)))


def stretches(way: Way, result: FrameShape, *, grid: int = 17) -> Places:
    """Source samples per result sample along both axes, at a grid over the result."""
    x = np.linspace(0, result.width - 1, grid)[None, :]
    y = np.linspace(0, result.height - 1, grid)[:, None]
    (ax, ay), (bx, by) = way(x - 0.5, y), way(x + 0.5, y)
    (cx, cy), (dx, dy) = way(x, y - 0.5), way(x, y + 0.5)
    along = np.hypot(bx - ax, by - ay), np.hypot(dx - cx, dy - cy)
    return np.stack(np.broadcast_arrays(*along))


def folds(way: Way, result: FrameShape, *, grid: int = 65) -> bool:
    """Whether a way turns over or tears anywhere on a grid that reaches just past the result."""
    x = np.linspace(-1, result.width, grid)[None, :]
    y = np.linspace(-1, result.height, grid)[:, None]
    (ax, ay), (bx, by) = way(x - 0.5, y), way(x + 0.5, y)
    (cx, cy), (dx, dy) = way(x, y - 0.5), way(x, y + 0.5)
    turned = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    return not bool(np.all(turned > 0))


def _nothing(layout: PixelLayout, plane: int) -> float:
    """The sample that stands for nothing on a plane."""
    if plane >= layout.colour_planes:
        return 0.0
    if layout.family is Family.YCBCR and layout.is_chroma(plane):
        return (1 << (layout.depth - 1)) / layout.peak
    return nominal_luma(layout).black
