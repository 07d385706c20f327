"""`unwrap`: what `wrap` laid around a picture is cut off, sample for sample."""

from __future__ import annotations

from pipelines.errors import RequestError
from pipelines.graph.operation_size import CropParameters
from pipelines.graph.operation_wrap import UnwrapParameters, WrapMode
from pipelines.media.picture import FrameShape
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.crop import Crop


class Unwrap(Crop):
    """The bound operation."""

    name = "unwrap"


def build(parameters: UnwrapParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `unwrap` to a shape. Raises RequestError where nothing would be left."""
    across = parameters.margin
    down = 0 if parameters.mode is WrapMode.HORIZONTAL else parameters.margin
    if 2 * across >= source.width or 2 * down >= source.height:
        raise RequestError(
            f"unwrap: a margin of {parameters.margin} leaves nothing of {source.width} x "
            f"{source.height}",
            next_step="Give the margin of wrap, times what the picture was enlarged since.",
        )
    rest = CropParameters(
        x=across, y=down, width=source.width - 2 * across, height=source.height - 2 * down
    )
    return Unwrap(rest, source)
