"""Estimates a blur by even motion along a line: its length, its angle, and how sure that is.

Motion over L samples multiplies the spectrum by sinc(L u), u the frequency along the line, whose
zeros lie 1 / L apart. In the logarithm of the power spectrum they are a comb, and its transform,
the cepstrum, has one dip at the end point of the motion (M. Cannon, "Blind deconvolution of
spatially invariant image blurs with phase", IEEE Trans. ASSP 24, 1976). The logarithms of
overlapping windowed squares are averaged, for what differs between them is the scene; what is the
same in all directions, a lens or focus, is taken out by its mean around the zero.

A dip counts in units of the usual deviation at its own distance. It is an estimate only where it
stands out (`LEAST_DEPTH`) and no other dip comes near it (`LEAST_CONFIDENCE`): a disc out of
focus has dips all around, a Gaussian and a sharp picture have none. Multiples of a motion have
dips as well, half and a third as deep; the deepest one's part is looked for.

What has a comb without having moved passes for motion all the same: a picture that was enlarged
along one axis, and two exposures over one another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Plane

SIDE = 256
"""Samples a side of the squares; a smaller picture is not estimated."""

SHORTEST, LONGEST = 4, 30
"""Lengths that are looked for, in samples."""

LEAST_DEPTH = 8.0
"""How many times the usual deviation the dip is deep; sharp photographs stayed below 4."""

LEAST_CONFIDENCE = 0.5
"""The share by which the dip is deeper than any other."""

_FLAT = 1.0
_LEAST_FREQUENCY, _SOFT_FREQUENCY = 0.02, 0.35
_PARTS = (2, 3)
_LEAST_PART = 0.4
_OWN = 2.0
_MULTIPLES = (-1, 1, 2, 3, 4, 5, 6)
_STEPS = 4

Reals = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MotionEstimate:
    """`length` in quarters of a sample, `angle` in degrees from the horizontal towards the top.

    `depth` is the dip in usual deviations, `confidence` (0 to 1) how much deeper it is than any
    other.
    """

    length: float
    angle: int
    depth: float
    confidence: float

    @property
    def holds(self) -> bool:
        """Whether it is sure enough to be taken back."""
        return self.depth >= LEAST_DEPTH and self.confidence >= LEAST_CONFIDENCE


def estimated_motion(luma: Plane) -> MotionEstimate | None:
    """Estimate the motion in luma (H, W), samples 0 to 1; None where there is too little of it."""
    spectrum = _mean_log_spectrum(luma)
    if spectrum is None:
        return None
    place = _places()
    depth = -np.fft.fftshift(np.fft.irfft2(_flattened(spectrum), (SIDE, SIDE)))
    deviations = _in_deviations(depth)
    looked = np.where(place.looked_at, deviations, -np.inf)
    peak = _fundamental(depth, looked)
    down, across = _between_samples(deviations, peak)
    others = place.looked_at & ~_multiples(place, down, across)
    deepest = float(looked[peak])
    second = float(np.max(looked[others], initial=0.0))
    return MotionEstimate(
        length=round(_STEPS * math.hypot(down, across)) / _STEPS,
        angle=round(math.degrees(math.atan2(-down, across))) % 180,
        depth=deepest,
        confidence=max(0.0, 1 - second / deepest) if deepest > 0 else 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Rows and columns of the cepstrum around its middle, and where motions are looked for."""

    down: Reals
    across: Reals
    ring: NDArray[np.int64]
    looked_at: Marks


@cache
def _places() -> _Places:
    half = SIDE // 2
    down, across = (one.astype(np.float64) for one in np.mgrid[-half:half, -half:half])
    distance = np.hypot(down, across)
    ahead = (down < 0) | ((down == 0) & (across > 0))
    near = (distance >= SHORTEST - 0.5) & (distance <= LONGEST + 0.5)
    return _Places(down, across, np.rint(distance).astype(np.int64), ahead & near)


def _mean_log_spectrum(luma: Plane) -> Reals | None:
    """The mean of log power over squares that overlap by half; flat ones say nothing."""
    step = SIDE // 2
    wave = np.hanning(SIDE + 1)[:SIDE]
    window = np.outer(wave, wave)
    total, count = np.zeros((SIDE, step + 1)), 0
    for top in range(0, luma.shape[0] - SIDE + 1, step):
        for left in range(0, luma.shape[1] - SIDE + 1, step):
            square = luma[top : top + SIDE, left : left + SIDE].astype(np.float64) * 255
            square -= square.mean()
            if square.std() >= _FLAT:
                total += np.log(np.abs(np.fft.rfft2(square * window)) ** 2 + 1e-6)
                count += 1
    return total / count if count else None


def _flattened(spectrum: Reals) -> Reals:
    """Take out what is the same in all directions, and let the highest frequencies count less."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    ring = (frequency * SIDE).astype(np.int64)
    often = np.full(spectrum.shape, 2.0)
    often[:, [0, -1]] = 1
    sums = np.bincount(ring.ravel(), (spectrum * often).ravel())
    mean = sums / np.maximum(np.bincount(ring.ravel(), often.ravel()), 1)
    weight = np.exp(-((frequency / _SOFT_FREQUENCY) ** 2)) * (frequency > _LEAST_FREQUENCY)
    return np.asarray((spectrum - mean[ring]) * weight)


def _in_deviations(depth: Reals) -> Reals:
    """Depths by how far they are from the median of their ring, in its usual deviations."""
    ring = _places().ring
    found = np.full(depth.shape, -np.inf)
    for radius in range(SHORTEST - 2, LONGEST + 3):
        around = depth[np.abs(ring - radius) <= 1]
        middle = np.median(around)
        usual = 1.4826 * np.median(np.abs(around - middle))
        here = ring == radius
        found[here] = (depth[here] - middle) / max(float(usual), 1e-9)
    return found


def _fundamental(depth: Reals, looked: Reals) -> tuple[int, int]:
    """The dip that stands out most, or its half or third where that is the deeper one."""
    place = _places()
    flat = int(np.argmax(looked))
    row, column = divmod(flat, SIDE)
    for part in _PARTS:
        down, across = place.down[row, column] / part, place.across[row, column] / part
        near = np.hypot(place.down - down, place.across - across) <= 1
        inner = divmod(int(np.argmax(np.where(near, looked, -np.inf))), SIDE)
        deeper = depth[inner] > depth[row, column]
        if deeper and looked[inner] >= _LEAST_PART * looked[row, column]:
            return inner
    return row, column


def _between_samples(deviations: Reals, peak: tuple[int, int]) -> tuple[float, float]:
    """The middle of a dip, by the weights of its samples, which a line spreads over."""
    place = _places()
    around = tuple(slice(one - 1, one + 2) for one in peak)
    weight = np.maximum(deviations[around], 0)
    total = max(float(weight.sum()), 1e-9)
    return (
        float((weight * place.down[around]).sum()) / total,
        float((weight * place.across[around]).sum()) / total,
    )


def _multiples(place: _Places, down: float, across: float) -> Marks:
    """What lies around a dip and its multiples, and is no other dip."""
    found = np.zeros(place.looked_at.shape, np.bool_)
    for one in _MULTIPLES:
        away = np.hypot(place.down - one * down, place.across - one * across)
        found |= away <= _OWN + abs(one) / 2
    return found
