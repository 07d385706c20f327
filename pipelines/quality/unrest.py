"""How unsteady a clip's brightness is: its unrest, before and after.

A picture is cut into 18 x 32 cells. The unrest of frame n is the mean over the cells of

    | m(n) - (m(n-1) + m(n+1)) / 2 |

where m is the mean luma of a cell in 8-bit code values: how far a cell lies from midway between
its neighbours in time. A fade and steady motion have little of it, flicker has much, and so has
a cut. The cells cover the same part of the scene in both pictures, so the two numbers compare.

This is a measure of our own and no one else's metric. It says nothing about which of the two is
closer to the scene: noise that was removed lowers it, and so does smearing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Family, FrameShape, Region, Samples

ROWS, COLUMNS = 18, 32
ROWS_READ = 72
"""About so many rows of a picture are read, evenly spaced; all of their samples count."""

_LUMA = np.array([0.299, 0.587, 0.114])

Cells = NDArray[np.float64]
Starts = NDArray[np.int64]


def cells_of(planes: tuple[Samples, ...], shape: FrameShape, region: Region) -> Cells:
    """Mean luma of each cell of `region`, in 8-bit code values; at most 18 x 32 float64.

    Luma of R, G, B is that of ITU-R BT.601-7. Planes are native and of a whole picture.
    """
    rgb = shape.layout.family is Family.RGB
    parts = [_means(planes[index], region) for index in range(3 if rgb else 1)]
    means = np.tensordot(_LUMA, np.stack(parts), axes=1) if rgb else parts[0]
    return np.asarray(means * (255 / shape.layout.peak))


def _means(plane: Samples, region: Region) -> Cells:
    every = max(1, region.height // ROWS_READ)
    part = plane[region.top : region.bottom : every, region.left : region.right]
    rows, columns, counts = _grid(*part.shape)
    # Along the rows first, which lie together in memory: four times as fast as the other way.
    across = np.add.reduceat(part, columns, axis=1, dtype=np.uint32)
    sums = np.add.reduceat(across, rows, axis=0, dtype=np.uint64)
    return np.asarray(sums / counts)


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> tuple[Starts, Starts, Starts]:
    """First rows and columns of the cells, fewer where samples are fewer, and their sizes."""
    rows, columns = (
        np.arange(min(parts, length)) * length // min(parts, length)
        for parts, length in ((ROWS, height), (COLUMNS, width))
    )
    return rows, columns, np.outer(np.diff(rows, append=height), np.diff(columns, append=width))


@dataclass(frozen=True, slots=True)
class Unrest:
    """The sum of the unrest of `frames` frames, in 8-bit code values."""

    total: float = 0.0
    frames: int = 0

    def __add__(self, other: Unrest) -> Unrest:
        return Unrest(self.total + other.total, self.frames + other.frames)

    @property
    def mean(self) -> float | None:
        """The mean over the frames; None where no frame had neighbours."""
        return self.total / self.frames if self.frames else None


class UnrestMeter:
    """Takes the cells of neighbouring frames in order; the two ends have no unrest."""

    def __init__(self) -> None:
        self._last: list[Cells] = []
        self._sum = Unrest()

    def add(self, cells: Cells) -> None:
        """Take the next frame."""
        self._last.append(cells)
        if len(self._last) == 3:
            before, here, after = self._last
            apart = float(np.abs(here - (before + after) / 2).mean())
            self._sum += Unrest(apart, 1)
            del self._last[0]

    @property
    def unrest(self) -> Unrest:
        """What was taken so far."""
        return self._sum
