"""Flicker: change from frame to frame that the truth does not have. Lower is better.

The mean over neighbouring frames and samples of |(r[t] - r[t-1]) - (w[t] - w[t-1])|, r being the
result's luma and w that of the truth, in code values 0..255. Still detail that is wrong in the
same way in every frame has none; detail that comes and goes has much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.quality.metrics.fingerprint import Better, Fingerprint, Score

_COLOUR = "luma as coded, scaled to 0..255"


@dataclass(frozen=True, slots=True)
class Flicker:
    """The metric; it has nothing to set."""

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        parameters = (("mean", "absolute, over neighbours and samples"),)
        return Fingerprint("flicker", "evident 1", parameters, _COLOUR, 0)

    def score(self, result: NDArray[np.float64], truth: NDArray[np.float64]) -> Score:
        """Score (frames, H, W) against the truth; RequestError for unlike clips or one frame."""
        if result.shape != truth.shape or result.ndim != 3 or len(result) < 2:
            raise RequestError(
                f"Flicker needs two clips of the same size and two frames, not {result.shape} "
                f"and {truth.shape}."
            )
        change = np.diff(result, axis=0) - np.diff(truth, axis=0)
        return Score(float(np.mean(np.abs(change))), "of 255", Better.LOWER, self.fingerprint)
