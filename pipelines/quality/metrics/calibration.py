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

from pipelines.quality.drift import cosine_distances
from pipelines.quality.metrics.brisque import Brisque
from pipelines.quality.metrics.consistency import Consistency
from pipelines.quality.metrics.face_drift import FaceDrift
from pipelines.quality.metrics.full_reference import MsSsim, Psnr, Ssim
from pipelines.quality.metrics.lpips import Lpips
from pipelines.quality.metrics.niqe import Niqe
from pipelines.quality.metrics.pictures import PEAK, Picture
from pipelines.quality.metrics.temporal import Flicker

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


Metric = Psnr | Ssim | MsSsim | Consistency | Flicker | FaceDrift | Niqe | Brisque | Lpips


def calibrate(metric: Metric) -> tuple[Known, ...]:
    """Try `metric` on its known pairs. Nobody should use one of which any does not hold."""
    return tuple(_pairs(metric))


def _pairs(metric: Metric) -> Iterator[Known]:
    match metric:
        case Psnr():
            yield from _psnr(metric)
        case Ssim() | MsSsim():
            yield from _similarity(metric)
        case Consistency():
            yield from _consistency(metric)
        case Flicker():
            yield from _flicker(metric)
        case FaceDrift():
            yield from _drift(metric)
        case Niqe():
            found = replace(metric, crop=0).score(textured()).value
            yield Known("niqe", "textured", NIQE_KNOWN, found, _LEARNT)
        case Brisque():
            found = replace(metric, crop=0).score(textured()).value
            yield Known("brisque", "textured", BRISQUE_KNOWN, found, _LEARNT)
        case Lpips():
            yield from _perceptual(replace(metric, crop=0))


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


def _consistency(metric: Consistency) -> Iterator[Known]:
    """A repeated picture is its own input, whatever its scale; a shift is a shift."""
    small = textured()[:40, :40]
    for scale in (1, 2, 4):
        large = np.asarray(np.kron(small, np.ones((scale, scale))), np.float64)
        found = metric.score(large, small).value
        yield Known("consistency", f"repeated {scale} times", math.inf, found, 0)
    found = metric.score(_flat(105), _flat(100)[: _SIDE // 2, : _SIDE // 2]).value
    yield Known("consistency", "shifted by 5", 20 * math.log10(PEAK / 5), found, _EXACT)


def _flicker(metric: Flicker) -> Iterator[Known]:
    """What stands still does not flicker; what goes up and down by 3 changes by 6 each frame."""
    still = np.stack([textured()] * 4)
    yield Known("flicker", "equal", 0.0, metric.score(still, still).value, 0)
    swing = 3.0 * np.array([1, -1, 1, -1])[:, None, None]
    yield Known(
        "flicker", "up and down by 3", 6.0, metric.score(still + swing, still).value, _EXACT
    )
    yield Known("flicker", "wrong and still", 0.0, metric.score(still + 9, still).value, _EXACT)


def _drift(metric: FaceDrift) -> Iterator[Known]:
    """Angles that are known, and what holds whatever the network is: its weights are not ours."""
    right, half = np.array([[1.0, 0.0]], np.float32), np.array([[1.0, 3.0**0.5]], np.float32)
    for name, other, expected in (("60 degrees", half, 0.5), ("opposed", -right, 2.0)):
        found = float(cosine_distances(right, other)[0])
        yield Known("drift", name, expected, found, _LEARNT)
    plain = np.stack([textured()] * 3, axis=-1)
    turned = plain[::-1].copy()
    yield Known("drift", "equal", 0.0, metric.score(plain, plain).value, _EXACT)
    there, back = metric.score(plain, turned).value, metric.score(turned, plain).value
    yield Known("drift", "the other way round", there, back, _EXACT)
    yield Known("drift", "unlike ones differ", 1.0, float(there > _EXACT), 0)


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
