"""`gamma`: a power curve on luma.

In parts of the nominal range, out = in ** (1 / gamma). Black and white stay where they are.
Below black and above white, luma is left as it is: the curve is only defined between them,
and so it keeps rising.
"""

from __future__ import annotations

import numpy as np

from pipelines.graph.operation_tone import GammaParameters
from pipelines.media.picture import FrameShape, Plane
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import nominal_luma
from pipelines.operations.single import LumaOperation

ROUNDING = 2.0**-22
"""Levels up to this are black: float32 does not hold studio black exactly, and a curve that
rises without bound there would make codes out of the rounding error. A 16-bit code is 64 times
as large."""


class Gamma(LumaOperation):
    """The bound operation."""

    def __init__(self, parameters: GammaParameters, source: FrameShape) -> None:
        super().__init__("gamma", source, pixels=0)
        self._nominal = nominal_luma(source.layout)
        self._exponent = 1.0 / parameters.gamma

    def change(self, luma: Plane) -> Plane:
        """Apply the curve, in float64: its slope at black has no bound."""
        if self._exponent == 1.0:
            return luma
        level = (luma.astype(np.float64) - self._nominal.black) / self._nominal.span
        inside = (level > ROUNDING) & (level < 1)
        curve = np.power(np.clip(level, 0, 1), self._exponent)
        changed = (curve * self._nominal.span + self._nominal.black).astype(np.float32)
        return np.where(inside, changed, luma)


def build(parameters: GammaParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `gamma` to a shape."""
    return Gamma(parameters, source)


def backwards(parameters: GammaParameters, operation: Operation) -> Operation:
    """Take the curve back, by the curve with one over its gamma."""
    return Gamma(GammaParameters(gamma=1 / parameters.gamma), operation.result)
