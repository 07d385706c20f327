"""`levels`: a straight line on luma.

In parts of the nominal range, out = output_black + slope * (in - black). Nothing is clipped:
footroom and headroom follow the line, and codes that do not exist are clipped only when the
samples are rounded for delivery.
"""

from __future__ import annotations

import numpy as np

from pipelines.graph.operation_tone import LevelsParameters
from pipelines.media.picture import FrameShape, Plane
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import nominal_luma
from pipelines.operations.single import LumaOperation


class Levels(LumaOperation):
    """The bound operation."""

    def __init__(self, slope: float, shift: float, source: FrameShape) -> None:
        super().__init__("levels", source, pixels=0)
        nominal = nominal_luma(source.layout)
        self._identity = slope == 1.0 and shift == 0.0
        self._slope = np.float32(slope)
        self._offset = np.float32(nominal.black * (1 - slope) + nominal.span * shift)

    def change(self, luma: Plane) -> Plane:
        """Apply the line."""
        if self._identity:
            return luma
        changed = luma * self._slope
        changed += self._offset
        return changed


def build(parameters: LevelsParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `levels` to a shape."""
    return Levels(*_line(parameters), source)


def backwards(parameters: LevelsParameters, operation: Operation) -> Operation:
    """Take the line back: in = (out - shift) / slope. What rounding cut off stays cut off."""
    slope, shift = _line(parameters)
    return Levels(1 / slope, -shift / slope, operation.result)


def _line(parameters: LevelsParameters) -> tuple[float, float]:
    """Slope and shift of the line, in parts of the nominal range."""
    return parameters.slope, parameters.output_black - parameters.slope * parameters.black
