"""PSNR, SSIM and MS-SSIM: how far a result is from the truth, where the truth is known.

PSNR is 10 log10(255^2 / MSE) in decibels; equal pictures have no number and give infinity.
SSIM: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
structural similarity", IEEE TIP 13(4), 2004: an 11 x 11 Gaussian window of sigma 1.5, only
where it lies inside the picture, C1 = (0.01*255)^2, C2 = (0.03*255)^2, biased variances.
MS-SSIM: Wang, Simoncelli and Bovik, "Multi-scale structural similarity", Asilomar 2003: five
scales, each half of the one before by the mean of 2 x 2 samples, weights 0.0448, 0.2856,
0.3001, 0.2363, 0.1333; contrast and structure at every scale, luminance at the last.
In RGB a metric is the mean over the channels, PSNR the mean square over all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.errors import RequestError
from pipelines.quality.metrics.filters import filtered, gaussian, halved_mean
from pipelines.quality.metrics.fingerprint import Better, Fingerprint, Score
from pipelines.quality.metrics.pictures import PEAK, Colour, Picture, pair

_C1 = (0.01 * PEAK) ** 2
_C2 = (0.03 * PEAK) ** 2
_WINDOW = gaussian(11, 1.5)
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_SSIM_PARAMETERS = (("window", "gaussian 11 sigma 1.5, inside"), ("k1", "0.01"), ("k2", "0.03"))


@dataclass(frozen=True, slots=True)
class Psnr:
    """Peak signal-to-noise ratio in decibels."""

    colour: Colour = Colour.Y_STUDIO
    crop: int = 0

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        return Fingerprint("psnr", "evident 1", (("peak", "255"),), self.colour.caption, self.crop)

    def score(self, result: Picture, reference: Picture) -> Score:
        """Score `result` against `reference`; equal pictures give infinity."""
        found, wanted = pair(result, reference, colour=self.colour, crop=self.crop)
        mean_square = float(np.mean((found - wanted) ** 2))
        value = math.inf if mean_square == 0 else 10 * math.log10(PEAK**2 / mean_square)
        return Score(value, "dB", Better.HIGHER, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Ssim:
    """Structural similarity; 1 for equal pictures."""

    colour: Colour = Colour.Y_STUDIO
    crop: int = 0

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        return Fingerprint("ssim", "evident 1", _SSIM_PARAMETERS, self.colour.caption, self.crop)

    def score(self, result: Picture, reference: Picture) -> Score:
        """Score `result` against `reference`.

        Raises RequestError for pictures smaller than the window.
        """
        found, wanted = pair(result, reference, colour=self.colour, crop=self.crop)
        values = [_ssim(one, other)[0] for one, other in _planes(found, wanted)]
        return Score(float(np.mean(values)), "", Better.HIGHER, self.fingerprint)


@dataclass(frozen=True, slots=True)
class MsSsim:
    """Structural similarity over five scales; 1 for equal pictures.

    A negative contrast term counts as zero, for a power of it has no real value.
    """

    colour: Colour = Colour.Y_STUDIO
    crop: int = 0

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        weights = ("weights", " ".join(map(str, _SCALE_WEIGHTS)))
        parameters = (*_SSIM_PARAMETERS, weights, ("half", "mean of 2 x 2"))
        return Fingerprint("ms-ssim", "evident 1", parameters, self.colour.caption, self.crop)

    def score(self, result: Picture, reference: Picture) -> Score:
        """Score `result` against `reference`.

        Raises RequestError for pictures whose smallest scale is smaller than the window.
        """
        found, wanted = pair(result, reference, colour=self.colour, crop=self.crop)
        values = [_ms_ssim(one, other) for one, other in _planes(found, wanted)]
        return Score(float(np.mean(values)), "", Better.HIGHER, self.fingerprint)


def _planes(found: Picture, wanted: Picture) -> list[tuple[Picture, Picture]]:
    if found.ndim == 2:
        return [(found, wanted)]
    return [(found[..., channel], wanted[..., channel]) for channel in range(3)]


def _ms_ssim(found: Picture, wanted: Picture) -> float:
    value = 1.0
    for scale, weight in enumerate(_SCALE_WEIGHTS):
        whole, contrast = _ssim(found, wanted)
        last = scale == len(_SCALE_WEIGHTS) - 1
        value *= max(whole if last else contrast, 0.0) ** weight
        found, wanted = halved_mean(found), halved_mean(wanted)
    return value


def _ssim(found: Picture, wanted: Picture) -> tuple[float, float]:
    """Return the mean of SSIM and that of its contrast and structure part."""
    if min(found.shape) < len(_WINDOW):
        raise RequestError(
            f"SSIM needs {len(_WINDOW)} x {len(_WINDOW)} samples at its smallest scale; "
            f"there are {found.shape[1]} x {found.shape[0]}.",
            next_step="Score a larger picture, or leave this metric out.",
        )
    mean_found, mean_wanted = filtered(found, _WINDOW), filtered(wanted, _WINDOW)
    squares = mean_found**2 + mean_wanted**2
    product = mean_found * mean_wanted
    spread = filtered(found**2, _WINDOW) + filtered(wanted**2, _WINDOW) - squares
    shared = filtered(found * wanted, _WINDOW) - product
    contrast = (2 * shared + _C2) / (spread + _C2)
    whole = contrast * (2 * product + _C1) / (squares + _C1)
    return float(whole.mean()), float(contrast.mean())
