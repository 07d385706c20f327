"""Statistics of natural scenes: what NIQE and BRISQUE look at.

Locally normalised luminance (MSCN) of a natural picture is close to a generalised Gaussian;
products of neighbours are close to an asymmetric one. Distortions show in the fitted shapes.
Moments are matched as in Lasmar, Stitou and Berthoumieu, "Multiscale skewed heavy tailed model
for texture analysis", ICIP 2009, over shapes 0.2 to 10 in steps of 0.001.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.quality.metrics.filters import filtered_whole, gaussian
from pipelines.quality.metrics.pictures import Picture

Reals = NDArray[np.float64]

NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Offsets (rows, columns) of the neighbours that are multiplied: right, below, both diagonals."""

_WINDOW = gaussian(7, 7 / 6)


@dataclass(frozen=True, slots=True)
class Fit:
    """An asymmetric generalised Gaussian: its shape, and the spread to the left and right."""

    shape: float
    left: float
    right: float

    @property
    def scale(self) -> float:
        """What turns a standard deviation of this shape into its width parameter."""
        return math.sqrt(math.gamma(1 / self.shape) / math.gamma(3 / self.shape))

    @property
    def mean(self) -> float:
        """The distribution's mean over its width: Gamma(2/shape) / Gamma(1/shape)."""
        return math.gamma(2 / self.shape) / math.gamma(1 / self.shape)


@cache
def _ratios() -> tuple[Reals, Reals]:
    shapes = np.arange(0.2, 10.001, 0.001)
    ratios = [
        math.gamma(2 / one) ** 2 / (math.gamma(1 / one) * math.gamma(3 / one))
        for one in shapes.tolist()
    ]
    return shapes, np.array(ratios)


def fit(values: Reals) -> Fit:
    """Match moments; a block without negative or positive values has a spread of zero there."""
    flat = values.ravel()
    left = _deviation(flat[flat < 0])
    right = _deviation(flat[flat > 0])
    squares = float(np.mean(flat**2))
    ratio = float(np.mean(np.abs(flat))) ** 2 / squares if squares > 0 else 0.0
    if right > 0:
        skew = left / right
        ratio *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shapes, ratios = _ratios()
    return Fit(float(shapes[int(np.argmin((ratios - ratio) ** 2))]), left, right)


def normalised(plane: Picture, *, constant: float) -> Picture:
    """Return (plane - local mean) / (local deviation + constant), a 7 x 7 Gaussian of 7/6."""
    mean = filtered_whole(plane, _WINDOW)
    variance = filtered_whole(plane**2, _WINDOW) - mean**2
    return (plane - mean) / (np.sqrt(np.abs(variance)) + constant)


def _deviation(values: Reals) -> float:
    return math.sqrt(float(np.mean(values**2))) if values.size else 0.0
