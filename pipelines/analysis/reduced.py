"""A picture made small and upright for a detector, and the way back to its own samples.

Every sample of the small picture is the mean over the area that it covers, so nothing is skipped
and nothing aliases. A large picture is read in strips. Nothing here ever feeds a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.found import Box, Detection, Point, Rgb8
from pipelines.media.colour import rgb_from_ycbcr
from pipelines.media.picture import Family, FrameShape, Plane, Samples

_STRIP_SAMPLES = 4 << 20


@dataclass(frozen=True, slots=True)
class Reduced:
    """A small upright picture. `turn` quarter turns counter-clockwise made it upright.

    `rows` and `columns` are source samples per sample, before the turn.
    """

    rgb: Rgb8
    shape: FrameShape
    turn: int
    rows: float
    columns: float

    def point(self, x: float, y: float) -> Point:
        """A place of the small picture as a place of the source."""
        height, width = self.rgb.shape[:2]
        turned = {
            0: (x, y),
            1: (height - y, x),
            2: (width - x, height - y),
            3: (y, width - x),
        }[self.turn]
        return turned[0] * self.columns, turned[1] * self.rows

    def forward(self, box: Box) -> Box:
        """A box of the source as one of the small picture."""
        height, width = self.rgb.shape[:2]
        corners = []
        for x, y in ((box.left, box.top), (box.right, box.bottom)):
            across, down = x / self.columns, y / self.rows
            corners.append(
                {
                    0: (across, down),
                    1: (down, height - across),
                    2: (width - across, height - down),
                    3: (width - down, across),
                }[self.turn]
            )
        (left, right), (top, bottom) = (sorted(one) for one in zip(*corners, strict=True))
        return Box(left, top, right - left, bottom - top)

    def back(self, one: Detection) -> Detection:
        """A detection in the small picture as one in the source, cut at the source's edges."""
        corners = [self.point(one.box.left, one.box.top), self.point(one.box.right, one.box.bottom)]
        left, right = sorted(min(max(x, 0.0), self.shape.width) for x, _ in corners)
        top, bottom = sorted(min(max(y, 0.0), self.shape.height) for _, y in corners)
        return Detection(
            one.target,
            Box(left, top, right - left, bottom - top),
            one.score,
            tuple(self.point(x, y) for x, y in one.landmarks),
        )


def reduce_picture(
    planes: Sequence[Samples], shape: FrameShape, *, longest_side: int, turn: int = 0
) -> Reduced:
    """Reduce a whole picture to `longest_side` samples at most; a smaller one keeps its size.

    `planes` are native; `turn` is in degrees counter-clockwise, a multiple of 90.
    """
    share = min(1.0, longest_side / max(shape.height, shape.width))
    height, width = (max(1, round(side * share)) for side in (shape.height, shape.width))
    layout = shape.layout
    scale = np.float32(1.0 / layout.peak)
    colour: list[Plane] = [
        area_means(plane, height, width).astype(np.float32) * scale
        for plane in planes[: layout.colour_planes]
    ]
    if layout.family is Family.YCBCR:
        colour = list(rgb_from_ycbcr((colour[0], colour[1], colour[2]), layout))
    elif layout.family is Family.GRAY:
        colour = colour * 3
    rgb = np.clip(np.rint(np.stack(colour, axis=-1) * 255.0), 0, 255).astype(np.uint8)
    quarters = turn // 90 % 4
    return Reduced(
        np.ascontiguousarray(np.rot90(rgb, quarters)),
        shape,
        quarters,
        shape.height / height,
        shape.width / width,
    )


def area_means(plane: NDArray[np.generic], height: int, width: int) -> NDArray[np.float64]:
    """Means of (H, W) over `height` x `width` equal areas, float64; sums are exact for codes."""
    rows, columns = plane.shape
    made = np.empty((height, width), np.float64)
    at_once = max(1, int(_STRIP_SAMPLES / (columns * max(1.0, rows / height))))
    for first in range(0, height, at_once):
        stop = min(height, first + at_once)
        edges = np.linspace(first * rows / height, stop * rows / height, stop - first + 1)
        top, bottom = int(edges[0]), min(rows, int(np.ceil(edges[-1])))
        strip = np.asarray(plane[top:bottom], np.float64)
        across = _sums(strip.T, np.linspace(0, columns, width + 1)).T
        made[first:stop] = _sums(across, edges - top)
    return np.asarray(made * (height * width / (rows * columns)))


def _sums(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integrals of (n, k) between neighbouring `edges` along the first axis, (edges - 1, k)."""
    total = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=total[1:])
    whole = np.minimum(edges.astype(np.int64), values.shape[0] - 1)
    part = (edges - whole)[:, None]
    at = total[whole] * (1 - part) + total[whole + 1] * part
    return np.asarray(np.diff(at, axis=0))
