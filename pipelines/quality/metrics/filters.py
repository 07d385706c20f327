"""The few filters that metrics are defined by, in plain numpy with stated borders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.quality.metrics.pictures import Picture

Taps = NDArray[np.float64]

# MATLAB's imresize by one half: the cubic kernel (a = -0.5) widened by two, at 0.25, 0.75, 1.25
# and 1.75 of its new width on either side.
_HALF_ANTIALIASED = np.array([-0.01171875, -0.03515625, 0.11328125, 0.43359375])
# OpenCV's INTER_CUBIC by one half: the cubic kernel (a = -0.75) at 0.5 and 1.5, not widened.
_HALF_CUBIC = np.array([-0.09375, 0.59375])


def gaussian(taps: int, sigma: float) -> Taps:
    """Return a Gaussian window of `taps` (odd) samples that sums to one."""
    away = np.arange(taps) - taps // 2
    window = np.exp(-(away**2) / (2.0 * sigma**2))
    return np.asarray(window / window.sum())


def filtered(plane: Picture, taps: Taps) -> Picture:
    """Filter rows and columns, only where the whole window lies inside (H-n+1, W-n+1)."""
    count = len(taps)
    rows = sum(
        weight * plane[at : plane.shape[0] - count + 1 + at]
        for at, weight in enumerate(taps.tolist())
    )
    assert isinstance(rows, np.ndarray)  # noqa: S101 - a window has at least one tap
    across = sum(
        weight * rows[:, at : plane.shape[1] - count + 1 + at]
        for at, weight in enumerate(taps.tolist())
    )
    return np.asarray(across)


def filtered_whole(plane: Picture, taps: Taps) -> Picture:
    """Filter rows and columns to the same size; beyond the border the last sample repeats."""
    return filtered(np.pad(plane, len(taps) // 2, mode="edge"), taps)


def halved_antialiased(plane: Picture) -> Picture:
    """Reduce to half, rounded up, as MATLAB's imresize does (cubic, widened, mirrored border)."""
    return _halved(plane, _HALF_ANTIALIASED, mode="symmetric")


def halved_cubic(plane: Picture) -> Picture:
    """Reduce to half, rounded down, as OpenCV's INTER_CUBIC does (repeated border)."""
    even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
    return _halved(even, _HALF_CUBIC, mode="edge")


def halved_mean(plane: Picture) -> Picture:
    """Reduce to half, rounded down: the mean of each 2 x 2 samples."""
    even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
    return np.asarray((even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4)


def _halved(plane: Picture, side: Taps, *, mode: str) -> Picture:
    taps = np.concatenate([side, side[::-1]])
    taps = taps / taps.sum()
    for axis in (0, 1):
        size = plane.shape[axis]
        before, half = len(side) - 1, -(-size // 2)
        after = max(0, 2 * (half - 1) + len(side) + 1 - size)
        widths = [(0, 0), (0, 0)]
        widths[axis] = (before, after)
        padded = np.moveaxis(np.pad(plane, widths, mode=mode), axis, 0)  # type: ignore[call-overload]
        total = sum(
            weight * padded[at : at + 2 * half - 1 : 2] for at, weight in enumerate(taps.tolist())
        )
        plane = np.moveaxis(np.asarray(total), 0, axis)
    return plane
