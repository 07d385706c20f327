"""A metric proves itself on pairs whose value is known before anybody believes its numbers.

The pictures are made from whole-number formulas, so they are the same on every machine. What is
expected follows from the metric's definition (a shift by a known amount, two flat pictures) or,
for learnt metrics, was computed once with the published parameters and is held from then on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipelines.quality.metrics.brisque import Brisque
from pipelines.quality.metrics.full_reference import MsSsim, Psnr, Ssim
from pipelines.quality.metrics.lpips import Lpips
from pipelines.quality.metrics.niqe import Niqe
from pipelines.quality.metrics.pictures import PEAK, Picture

_SIDE = 192
_EXACT = 1e-9
_LEARNT = 1e-3

NIQE_KNOWN = 37.52254118672348
"""What BasicSR 1.4.2 says of `textured` with the same pristine model."""
BRISQUE_KNOWN = 64.21310424804688
"""What the quality module of OpenCV 5.0.0 says of it with the same parameters."""


@dataclass(frozen=True, slots=True)
class Known:
    """One known pair: what the metric must say, what it said, how far apart they may be."""

    metric: str
    pair: str
    expected: float
    found: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the metric says what it must."""
        same = self.expected == self.found
        return same or abs(self.expected - self.found) <= self.tolerance


def calibrate(metric: Psnr | Ssim | MsSsim | Niqe | Brisque | Lpips) -> tuple[Known, ...]:
    """Try `metric` on its known pairs. Nobody should use one of which any does not hold."""
    match metric:
        case Psnr():
            return tuple(_psnr(metric))
        case Ssim() | MsSsim():
            return tuple(_similarity(metric))
        case Niqe():
            found = replace(metric, crop=0).score(textured()).value
            return (Known("niqe", "textured", NIQE_KNOWN, found, _LEARNT),)
        case Brisque():
            found = replace(metric, crop=0).score(textured()).value
            return (Known("brisque", "textured", BRISQUE_KNOWN, found, _LEARNT),)
        case Lpips():
            return tuple(_perceptual(replace(metric, crop=0)))


def textured() -> Picture:
    """A gray picture (192, 192) of waves and noise, by whole-number formulas; below 256."""
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.int64)
    waves = (rows * rows // 7 + columns * 5) % 97 + (rows * 3 + columns * columns // 11) % 61
    noise = (rows * 7919 + columns * 104729 + rows * columns * 31) % 23
    return np.asarray(waves + noise, np.float64)


def _flat(value: float) -> Picture:
    return np.full((_SIDE, _SIDE), value)


def _psnr(metric: Psnr) -> Iterator[Known]:
    for step in (1, 5, 20):
        found = metric.score(_flat(100 + step), _flat(100)).value
        expected = 20 * math.log10(PEAK / step)
        yield Known("psnr", f"shifted by {step}", expected, found, _EXACT)
    yield Known("psnr", "equal", math.inf, metric.score(textured(), textured()).value, 0)


def _perceptual(metric: Lpips) -> Iterator[Known]:
    """What follows from the definition whatever the classifier is: its weights are not ours."""
    plain = textured()
    turned = plain[::-1].copy()
    yield Known("lpips", "equal", 0.0, metric.score(plain, plain).value, 0)
    there, back = metric.score(plain, turned).value, metric.score(turned, plain).value
    yield Known("lpips", "the other way round", there, back, _EXACT)
    yield Known("lpips", "unlike ones differ", 1.0, float(there > 0), 0)


def _similarity(metric: Ssim | MsSsim) -> Iterator[Known]:
    name = metric.fingerprint.metric
    yield Known(name, "equal", 1.0, metric.score(textured(), textured()).value, _EXACT)
    one, other, constant = 100.0, 140.0, (0.01 * PEAK) ** 2
    luminance = (2 * one * other + constant) / (one**2 + other**2 + constant)
    # Flat pictures differ in luminance alone, which MS-SSIM weighs at its last scale.
    expected = luminance if isinstance(metric, Ssim) else luminance**0.1333
    yield Known(name, "flat", expected, metric.score(_flat(one), _flat(other)).value, _EXACT)
