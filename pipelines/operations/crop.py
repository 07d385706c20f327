"""`crop`: a rectangle of the picture, sample for sample."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.errors import RequestError
from pipelines.graph.operation_size import CropParameters
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.base import NetworkSource, Operation


class Crop:
    """The bound operation."""

    name = "crop"
    before = 0
    after = 0

    def __init__(self, parameters: CropParameters, source: FrameShape) -> None:
        _check_inside("x", "width", parameters.x, parameters.width, source.width)
        _check_inside("y", "height", parameters.y, parameters.height, source.height)
        ax, ay = source.layout.align_x, source.layout.align_y
        _check_aligned("x", "width", parameters.x, parameters.width, source.width, align=ax)
        _check_aligned("y", "height", parameters.y, parameters.height, source.height, align=ay)
        self.source = source
        self.result = FrameShape(parameters.height, parameters.width, source.layout)
        self._top = parameters.y
        self._left = parameters.x

    def needs(self, out: Region) -> Region:
        """Name the same samples in the source's coordinates."""
        return Region(out.top + self._top, out.left + self._left, out.height, out.width)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        cut = window[centre].cut(self.needs(out))
        return Block(cut.planes, out, self.result)


class PutBack:
    """The rectangle at its place in the picture that it was cut from: `crop` read backwards.

    Regions count samples of the whole picture; only those inside the rectangle can be asked for.
    """

    name = "crop"
    before = 0
    after = 0

    def __init__(self, parameters: CropParameters, operation: Operation) -> None:
        self.source = operation.result
        self.result = operation.source
        self._top = parameters.y
        self._left = parameters.x

    def needs(self, out: Region) -> Region:
        """Name the same samples in the rectangle's coordinates."""
        return Region(out.top - self._top, out.left - self._left, out.height, out.width)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        cut = window[centre].cut(self.needs(out))
        return Block(cut.planes, out, self.result)


def _check_inside(start_name: str, size_name: str, start: int, size: int, side: int) -> None:
    if start + size <= side:
        return
    advice = (
        f"Ask for a {size_name} of at most {side - start}."
        if start < side
        else f"Ask for {start_name} below {side}."
    )
    raise RequestError(
        f"crop: {start_name} {start} with {size_name} {size} reaches beyond the picture's "
        f"{size_name} of {side}",
        next_step=advice,
    )


def _check_aligned(
    start_name: str, size_name: str, start: int, size: int, side: int, *, align: int
) -> None:
    """Chroma is shared by `align` samples: edges lie between such groups or at the frame's."""
    end = start + size
    if start % align == 0 and (end % align == 0 or end == side):
        return
    near_start = start // align * align
    near_end = min(side, -(-end // align) * align)
    raise RequestError(
        f"crop: {start_name} {start} with {size_name} {size} cuts through chroma that "
        f"{align} samples share",
        next_step=f"The nearest that keeps all of it is {start_name} {near_start} with "
        f"{size_name} {near_end - near_start}.",
    )


def build(parameters: CropParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `crop` to a shape. Raises RequestError."""
    return Crop(parameters, source)


def backwards(parameters: CropParameters, operation: Operation) -> Operation:
    """Put the rectangle back at its place."""
    return PutBack(parameters, operation)
