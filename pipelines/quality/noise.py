"""How strong the noise of a plane is, estimated from the plane itself.

The residual r = I * N of Immerkaer's mask N = (1 -2 1; -2 4 -2; 1 -2 1) holds no constant, no
slope and no straight horizontal or vertical edge. Independent noise of standard deviation s
gives r one of 6 s, the root of the sum of N's squares. The estimate is

    s = median(|r|) / (6 * 0.6745)

with the median in place of Immerkaer's mean, so that texture and edges, which are few and large,
do not count as noise; 0.6745 is the median of |z| for a standard normal z.

Sources: J. Immerkaer, "Fast Noise Variance Estimation", Computer Vision and Image Understanding
64(2), 1996; D. Donoho and I. Johnstone, "Ideal Spatial Adaptation by Wavelet Shrinkage",
Biometrika 81(3), 1994 (the median over 0.6745).

What it is not: noise that compression or a filter has smoothed is no longer independent from
sample to sample and comes out too small; fine texture over most of a picture comes out as noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import FrameShape, Samples

MASK_NORM = 6.0
NORMAL_MEDIAN = 0.6745
STRIP_SAMPLES = 1 << 18
MOST_SAMPLES = 1 << 22
"""Of a larger plane, evenly spaced strips of about this many samples in all are read."""


def noise_of_planes(planes: tuple[Samples, ...], shape: FrameShape) -> tuple[float, ...]:
    """Estimate the noise of each colour plane of a picture, in 8-bit code values.

    `planes` are native, (H, W) uint8 or uint16. Opacity has no noise and is left out.
    """
    step = 255 / shape.layout.peak
    return tuple(noise_of_plane(plane) * step for plane in planes[: shape.layout.colour_planes])


def noise_of_plane(plane: Samples) -> float:
    """Estimate the standard deviation of the noise in (H, W) samples, in their own code values.

    Flat in memory: residuals are counted, strip by strip. 0 for planes below 3 x 3 samples.
    """
    height, width = plane.shape
    if height < 3 or width < 3:
        return 0.0
    counts = np.zeros(0, dtype=np.int64)
    rows = max(1, STRIP_SAMPLES // width)
    strips = -(-(height - 2) // rows)
    every = max(1, height * width // MOST_SAMPLES)
    for strip in range(0, strips, every):
        top = strip * rows
        found = np.bincount(_residual(plane[top : top + rows + 2]))
        if len(found) > len(counts):
            counts = np.pad(counts, (0, len(found) - len(counts)))
        counts[: len(found)] += found
    return _median(counts) / (MASK_NORM * NORMAL_MEDIAN)


def _residual(rows: Samples) -> NDArray[np.int32]:
    """|I * N| of all inner samples, flat; N is (1 -2 1) along both axes."""
    codes = rows.astype(np.int32)
    down = codes[:-2] - 2 * codes[1:-1] + codes[2:]
    across = down[:, :-2] - 2 * down[:, 1:-1] + down[:, 2:]
    return np.asarray(np.abs(across).ravel(), dtype=np.int32)


def _median(counts: NDArray[np.int64]) -> float:
    """The median of counted whole numbers, as `numpy.median` defines it."""
    total = int(counts.sum())
    summed = np.cumsum(counts)
    low, high = np.searchsorted(summed, [(total - 1) // 2, total // 2], side="right")
    return (int(low) + int(high)) / 2
