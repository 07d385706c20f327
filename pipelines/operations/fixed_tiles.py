"""Work on squares of a grid that is fixed to the picture, for filters that need a transform.

A transform of other samples rounds otherwise, so a filter that goes through one would leave
the bits of a region to chance. Here the squares begin at the picture's first sample whatever
is asked for; a region is cut out of the squares that it touches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.media.picture import FrameShape, Plane, Region


@dataclass(frozen=True, slots=True)
class Square:
    """One square of the grid with its margin: the samples that exist, and what is missing.

    `samples` (H, W) float32 lie inside the picture. `missing` counts the rows above and below
    and the columns left and right that lie outside it: ((above, below), (left, right)).
    """

    samples: Plane
    missing: tuple[tuple[int, int], tuple[int, int]]


class FixedTiles:
    """A grid of squares of `core` samples a side, each read with a margin all around."""

    def __init__(self, shape: FrameShape, *, core: int, margin: int) -> None:
        self._shape = shape
        self._core = core
        self._margin = margin

    def covering(self, out: Region) -> Region:
        """Name the samples that the squares under `out` read."""
        core = self._core
        top, left = out.top // core * core, out.left // core * core
        bottom, right = -(-out.bottom // core) * core, -(-out.right // core) * core
        squares = Region(
            top,
            left,
            min(bottom, self._shape.height) - top,
            min(right, self._shape.width) - left,
        )
        return squares.grown(self._margin, self._shape)

    def filtered(
        self, plane: Plane, held: Region, out: Region, work: Callable[[Square], Plane]
    ) -> Plane:
        """Compute region `out` of a plane at full resolution.

        `plane` holds the samples of `held`, which covers `covering(out)`. `work` takes a square
        and gives back its core, (core, core) float32.
        """
        core = self._core
        result = np.empty((out.height, out.width), dtype=np.float32)
        for top in range(out.top // core * core, out.bottom, core):
            for left in range(out.left // core * core, out.right, core):
                made = work(self._square(plane, held, top, left))
                first, last = max(top, out.top), min(top + core, out.bottom)
                start, stop = max(left, out.left), min(left + core, out.right)
                result[first - out.top : last - out.top, start - out.left : stop - out.left] = made[
                    first - top : last - top, start - left : stop - left
                ]
        return result

    def _square(self, plane: Plane, held: Region, top: int, left: int) -> Square:
        margin, core = self._margin, self._core
        rows = max(0, top - margin), min(self._shape.height, top + core + margin)
        columns = max(0, left - margin), min(self._shape.width, left + core + margin)
        samples = plane[
            rows[0] - held.top : rows[1] - held.top,
            columns[0] - held.left : columns[1] - held.left,
        ]
        return Square(
            samples,
            (
                (rows[0] - (top - margin), top + core + margin - rows[1]),
                (columns[0] - (left - margin), left + core + margin - columns[1]),
            ),
        )
