"""The few layers that perceptual metrics are made of, in numpy: (C, H, W) float32 planes.

Slower than an engine, and the same on every machine that has numpy: a metric must not depend on
which engine happens to be installed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError

Features = NDArray[np.float32]


def convolved(
    x: Features, weight: Features, bias: Features, *, stride: int = 1, padding: int = 0
) -> Features:
    """Convolve (C, H, W) with (O, C, k, k) kernels, zero padding; (O, H', W')."""
    outputs, _, side, _ = weight.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    height = _size(padded.shape[1], side, stride)
    width = _size(padded.shape[2], side, stride)
    made = np.empty((outputs, height * width), np.float32)
    made[:] = bias[:, None]
    for row in range(side):
        for column in range(side):
            part = padded[
                :,
                row : row + stride * (height - 1) + 1 : stride,
                column : column + stride * (width - 1) + 1 : stride,
            ]
            made += weight[:, :, row, column] @ part.reshape(len(part), -1)
    return made.reshape(outputs, height, width)


def rectified(x: Features) -> Features:
    """Set what is below zero to zero."""
    return np.maximum(x, np.float32(0))


def pooled(x: Features, *, side: int, stride: int, whole: bool) -> Features:
    """Take the largest sample of each window.

    `whole` keeps a last window that begins inside the plane and ends outside of it.
    """
    sizes = []
    for length in x.shape[1:]:
        beyond = stride - 1 if whole else 0
        count = _size(length + beyond, side, stride)
        sizes.append(count - ((count - 1) * stride >= length))
    height, width = sizes
    reach = [
        max(0, (count - 1) * stride + side - n) for count, n in zip(sizes, x.shape[1:], strict=True)
    ]
    padded = np.pad(x, ((0, 0), (0, reach[0]), (0, reach[1])), constant_values=-np.inf)
    parts = [
        padded[
            :,
            row : row + stride * (height - 1) + 1 : stride,
            column : column + stride * (width - 1) + 1 : stride,
        ]
        for row in range(side)
        for column in range(side)
    ]
    return np.asarray(np.max(parts, axis=0), np.float32)


def _size(length: int, side: int, stride: int) -> int:
    """Count the windows; raises RequestError where not even one fits."""
    if length < side:
        raise RequestError(
            "The picture is too small for a perceptual metric.",
            next_step="Score a larger picture, or leave this metric out.",
        )
    return (length - side) // stride + 1
