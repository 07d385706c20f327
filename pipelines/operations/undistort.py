"""`undistort`: the distortion of a lens is taken out, by coefficients that were calibrated.

With x = (u - cx) / fx and y = (v - cy) / fy of the straight picture and r**2 = x**2 + y**2:

Brown-Conrady (D. Brown, "Decentering Distortion of Lenses", 1966): the sample comes from
x s + 2 p1 x y + p2 (r**2 + 2 x**2), y s + p1 (r**2 + 2 y**2) + 2 p2 x y, where
s = 1 + k1 r**2 + k2 r**4 + k3 r**6.
Fisheye (J. Kannala and S. Brandt, IEEE TPAMI 28, 2006): from x t / r, y t / r, where
t = a (1 + k1 a**2 + k2 a**4 + k3 a**6 + k4 a**8) and a = atan(r).

These are the signs and the order of terms that OpenCV calibrates. Places that the lens did not
see are black. Coefficients that fold the picture over are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.errors import RequestError
from pipelines.graph.operation_place import Lens, UndistortParameters
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.remap import Places, Remap, folds

_MIDDLE = 1e-8
"""Nearer to the axis than this, the angle and its tangent are the same."""


class Undistort:
    """The bound operation."""

    name = "undistort"
    before = 0
    after = 0

    def __init__(self, parameters: UndistortParameters, source: FrameShape) -> None:
        self.source = source
        self.result = source
        self._lens = parameters
        self._cx = (source.width - 1) / 2 if parameters.cx is None else parameters.cx
        self._cy = (source.height - 1) / 2 if parameters.cy is None else parameters.cy
        if folds(self._way, source):
            raise RequestError(
                "undistort: with these coefficients the picture would fold over itself",
                next_step="Check the coefficients and fx; a larger zoom leaves the corners out.",
            )
        self._remap = Remap(source, source, self._way)

    def _way(self, u: Places, v: Places) -> tuple[Places, Places]:
        lens = self._lens
        x = (u - self._cx) / (lens.fx * lens.zoom)
        y = (v - self._cy) / (lens.fy * lens.zoom)
        moved = _fisheye if lens.lens is Lens.FISHEYE else _brown_conrady
        x, y = moved(lens, x, y)
        return x * lens.fx + self._cx, y * lens.fy + self._cy

    def needs(self, out: Region) -> Region:
        """Name the part of the picture that the lens drew the region on."""
        return self._remap.needs(out)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        return self._remap.draw(window[centre], out)


def _brown_conrady(lens: UndistortParameters, x: Places, y: Places) -> tuple[Places, Places]:
    square = x * x + y * y
    scale = 1 + square * (lens.k1 + square * (lens.k2 + square * lens.k3))
    both = 2 * x * y
    return (
        x * scale + lens.p1 * both + lens.p2 * (square + 2 * x * x),
        y * scale + lens.p1 * (square + 2 * y * y) + lens.p2 * both,
    )


def _fisheye(lens: UndistortParameters, x: Places, y: Places) -> tuple[Places, Places]:
    radius = np.sqrt(x * x + y * y)
    angle = np.arctan(radius)
    square = angle * angle
    bent = 1 + square * (lens.k1 + square * (lens.k2 + square * (lens.k3 + square * lens.k4)))
    scale = np.where(radius > _MIDDLE, angle / np.maximum(radius, _MIDDLE), 1.0) * bent
    return x * scale, y * scale


def build(
    parameters: UndistortParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `undistort` to a shape. Raises RequestError."""
    return Undistort(parameters, source)
