"""`sharpen`: unsharp mask on luma.

out = in + amount * shrink(in - blurred), where shrink moves a difference towards 0 by the
threshold and never past it. The blur is a Gaussian cut at three standard deviations.
"""

from __future__ import annotations

import numpy as np

from pipelines.graph.operation_tone import SharpenParameters, blur_radius
from pipelines.media.picture import FrameShape, Plane
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import CODE_STEP
from pipelines.operations.neighbourhood import gaussian_kernel, symmetric_filter
from pipelines.operations.single import LumaOperation


class Sharpen(LumaOperation):
    """The bound operation."""

    def __init__(self, parameters: SharpenParameters, source: FrameShape) -> None:
        super().__init__("sharpen", source, pixels=blur_radius(parameters.radius))
        self._kernel = gaussian_kernel(parameters.radius)
        self._amount = np.float32(parameters.amount)
        self._threshold = np.float32(parameters.threshold * CODE_STEP)

    def change(self, luma: Plane) -> Plane:
        """Add the share of the difference to the blurred copy."""
        if self._amount == 0:
            return luma
        blurred = symmetric_filter(luma, self._kernel)
        detail = np.subtract(luma, blurred, out=blurred)
        if self._threshold > 0:
            detail -= np.clip(detail, -self._threshold, self._threshold)
        detail *= self._amount
        detail += luma
        return detail


def build(parameters: SharpenParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `sharpen` to a shape."""
    return Sharpen(parameters, source)
