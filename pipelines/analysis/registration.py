"""Where a region went: its shift from frame to frame, to a few hundredths of a sample.

A shift (dy, dx) says that what lies at (y, x) of the reference lies at (y + dy, x + dx) of the
other frame. Two steps: whole samples by the least mean square difference around where the region
was expected, then Gauss-Newton on shift and brightness together (B. Lucas and T. Kanade, "An
Iterative Image Registration Technique", IJCAI 1981), with samples that do not fit weighing less
(Huber). A shift is all that is sought: what turns, grows or bends leaves a residual, and that
decides whether a frame is used.

Shifting is separable: a plane is multiplied by one matrix per axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Shift = tuple[float, float]

SEARCH = 8
"""Whole samples on each side of the expected place that are looked at."""

_ROUNDS = 30
_ENOUGH = 1e-4
_HUBER = 1.5
_CUBIC = -0.5


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a region was found.

    `residual` is the root mean square difference that is left, `offset` what brightness has to
    be raised by; both in 8-bit code values.
    """

    shift: Shift
    residual: float
    offset: float


def window(plane: Reals, top: int, left: int, size: tuple[int, int]) -> Reals:
    """A part of a plane that may reach beyond its edges, where the outermost samples go on."""
    rows = np.clip(np.arange(top, top + size[0]), 0, plane.shape[0] - 1)
    columns = np.clip(np.arange(left, left + size[1]), 0, plane.shape[1] - 1)
    return plane[rows][:, columns]


def register(reference: Reals, other: Reals, place: tuple[int, int], expected: Shift) -> Registered:
    """Find `reference` (h, w), which lies at `place` (top, left), in the whole plane `other`.

    Planes are in 8-bit code values.
    """
    size = reference.shape[0], reference.shape[1]
    coarse = _coarse(reference, other, place, expected)
    shift = (float(coarse[0]), float(coarse[1]))
    offset, moved = 0.0, reference
    inner = (slice(1, -1), slice(1, -1))
    for _ in range(_ROUNDS):
        moved = shifted(other, place, size, shift)
        down = (moved[2:, 1:-1] - moved[:-2, 1:-1]) / 2
        across = (moved[1:-1, 2:] - moved[1:-1, :-2]) / 2
        error = reference[inner] - moved[inner] - offset
        scale = 1.4826 * float(np.median(np.abs(error))) + 1e-3
        weight = 1 / np.maximum(1.0, np.abs(error) / (_HUBER * scale))
        terms = np.stack([down.ravel(), across.ravel(), np.ones(down.size)])
        normal = (terms * weight.ravel()) @ terms.T + np.diag([1e-6, 1e-6, 1e-9])
        step = np.linalg.solve(normal, (terms * weight.ravel()) @ error.ravel())
        dy, dx = np.clip(step[:2], -1, 1)
        shift = (shift[0] + float(dy), shift[1] + float(dx))
        offset += float(step[2])
        if abs(dy) < _ENOUGH and abs(dx) < _ENOUGH:
            break
    moved = shifted(other, place, size, shift)
    left_over = float(np.sqrt(np.mean((reference - moved - offset) ** 2)))
    return Registered(shift, left_over, offset)


def shifted(plane: Reals, place: tuple[int, int], size: tuple[int, int], shift: Shift) -> Reals:
    """The region at `place` moved by `shift`, by Keys' cubic convolution (a = -0.5)."""
    top, left = place[0] + int(np.floor(shift[0])), place[1] + int(np.floor(shift[1]))
    fractions = (shift[0] - np.floor(shift[0]), shift[1] - np.floor(shift[1]))
    part = window(plane, top - 1, left - 1, (size[0] + 3, size[1] + 3))
    rows, columns = (_cubic_taps(float(one)) for one in fractions)
    down = np.zeros((size[0], size[1] + 3))
    for k, weight in enumerate(rows):
        down += weight * part[k : k + size[0]]
    moved = np.zeros(size)
    for k, weight in enumerate(columns):
        moved += weight * down[:, k : k + size[1]]
    return moved


def _cubic_taps(fraction: float) -> list[float]:
    def weight(distance: float) -> float:
        x = abs(distance)
        if x <= 1:
            return (_CUBIC + 2) * x**3 - (_CUBIC + 3) * x**2 + 1
        return _CUBIC * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0

    return [weight(fraction - offset) for offset in (-1, 0, 1, 2)]


def _coarse(
    reference: Reals, other: Reals, place: tuple[int, int], expected: Shift
) -> tuple[int, int]:
    """The whole shift of the least mean square difference, brightness taken out."""
    size = reference.shape[0], reference.shape[1]
    around = round(expected[0]), round(expected[1])
    own = reference - reference.mean()
    best, found = np.inf, around
    area = window(
        other,
        place[0] + around[0] - SEARCH,
        place[1] + around[1] - SEARCH,
        (size[0] + 2 * SEARCH, size[1] + 2 * SEARCH),
    )
    for dy in range(2 * SEARCH + 1):
        for dx in range(2 * SEARCH + 1):
            part = area[dy : dy + size[0], dx : dx + size[1]]
            difference = own - part
            error = float(np.mean(difference * difference) - difference.mean() ** 2)
            if error < best:
                best, found = error, (around[0] + dy - SEARCH, around[1] + dx - SEARCH)
    return found
