"""Sums along a sequence of unknown length, in a number of bins that never grows.

Every bin holds the sums of as many neighbours; when the bins are full, each two become one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_BINS = 1024


class Bins:
    """Sums of `columns` numbers per item, over items in order."""

    def __init__(self, columns: int, *, most: int = MOST_BINS) -> None:
        if most < 2 or most % 2:
            raise ValueError("bins are an even number")
        self._sums = np.zeros((most, columns), np.int64)
        self.width = 1
        self.items = 0

    def add(self, values: NDArray[np.int64]) -> None:
        """Take (N, columns) more numbers, one row per item."""
        if not len(values):
            return
        last = self.items + len(values) - 1
        while last // self.width >= len(self._sums):
            self._fold()
        places = (self.items + np.arange(len(values))) // self.width
        np.add.at(self._sums, places, values)
        self.items += len(values)

    @property
    def sums(self) -> NDArray[np.int64]:
        """(bins, columns), of the bins that hold anything; the last one may hold fewer items."""
        return self._sums[: -(-self.items // self.width)].copy()

    def _fold(self) -> None:
        half = len(self._sums) // 2
        self._sums[:half] = self._sums[0::2] + self._sums[1::2]
        self._sums[half:] = 0
        self.width *= 2
