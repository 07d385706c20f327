"""Averages over the neighbourhood of a sample, the same bits whatever region is computed.

Sums are made in one fixed order by elementwise numpy. Beyond the edge of a plane its outermost
samples are repeated; callers cut off what that touches where the edge is not the picture's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_tone import blur_radius
from pipelines.media.picture import Plane

STRIP_ROWS = 64
"""Rows that are worked on together, so that partial sums stay in the processor's cache."""


def gaussian_kernel(sigma: float) -> NDArray[np.float64]:
    """Give the right half of a Gaussian of `sigma` samples, from the centre, cut at 3 sigma.

    The whole kernel sums to 1: k[0] + 2 * sum(k[1:]) = 1.
    """
    offsets = np.arange(blur_radius(sigma) + 1, dtype=np.float64)
    half = np.exp(-0.5 * (offsets / sigma) ** 2)
    return np.asarray(half / (half[0] + 2 * half[1:].sum()))


def symmetric_filter(plane: Plane, half: NDArray[np.float64]) -> Plane:
    """Convolve (H, W) float32 along both axes with the kernel whose right half is given."""
    radius = len(half) - 1
    weights = half.astype(np.float32)
    height, width = plane.shape
    padded = np.pad(plane, radius, mode="edge")
    result = np.empty((height, width), dtype=np.float32)
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        strip = padded[top : bottom + 2 * radius]
        down = strip[radius : radius + bottom - top] * weights[0]
        for offset in range(1, radius + 1):
            pair = (
                strip[radius - offset : radius - offset + bottom - top]
                + (strip[radius + offset : radius + offset + bottom - top])
            )
            pair *= weights[offset]
            down += pair
        across = down[:, radius : radius + width] * weights[0]
        for offset in range(1, radius + 1):
            pair = (
                down[:, radius - offset : radius - offset + width]
                + (down[:, radius + offset : radius + offset + width])
            )
            pair *= weights[offset]
            across += pair
        result[top:bottom] = across
    return result


def box_mean(plane: Plane, radius: int) -> Plane:
    """Average (H, W) float32 over squares of 2 * radius + 1 samples on a side."""
    count = 2 * radius + 1
    padded = np.pad(plane, radius, mode="edge")
    sums = _window_sums(_window_sums(padded, count).T, count).T
    return np.multiply(sums, np.float32(1.0 / count**2), order="C")


def _window_sums(plane: Plane, count: int) -> Plane:
    """Sum `count` rows (an odd number) from each row on: windows of 1, 2, 4, ... rows, joined."""
    rows = plane.shape[0] - count + 1
    total = plane[:rows]
    start, length, window = 1, 1, plane
    while 2 * length <= count:
        window = window[:-length] + window[length:]
        length *= 2
        if count & length:
            total = total + window[start : start + rows]
            start += length
    return total
