"""How differences are spread: the largest, the 99th percentile, how many lie beyond a limit.

Differences are counted in steps of a sixteenth of an 8-bit code value, so memory is flat and the
numbers are the same however a picture was cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Plane

STEPS_PER_CODE = 16
_BINS = 512 * STEPS_PER_CODE + 1
PERCENTILE = 99


@dataclass(frozen=True, slots=True)
class Spread:
    """Differences of a picture in 8-bit code values (1/255 of full scale).

    99 of 100 samples differ by `percentile_99` or less, which is rounded up to a sixteenth.
    `beyond` counts the samples that differ by more than the stated noise explains.
    """

    samples: int
    largest: float
    percentile_99: float
    beyond: int


class SpreadMeter:
    """Counts differences, part by part."""

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros(_BINS, dtype=np.int64)
        self._largest = 0.0
        self._beyond = 0

    def add(self, size: Plane, beyond: NDArray[np.bool_]) -> None:
        """Count magnitudes (H, W) float32 in 8-bit code values, and which are beyond noise."""
        steps = np.ceil(size * np.float32(STEPS_PER_CODE))
        np.minimum(steps, _BINS - 1, out=steps)
        self._counts += np.bincount(steps.astype(np.int32).ravel(), minlength=_BINS)
        self._largest = max(self._largest, float(size.max(initial=0.0)))
        self._beyond += int(np.count_nonzero(beyond))

    def spread(self) -> Spread:
        """State what was counted."""
        samples = int(self._counts.sum())
        summed = np.cumsum(self._counts)
        # The least step with at least 99 of 100 samples at or below it, in whole numbers.
        step = int(np.searchsorted(summed * 100, samples * PERCENTILE))
        percentile = min(step / STEPS_PER_CODE, self._largest)
        return Spread(samples, round(self._largest, 3), round(percentile, 4), self._beyond)
