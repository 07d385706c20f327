"""The difference of two pictures at one place, sample by sample, and what noise explains of it.

Sizes are magnitudes in 8-bit code values (1 is 1/255 of full scale, whatever the bit depth). At
each sample of the first plane the largest over the colour planes counts; a chroma sample counts
at every luma sample that it is shared by. Opacity is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import FrameShape, PixelLayout, Plane, Samples

NOISE_WIDTH = 3.0
"""Standard deviations of the input's noise that are allowed for: noise alone exceeds them in 27
of 10,000 samples of one plane, where it is normal."""


T = TypeVar("T", np.float32, np.bool_)


@dataclass(frozen=True, slots=True)
class Difference:
    """Magnitudes (H, W) float32, and (H, W) bool: which exceed what noise and rounding explain."""

    size: Plane
    beyond: NDArray[np.bool_]


def allowance(noise: Sequence[float], shape: FrameShape) -> tuple[float, ...]:
    """Give, per colour plane, the largest difference that noise and rounding explain.

    `noise` is the standard deviation per colour plane. Three of them, and half a code of the
    picture's own depth for the rounding of the input and as much for that of the result. All in
    8-bit code values.
    """
    rounding = 255 / shape.layout.peak
    return tuple(NOISE_WIDTH * sigma + rounding for sigma in noise)


def difference(
    first: Sequence[Samples],
    second: Sequence[Samples],
    layout: PixelLayout,
    allowed: Sequence[float],
) -> Difference:
    """Compare native planes of one region; `allowed` is per colour plane."""
    height, width = first[0].shape
    size: Plane = np.zeros((height, width), dtype=np.float32)
    beyond = np.zeros((height, width), dtype=np.bool_)
    step = np.float32(255 / layout.peak)
    for plane, most in zip(range(layout.colour_planes), allowed, strict=True):
        part = np.subtract(first[plane], second[plane], dtype=np.float32)
        np.abs(part, out=part)
        part *= step
        over = part > np.float32(most)
        if layout.is_chroma(plane):
            part = _spread_out(part, layout.align_y, layout.align_x)[:height, :width]
            over = _spread_out(over, layout.align_y, layout.align_x)[:height, :width]
        np.maximum(size, part, out=size)
        beyond |= over
    return Difference(size, beyond)


def _spread_out(plane: NDArray[T], rows: int, columns: int) -> NDArray[T]:
    """Repeat every sample at the luma samples that share it."""
    return plane.repeat(rows, axis=0).repeat(columns, axis=1)
