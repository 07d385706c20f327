"""`local_contrast`: detail of luma is strengthened, edges and the overall tone are not.

The smooth copy is the guided filter with the picture as its own guide (He, Sun and Tang,
"Guided Image Filtering", IEEE TPAMI 35, 2013, equations 5, 6 and 8): where the contrast in
the window is far above `edge` the copy follows the picture, so strong edges get no halo. The
window is finite and no statistic of the whole picture enters.
"""

from __future__ import annotations

import numpy as np

from pipelines.graph.operation_tone import LocalContrastParameters
from pipelines.media.picture import FrameShape, Plane
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import CODE_STEP
from pipelines.operations.neighbourhood import box_mean
from pipelines.operations.single import LumaOperation

MIDDLE = np.float32(0.5)
"""Taken off before squares are averaged: the variance is then not a small difference."""


class LocalContrast(LumaOperation):
    """The bound operation."""

    def __init__(self, parameters: LocalContrastParameters, source: FrameShape) -> None:
        super().__init__("local_contrast", source, pixels=2 * parameters.radius)
        self._radius = parameters.radius
        self._amount = np.float32(parameters.amount)
        self._edge_variance = np.float32((parameters.edge * CODE_STEP) ** 2)
        self._limit = np.float32(parameters.limit * CODE_STEP)

    def change(self, luma: Plane) -> Plane:
        """Add the share of the detail, within the limit."""
        if self._amount == 0:
            return luma
        detail = luma - self._smooth(luma)
        detail *= self._amount
        np.clip(detail, -self._limit, self._limit, out=detail)
        detail += luma
        return detail

    def _smooth(self, luma: Plane) -> Plane:
        """Apply the self-guided filter."""
        centred = luma - MIDDLE
        mean = box_mean(centred, self._radius)
        variance = box_mean(centred * centred, self._radius)
        variance -= mean * mean
        np.maximum(variance, 0, out=variance)
        follow = np.divide(variance, variance + self._edge_variance, dtype=np.float32)
        offset = mean - follow * mean
        smooth = box_mean(follow, self._radius)
        smooth *= centred
        smooth += box_mean(offset, self._radius)
        smooth += MIDDLE
        return smooth


def build(
    parameters: LocalContrastParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `local_contrast` to a shape."""
    return LocalContrast(parameters, source)
