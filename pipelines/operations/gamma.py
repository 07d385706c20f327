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

STRIP_SAMPLES = 1 << 15
"""Samples that are worked on together, so that what lies between stays in the cache."""


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
        changed = np.empty(luma.shape, np.float32)
        rows = max(1, STRIP_SAMPLES // luma.shape[1])
        for top in range(0, len(luma), rows):
            part = slice(top, top + rows)
            changed[part] = self._curve(luma[part])
        return changed

    def _curve(self, luma: Plane) -> Plane:
        level = luma.astype(np.float64)
        level -= self._nominal.black
        level /= self._nominal.span
        outside = (level <= ROUNDING) | (level >= 1)
        np.clip(level, 0, 1, out=level)
        level **= self._exponent
        level *= self._nominal.span
        level += self._nominal.black
        changed = level.astype(np.float32)
        np.copyto(changed, luma, where=outside)
        return changed


def build(parameters: GammaParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `gamma` to a shape."""
    return Gamma(parameters, source)


def backwards(parameters: GammaParameters, operation: Operation) -> Operation:
    """Take the curve back, by the curve with one over its gamma."""
    return Gamma(GammaParameters(gamma=1 / parameters.gamma), operation.result)
