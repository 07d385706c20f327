"""`resize`: another size by interpolation, each plane on its own grid.

YCbCr planes are resized as they are, in their own subsampling and with the siting of their
samples; no colour is converted. Opacity is resized like luma. Beyond the picture's edge
weights are dropped and the others scaled up. Overshoots are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from pipelines.errors import RequestError
from pipelines.graph.operation_size import (
    LEAST_SCALE,
    MOST_SCALE,
    MOST_SIDE,
    ResizeFilter,
    ResizeParameters,
)
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.axis import Kernel
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.resample import Scaler

KERNELS = {
    ResizeFilter.LANCZOS: Kernel.LANCZOS,
    ResizeFilter.BICUBIC: Kernel.CUBIC,
    ResizeFilter.AREA: Kernel.AREA,
}


class Resize:
    """The bound operation."""

    name = "resize"
    before = 0
    after = 0

    def __init__(self, source: FrameShape, result: FrameShape, kernel: Kernel) -> None:
        self.source = source
        self.result = result
        self._scaler = Scaler(source, result, kernel)

    def needs(self, out: Region) -> Region:
        """Name the source samples under the filter's taps."""
        return self._scaler.needs(out)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        block = window[centre]
        count = self.source.layout.plane_count
        planes = tuple(self._scaler.plane(block, plane, out) for plane in range(count))
        return Block(planes, out, self.result)


def resized_shape(parameters: ResizeParameters, source: FrameShape) -> FrameShape:
    """Work out the shape that `parameters` ask for.

    A whole-number scale gives exactly scale times the size. Otherwise a computed side is
    rounded to the nearest multiple of the chroma subsampling. Raises RequestError for a side
    that the chroma cannot follow and for sizes beyond the limits.
    """
    layout = source.layout
    if parameters.scale is not None:
        scale = Fraction(repr(parameters.scale))
        height = _scaled(source.height, scale, layout.align_y)
        width = _scaled(source.width, scale, layout.align_x)
    else:
        height = parameters.height or _nearest(
            Fraction(source.height * (parameters.width or 0), source.width), layout.align_y
        )
        width = parameters.width or _nearest(
            Fraction(source.width * (parameters.height or 0), source.height), layout.align_x
        )
        _check_aligned("width", width, source.width, layout.align_x)
        _check_aligned("height", height, source.height, layout.align_y)
        _check_limits("width", width, source.width)
        _check_limits("height", height, source.height)
    if max(width, height) > MOST_SIDE:
        raise RequestError(
            f"resize: a side would be {max(width, height)} samples long, {MOST_SIDE} at most",
            next_step="Ask for a smaller scale, or crop the picture first.",
        )
    return FrameShape(height, width, layout)


def _scaled(side: int, scale: Fraction, align: int) -> int:
    if scale.denominator == 1:
        return side * scale.numerator
    return _nearest(side * scale, align)


def _nearest(side: Fraction, align: int) -> int:
    """Round to the nearest multiple of `align`, the larger of two, at least one."""
    return max(1, math.floor(side / align + Fraction(1, 2))) * align


def _check_aligned(axis: str, asked: int, source: int, align: int) -> None:
    if asked % align and asked != source:
        below = asked // align * align
        choice = f"{below} or {below + align}" if below else f"{align}"
        raise RequestError(
            f"resize: {axis} {asked} does not go with chroma shared by {align} samples",
            next_step=f"Ask for a {axis} of {choice}.",
        )


def _check_limits(axis: str, asked: int, source: int) -> None:
    least = max(1, math.ceil(source * LEAST_SCALE))
    most = math.floor(source * MOST_SCALE)
    if not least <= asked <= most:
        raise RequestError(
            f"resize: a {axis} of {asked} from {source} is beyond what resize does in one step",
            next_step=f"Ask for a {axis} of {least} to {most}.",
        )


def build(parameters: ResizeParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `resize` to a shape. Raises RequestError."""
    return Resize(source, resized_shape(parameters, source), KERNELS[parameters.filter])
