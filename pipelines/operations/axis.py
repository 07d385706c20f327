"""Where the samples of one axis lie among those of another, and the weights between them.

All positions are exact: an `AxisMap` holds whole numbers, so the phase of an output sample is
a remainder of whole numbers and equal phases get equal weights, wherever in the picture and
in whatever tile they are.

Coordinates count samples of the plane, the centre of the first one at 0. A picture of W luma
columns covers -1/2 to W - 1/2. Chroma sample j of a plane subsampled by a lies at luma column
a*j + s, with s = 0 where it is co-sited and s = (a - 1)/2 where it is centred. Enlarging maps
the covered intervals onto each other: luma column X of W' columns lies at
x = (X + 1/2) * W/W' - 1/2 of W, and chroma follows from the luma columns that it lies at.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import FrameShape, PixelLayout, Siting

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AxisMap:
    """Output sample x of `result` lies at (step*x + start) / unit among `source` samples."""

    source: int
    result: int
    step: int
    start: int
    unit: int

    @property
    def identity(self) -> bool:
        """Whether output and source samples are the same ones."""
        return self.source == self.result and self.step == self.unit and self.start == 0

    @property
    def stretch(self) -> float:
        """Source samples per output sample, at least 1: how far a filter is widened."""
        return max(1.0, self.step / self.unit)


def _twice_offset(layout: PixelLayout, *, vertical: bool) -> int:
    """Twice the luma position of chroma sample 0 along one axis."""
    cosited = layout.siting is Siting.TOP_LEFT or (layout.siting is Siting.LEFT and not vertical)
    return 0 if cosited else (layout.align_y if vertical else layout.align_x) - 1


def resizing(source: FrameShape, result: FrameShape, plane: int, *, vertical: bool) -> AxisMap:
    """Map one axis of one plane for a picture of `source` that becomes one of `result`."""
    old, new = (source.height, result.height) if vertical else (source.width, result.width)
    axis = 0 if vertical else 1
    step, twice = 1, 0
    if source.layout.is_chroma(plane):
        step = source.layout.align_y if vertical else source.layout.align_x
        twice = _twice_offset(source.layout, vertical=vertical)
    return AxisMap(
        source=source.plane_size(plane)[axis],
        result=result.plane_size(plane)[axis],
        step=2 * step * old,
        start=(twice + 1) * (old - new),
        unit=2 * step * new,
    )


def chroma_to_luma(shape: FrameShape, *, vertical: bool) -> AxisMap:
    """Luma sample x lies at (x - s) / a among the chroma samples."""
    axis = 0 if vertical else 1
    step = shape.layout.align_y if vertical else shape.layout.align_x
    return AxisMap(
        source=shape.plane_size(1)[axis],
        result=shape.plane_size(0)[axis],
        step=2,
        start=-_twice_offset(shape.layout, vertical=vertical),
        unit=2 * step,
    )


def luma_to_chroma(shape: FrameShape, *, vertical: bool) -> AxisMap:
    """Chroma sample j lies at a*j + s among the luma samples."""
    axis = 0 if vertical else 1
    step = shape.layout.align_y if vertical else shape.layout.align_x
    return AxisMap(
        source=shape.plane_size(0)[axis],
        result=shape.plane_size(1)[axis],
        step=2 * step,
        start=_twice_offset(shape.layout, vertical=vertical),
        unit=2,
    )


def _lanczos(distance: Reals) -> Reals:
    """Sinc windowed by its own main lobe over three lobes (Duchon, 1979)."""
    inside = np.abs(distance) < 3
    weights = np.sinc(distance) * np.sinc(distance / 3)
    whole = (distance == np.rint(distance)) & (distance != 0)
    return np.asarray(np.where(inside & ~whole, weights, 0.0))


def _cubic(distance: Reals) -> Reals:
    """Cubic convolution with a = -1/2 (Keys, IEEE Trans. ASSP 29, 1981, equation 15)."""
    d = np.abs(distance)
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.asarray(np.where(d <= 1, near, np.where(d < 2, far, 0.0)))


def _tent(distance: Reals) -> Reals:
    """Linear interpolation."""
    return np.asarray(np.maximum(0.0, 1 - np.abs(distance)))


class Kernel(Enum):
    """An interpolation kernel."""

    LANCZOS = "lanczos"
    CUBIC = "cubic"
    TENT = "tent"
    AREA = "area"

    def radius(self, axis: AxisMap) -> float:
        """Source samples on each side with a weight."""
        if self is Kernel.AREA:
            return (axis.step / axis.unit + 1) / 2
        return _RADIUS[self] * axis.stretch

    def weights(self, distance: Reals, axis: AxisMap) -> Reals:
        """Weights, not normalised, of samples at signed distances in source samples."""
        if self is Kernel.AREA:
            half = axis.step / axis.unit / 2
            upper = np.minimum(distance + 0.5, half)
            return np.asarray(np.maximum(0.0, upper - np.maximum(distance - 0.5, -half)))
        return _FUNCTION[self](distance / axis.stretch)


_RADIUS = {Kernel.LANCZOS: 3, Kernel.CUBIC: 2, Kernel.TENT: 1}
_FUNCTION: dict[Kernel, Callable[[Reals], Reals]] = {
    Kernel.LANCZOS: _lanczos,
    Kernel.CUBIC: _cubic,
    Kernel.TENT: _tent,
}


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """Weights of a whole axis.

    Output sample x is the sum over k of weights[x, k] * source[first[x] + k]. Beyond the two
    ends of the source the weights are 0 and the others are scaled to a sum of 1: no sample
    outside the picture is made up.
    first: (result,) int64, may lie outside the source. weights: (result, taps) float32.
    """

    source: int
    first: NDArray[np.int64]
    weights: NDArray[np.float32]

    def span(self, out: slice) -> tuple[int, int]:
        """First and one past the last source sample that output samples `out` read."""
        count = self.weights.shape[1]
        least, most = int(self.first[out.start]), int(self.first[out.stop - 1]) + count
        return max(0, min(least, self.source - 1)), max(1, min(most, self.source))


def taps_of(axis: AxisMap, kernel: Kernel) -> Taps | None:
    """Compute the weights of `axis`, in float64, then rounded; None where nothing changes."""
    if axis.identity:
        return None
    numerator = axis.step * np.arange(axis.result, dtype=np.int64) + axis.start
    whole, rest = np.divmod(numerator, axis.unit)
    reach = math.ceil(kernel.radius(axis))
    offsets = np.arange(1 - reach, reach + 1)
    phase = rest.astype(np.float64) / axis.unit
    weights = kernel.weights(offsets[None, :] - phase[:, None], axis)
    index = whole[:, None] + offsets[None, :]
    weights = np.where((index >= 0) & (index < axis.source), weights, 0.0)
    # A chroma sample may cover nothing of the picture: it lies beside it. The nearest one counts.
    empty = ~weights.any(axis=1)
    nearest = np.abs(index - np.clip(index, 0, axis.source - 1)).argmin(axis=1)
    weights[empty, nearest[empty]] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    return Taps(axis.source, index[:, 0].copy(), weights.astype(np.float32))
