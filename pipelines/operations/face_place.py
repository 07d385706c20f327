"""Where a face lies: the similarity that takes its landmarks to those of the template, and back.

The template is the mean face of FFHQ in 512 x 512 samples that GFPGAN, CodeFormer and RestoreFormer
were trained on (five points, facexlib). The similarity (a turn, one scale, a shift) is the
least-squares one, in closed form: with z and w the points as complex numbers about their means,
w = a z and a = sum(conj(z) w) / sum(|z|^2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_faces import TEMPLATE_SIDE
from pipelines.media.picture import FrameShape, Plane, Region

TEMPLATE = (
    (192.98138, 239.94708),
    (318.90277, 240.1936),
    (256.63416, 314.01935),
    (201.26117, 371.41043),
    (313.08905, 371.15118),
)
"""Right eye, left eye, nose, right and left corner of the mouth, the person's own sides."""

FEATHER = 64
"""Template samples over which a face fades into what is around it."""

MOST_POINTS = 6
_LEAST_SCALE = 1e-3

Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Similarity:
    """(x, y) to (x', y') = (a x - b y + c, b x + a y + d)."""

    a: float
    b: float
    c: float
    d: float

    @property
    def scale(self) -> float:
        """Samples there per sample here."""
        return math.hypot(self.a, self.b)

    def __call__(self, x: Places, y: Places) -> tuple[Places, Places]:
        """Take places over."""
        return self.a * x - self.b * y + self.c, self.b * x + self.a * y + self.d

    @property
    def back(self) -> Similarity:
        """The way back."""
        size = self.a**2 + self.b**2
        a, b = self.a / size, -self.b / size
        return Similarity(a, b, -(a * self.c - b * self.d), -(b * self.c + a * self.d))


def to_template(landmarks: Sequence[tuple[float, float]]) -> Similarity | None:
    """The similarity from picture to template; None where the landmarks lie in one place."""
    here = np.array([complex(x, y) for x, y in landmarks])
    there = np.array([complex(x, y) for x, y in TEMPLATE])
    middle, target = complex(here.mean()), complex(there.mean())
    spread = float((np.abs(here - middle) ** 2).sum())
    if spread <= 0:
        return None
    turn = complex((np.conj(here - middle) * (there - target)).sum() / spread)
    if abs(turn) < _LEAST_SCALE:
        return None
    shift = target - turn * middle
    return Similarity(turn.real, turn.imag, shift.real, shift.imag)


@dataclass(frozen=True, slots=True)
class FacePlace:
    """One face of a frame, aligned. `region` holds all samples that it may touch or read."""

    track: int
    strength: float
    way: Similarity
    region: Region


def place_of(
    track: int,
    landmarks: Sequence[tuple[float, float]],
    strength: float,
    shape: FrameShape,
) -> FacePlace | None:
    """Place a face in a picture; None where no part of it is in the picture."""
    way = to_template(landmarks)
    if way is None or strength <= 0:
        return None
    side = float(TEMPLATE_SIDE)
    x, y = way.back(np.array([0, side, 0, side]), np.array([0, 0, side, side]))
    left, top = max(0, math.floor(x.min()) - 1), max(0, math.floor(y.min()) - 1)
    right = min(shape.width, math.ceil(x.max()) + 2)
    bottom = min(shape.height, math.ceil(y.max()) + 2)
    if left >= right or top >= bottom:
        return None
    region = Region(top, left, bottom - top, right - left).grown(0, shape)
    return FacePlace(track, strength, way, region)


def aligned(rgb: Plane, read: Region, place: FacePlace, shape: FrameShape) -> Plane:
    """Draw a face upright, (3, 512, 512) float32, from `rgb` (3, H, W) that covers `read`.

    Beyond the picture its outermost samples are repeated.
    """
    points = _points(1 / place.way.scale)
    back = place.way.back
    grid = np.arange(TEMPLATE_SIDE, dtype=np.float64)
    total = np.zeros((3, TEMPLATE_SIDE, TEMPLATE_SIDE), np.float32)
    for dy in points:
        for dx in points:
            x, y = back(grid[None, :] + (0.5 + dx), grid[:, None] + (0.5 + dy))
            x = np.clip(x - 0.5, 0, shape.width - 1)
            y = np.clip(y - 0.5, 0, shape.height - 1)
            total += _bilinear(rgb, x, y, read)
    return total / np.float32(len(points) ** 2)


def pasted(face: Plane, place: FacePlace, out: Region) -> Plane:
    """Draw a face, (3, 512, 512), times its weight on the samples of `out`.

    The weight fades towards the template's rim, and is exactly 0 from there on.
    """
    points = _points(place.way.scale)
    feathered = face * _feather()
    whole = Region(0, 0, TEMPLATE_SIDE, TEMPLATE_SIDE)
    columns = np.arange(out.left, out.right, dtype=np.float64)
    rows = np.arange(out.top, out.bottom, dtype=np.float64)
    total = np.zeros((3, out.height, out.width), np.float32)
    last = TEMPLATE_SIDE - 1
    for dy in points:
        for dx in points:
            x, y = place.way(columns[None, :] + (0.5 + dx), rows[:, None] + (0.5 + dy))
            x, y = x - 0.5, y - 0.5
            inside = (x >= 0) & (x <= last) & (y >= 0) & (y <= last)
            drawn = _bilinear(feathered, np.clip(x, 0, last), np.clip(y, 0, last), whole)
            total += np.where(inside, drawn, np.float32(0))
    return total * np.float32(place.strength / len(points) ** 2)


def _points(spacing: float) -> tuple[float, ...]:
    """Offsets inside a sample at which it is taken where samples lie `spacing` apart."""
    count = min(MOST_POINTS, max(1, math.ceil(spacing)))
    return tuple((2 * one + 1) / (2 * count) - 0.5 for one in range(count))


def _bilinear(planes: Plane, x: Places, y: Places, region: Region) -> Plane:
    """Interpolate (3, H, W) that cover `region` at places of the whole picture."""
    left = np.minimum(np.floor(x).astype(np.int64), max(region.left, region.right - 2))
    top = np.minimum(np.floor(y).astype(np.int64), max(region.top, region.bottom - 2))
    across, down = (x - left).astype(np.float32), (y - top).astype(np.float32)
    column, row = left - region.left, top - region.top
    right = np.minimum(column + 1, region.width - 1)
    below = np.minimum(row + 1, region.height - 1)
    upper = planes[:, row, column] * (1 - across) + planes[:, row, right] * across
    lower = planes[:, below, column] * (1 - across) + planes[:, below, right] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def _feather() -> Plane:
    """Weights (512, 512): 0 at the rim, 1 from `FEATHER` samples inside, smooth between."""
    near = np.arange(TEMPLATE_SIDE, dtype=np.float64)
    ramp = np.clip(np.minimum(near, near[::-1]) / FEATHER, 0, 1)
    smooth = ramp * ramp * (3 - 2 * ramp)
    return np.asarray(np.outer(smooth, smooth), np.float32)
