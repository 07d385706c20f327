"""Consistency: how well an enlarged picture, made small again, agrees with what it was made from.

Each sample of the input is compared with the mean of the samples of the result that stand in its
place (scale x scale of them); PSNR of luma, in decibels. An invented texture that averages out is
not seen by it, a moved edge or a changed brightness is: a high value shows no detail to be true,
a low one shows that the result contradicts its input.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.errors import RequestError
from pipelines.quality.metrics.fingerprint import Better, Fingerprint, Score
from pipelines.quality.metrics.pictures import PEAK, Colour, Picture


@dataclass(frozen=True, slots=True)
class Consistency:
    """The metric; it has nothing to set."""

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        parameters = (("peak", "255"), ("reduced by", "means of scale x scale samples"))
        return Fingerprint("consistency", "evident 1", parameters, Colour.Y_FULL.caption, 0)

    def score(self, result: Picture, source: Picture) -> Score:
        """Score (s*H, s*W[, 3]) against its input (H, W[, 3]); agreement in full is infinity.

        Raises RequestError where the sizes are not in one whole ratio.
        """
        height, width = source.shape[:2]
        scale = result.shape[0] // height
        if scale < 1 or result.shape[:2] != (scale * height, scale * width):
            raise RequestError(
                f"A result of {result.shape} is no enlargement of an input of {source.shape}."
            )
        luma, wanted = (Colour.Y_FULL.of(one) for one in (result, source))
        small = luma.reshape(height, scale, width, scale).mean(axis=(1, 3))
        mean_square = float(np.mean((small - wanted) ** 2))
        value = math.inf if mean_square == 0 else 10 * math.log10(PEAK**2 / mean_square)
        return Score(value, "dB", Better.HIGHER, self.fingerprint)
