"""Point spreads as kernels of samples: what one point of light became on the sensor.

Every kernel is square with an odd side, sums to 1 in float64, and is centred on its middle
sample. Rows run from the top; an angle turns the line from the horizontal towards the top.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_blur import (
    DeblurParameters,
    PointSpread,
    kernel_rows,
    spread_radius,
)

Kernel = NDArray[np.float64]

_STEPS = 32
"""Points per sample of length, and per side of a sample, at which shapes are measured."""


def point_spread(parameters: DeblurParameters) -> Kernel:
    """Make the kernel that `parameters` state."""
    radius = spread_radius(parameters)
    if parameters.psf is PointSpread.MOTION:
        return line(float(parameters.length or 0), parameters.angle, radius)
    if parameters.psf is PointSpread.DEFOCUS:
        return disc(float(parameters.radius or 0), radius)
    if parameters.psf is PointSpread.GAUSSIAN:
        return gaussian(float(parameters.sigma or 0), radius)
    return given(kernel_rows(parameters.kernel or ()), radius)


def line(length: float, angle: float, radius: int) -> Kernel:
    """Spread a point evenly along a line; each part goes to its four nearest samples linearly."""
    count = _STEPS * math.ceil(length)
    along = ((np.arange(count) + 0.5) / count - 0.5) * length
    turn = math.radians(angle)
    side = 2 * radius + 1
    kernel = np.zeros((side, side))
    y, x = radius - along * math.sin(turn), radius + along * math.cos(turn)
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    down, right = y - top, x - left
    for row, row_share in ((top, 1 - down), (top + 1, down)):
        for column, share in ((left, 1 - right), (left + 1, right)):
            np.add.at(kernel, (row, column), row_share * share)
    return np.asarray(kernel / kernel.sum())


def disc(radius: float, reach: int) -> Kernel:
    """Spread a point evenly over a disc, by the area of each sample that it covers."""
    inner = (np.arange(_STEPS) + 0.5) / _STEPS - 0.5
    places = (np.arange(-reach, reach + 1)[:, None] + inner).ravel()
    inside = places[:, None] ** 2 + places[None, :] ** 2 <= radius * radius
    side = 2 * reach + 1
    covered = inside.reshape(side, _STEPS, side, _STEPS).mean(axis=(1, 3))
    return np.asarray(covered / covered.sum())


def gaussian(sigma: float, reach: int) -> Kernel:
    """Spread a point as a Gaussian, taken at the samples' centres."""
    half = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = np.outer(half, half)
    return np.asarray(kernel / kernel.sum())


def given(rows: tuple[tuple[float, ...], ...], reach: int) -> Kernel:
    """Put a given kernel into the middle of a square, and bring its sum to 1."""
    own = np.array(rows, dtype=np.float64)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    top, left = reach - own.shape[0] // 2, reach - own.shape[1] // 2
    kernel[top : top + own.shape[0], left : left + own.shape[1]] = own
    return np.asarray(kernel / kernel.sum())
