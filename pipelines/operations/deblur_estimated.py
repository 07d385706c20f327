"""`deblur_estimated`: the blur of a picture is estimated as a person says, and taken back.

`gaussian`: a step that a Gaussian of sigma s blurred, blurred again by one of sigma b, has its
steepest slope made smaller by sqrt(1 + b**2 / s**2); that ratio, at the places of edges, tells s
(S. Zhuo and T. Sim, "Defocus map estimation from a single image", Pattern Recognition 44, 2011).
The median over the edges counts, rounded to twentieths of a sample. Wiener's filter of `deblur`
takes it back.

Edges that were soft in the scene pass for blurred ones, and a blur of another kind than a
Gaussian is taken back wrongly: both ring. Below `LEAST_SIGMA`, and where there are too few edges,
the picture is left as it is.

`motion`: length and angle of an even motion (`motion_blur`). One length and one direction fit a
picture only where all of it moved alike; where the evidence is weak, it is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from pipelines.graph.operation_blur import (
    MOST_ESTIMATED,
    DeblurEstimatedParameters,
    DeblurParameters,
    EstimatedSpread,
    PointSpread,
)
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.deblur import Deblur
from pipelines.operations.luma import luma_of
from pipelines.operations.motion_blur import estimated_motion
from pipelines.operations.neighbourhood import gaussian_kernel, symmetric_filter
from pipelines.operations.single import SingleFrame

LEAST_SIGMA = 0.6
"""Less than this is how sharp pictures are sampled, and no blur."""

LEAST_EDGES = 50
"""Fewer places of edges say nothing."""

MOST_ESTIMATED_SIDE = 1024
"""The estimate is made on the middle of the picture, at most so many samples a side."""

_AGAIN = 1.5
_STRONG = 90.0
_STEP = 20
_SLOPE_WIDTH = 0.4
"""What sampling and central differences add to the square of the sigma, measured on sharp steps."""


class DeblurEstimated(SingleFrame):
    """The bound operation."""

    def __init__(self, parameters: DeblurEstimatedParameters, source: FrameShape) -> None:
        super().__init__("deblur_estimated", source, pixels=0)
        self._psf = parameters.psf
        self._noise = parameters.noise
        self._deblur = lru_cache(maxsize=8)(self._made)

    def needs(self, out: Region) -> Region:  # noqa: ARG002 - the whole tells the blur
        """Name the whole picture."""
        return self.source.whole

    def compute(self, block: Block, out: Region) -> Block:
        """Estimate, and take back what was found."""
        middle = block.cut(middle_of(self.source))
        found = estimated_blur(self._psf, luma_of(middle))
        if found.blur is None:
            return block.cut(out)
        return self._deblur(found.blur).apply([block], 0, out)

    def _made(self, blur: Blur) -> Deblur:
        if blur.angle is None:
            stated = DeblurParameters(psf=PointSpread.GAUSSIAN, sigma=blur.width, noise=self._noise)
        else:
            stated = DeblurParameters(
                psf=PointSpread.MOTION, length=blur.width, angle=blur.angle, noise=self._noise
            )
        return Deblur(stated, self.source)


class Blur(NamedTuple):
    """A blur that is taken back: sigma of a Gaussian, or the length of a motion with its angle."""

    width: float
    angle: int | None = None


@dataclass(frozen=True, slots=True)
class FoundBlur:
    """What was estimated of one picture. `blur` is None where it is left as it is.

    `confidence` is that of a motion, None where nothing states one.
    """

    blur: Blur | None
    confidence: float | None = None


def estimated_blur(psf: EstimatedSpread, luma: Plane) -> FoundBlur:
    """Estimate the blur of luma (H, W), samples 0 to 1."""
    if psf is EstimatedSpread.GAUSSIAN:
        sigma = estimated_sigma(luma)
        return FoundBlur(None if sigma is None else Blur(sigma))
    motion = estimated_motion(luma)
    if motion is None:
        return FoundBlur(None)
    blur = Blur(motion.length, motion.angle) if motion.holds else None
    return FoundBlur(blur, motion.confidence)


def estimated_sigma(luma: Plane) -> float | None:
    """Estimate the blur of luma (H, W) in samples; None where there is none to take back."""
    before, after = _slope(luma), _slope(symmetric_filter(luma, gaussian_kernel(_AGAIN)))
    crest = np.zeros(before.shape, dtype=bool)
    crest[2:-2, 2:-2] = _is_crest(before)[2:-2, 2:-2]
    if crest.sum() < LEAST_EDGES:
        return None
    strong = crest & (before >= np.percentile(before[crest], _STRONG))
    ratio = before[strong] / np.maximum(after[strong], np.float32(1e-6))
    square = float(np.median(ratio)) ** 2 - 1
    if strong.sum() < LEAST_EDGES or square <= 0:
        return None
    own = max(0.0, _AGAIN**2 / square - _SLOPE_WIDTH)
    sigma = round(_STEP * float(np.sqrt(own))) / _STEP
    return min(sigma, MOST_ESTIMATED) if sigma >= LEAST_SIGMA else None


def _slope(luma: Plane) -> Plane:
    """The size of the gradient, by central differences."""
    slope = np.zeros_like(luma)
    across = luma[1:-1, 2:] - luma[1:-1, :-2]
    down = luma[2:, 1:-1] - luma[:-2, 1:-1]
    slope[1:-1, 1:-1] = np.sqrt(across * across + down * down)
    return slope


def _is_crest(slope: Plane) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where the slope is largest along rows or along columns, and more than a code value."""
    crest = np.zeros(slope.shape, dtype=bool)
    inner = slope[1:-1, 1:-1]
    along_rows = (inner >= slope[1:-1, 2:]) & (inner > slope[1:-1, :-2])
    along_columns = (inner >= slope[2:, 1:-1]) & (inner > slope[:-2, 1:-1])
    crest[1:-1, 1:-1] = (along_rows | along_columns) & (inner > np.float32(8 / 255))
    return crest


def middle_of(shape: FrameShape) -> Region:
    """The part of a picture on which the estimate is made, in samples of luma."""
    height, width = (min(side, MOST_ESTIMATED_SIDE) for side in (shape.height, shape.width))
    top, left = (shape.height - height) // 2, (shape.width - width) // 2
    return Region(top, left, height, width)


def build(
    parameters: DeblurEstimatedParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `deblur_estimated` to a shape."""
    return DeblurEstimated(parameters, source)
