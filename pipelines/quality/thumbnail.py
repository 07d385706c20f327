"""A map made small enough for a page: every dot is the strongest sample under it.

A mean would let a small spot vanish, and a small spot may be what matters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_DOTS = 480
"""The longer side of a thumbnail at most, in dots."""

Steps = NDArray[np.uint8]


class Thumbnail:
    """Collects rows of a map of `height` x `width` steps."""

    def __init__(self, *, height: int, width: int) -> None:
        self.samples_per_dot = max(1, -(-max(height, width) // MOST_DOTS))
        dots = -(-height // self.samples_per_dot), -(-width // self.samples_per_dot)
        self._dots: Steps = np.zeros(dots, dtype=np.uint8)
        self._row = 0

    def add(self, rows: Steps) -> None:
        """Take the next rows (n, width)."""
        each = self.samples_per_dot
        across = np.maximum.reduceat(rows, np.arange(0, rows.shape[1], each), axis=1)
        lines = np.arange(self._row, self._row + len(rows)) // each
        starts = np.flatnonzero(np.diff(lines, prepend=lines[0] - 1))
        down = np.maximum.reduceat(across, starts, axis=0)
        self._row += len(rows)
        target = self._dots[lines[0] : lines[0] + len(down)]
        np.maximum(target, down, out=target)

    def dots(self) -> Steps:
        """Give the thumbnail, (rows, columns) uint8 steps."""
        return self._dots
