"""Averages over the neighbourhood of a sample, the same bits whatever region is computed.

Sums are made in one fixed order by elementwise numpy. Beyond the edge of a plane its outermost
samples are repeated; callers cut off what that touches where the edge is not the picture's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_tone import blur_radius
from pipelines.media.picture import Plane

STRIP_SAMPLES = 1 << 17
"""Samples that are worked on together, so that partial sums stay in the processor's cache."""


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
    result = np.empty((height, width), dtype=np.float32)
    strip = max(1, STRIP_SAMPLES // width)
    laid = np.empty((min(strip, height), width + 2 * radius), dtype=np.float32)
    sums, pairs = (np.empty((min(strip, height), width), dtype=np.float32) for _ in range(2))
    for top in range(0, height, strip):
        bottom = min(top + strip, height)
        rows = bottom - top
        down, pair, around = sums[:rows], pairs[:rows], _rows(plane, top - radius, bottom + radius)
        np.multiply(around[radius : radius + rows], weights[0], out=down)
        for offset in range(1, radius + 1):
            above = around[radius - offset : radius - offset + rows]
            np.add(above, around[radius + offset : radius + offset + rows], out=pair)
            pair *= weights[offset]
            down += pair
        wide, across = laid[:rows], result[top:bottom]
        wide[:, radius : radius + width] = down
        wide[:, :radius] = down[:, :1]
        wide[:, radius + width :] = down[:, -1:]
        np.multiply(down, weights[0], out=across)
        for offset in range(1, radius + 1):
            left = wide[:, radius - offset : radius - offset + width]
            np.add(left, wide[:, radius + offset : radius + offset + width], out=pair)
            pair *= weights[offset]
            across += pair
    return result


def _rows(plane: Plane, top: int, bottom: int) -> Plane:
    """Rows of a plane; beyond it its outermost ones are repeated."""
    height = plane.shape[0]
    inner = plane[max(0, top) : min(bottom, height)]
    if top >= 0 and bottom <= height:
        return inner
    return np.pad(inner, ((max(0, -top), max(0, bottom - height)), (0, 0)), mode="edge")


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
