"""`denoise_temporal`: what stays the same in neighbouring frames is averaged. MIXES frames.

out = in + sum of w * (other - in) / (1 + sum of w) over the other frames of the window. The
weight w = 1 / (1 + r**4), r the larger of u / 8 and v / 2, falls with the square difference
over twice the variance of the noise, u of the sample itself and v averaged over the patch
around it: both are about 1 where only noise differs and far above where something moved or
the light changed. v sees faint changes of an area, u a single point that lights up. Patches
are 5 x 5, weighted (1 2 3 2 1) / 9 along each axis. No motion is followed.

RGB planes share one weight from the differences of all three. In YCbCr luma is weighed by
luma; chroma by luma at the same place and by both chroma planes together, so nothing is
averaged across a change of either.

A window that is cut short by the end of the clip has fewer terms. Equal frames give the frame
itself, to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.graph.operation_noise import PATCH_REACH, DenoiseTemporalParameters
from pipelines.media.picture import Block, Family, FrameShape, Plane, Region
from pipelines.operations.axis import Kernel, Taps, luma_to_chroma, taps_of
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import CODE_STEP
from pipelines.operations.neighbourhood import symmetric_filter
from pipelines.operations.resample import resample

PATCH = np.array([3, 2, 1], dtype=np.float64) / 9
"""The right half of the patch's weights along one axis."""

PATCH_CHANGE, POINT_CHANGE = np.float32(2), np.float32(8)
"""Square differences, in units of what noise alone makes, at which the weight is a half. Noise
alone exceeds the first in one patch of 100 and the second in one sample of 200."""


class DenoiseTemporal:
    """The bound operation."""

    name = "denoise_temporal"

    def __init__(self, parameters: DenoiseTemporalParameters, source: FrameShape) -> None:
        layout = source.layout
        self.source = source
        self.result = source
        self.before = parameters.radius
        self.after = parameters.radius
        self._margin = PATCH_REACH * max(layout.align_x, layout.align_y)
        self._noise_power = np.float32(2 * (parameters.strength * CODE_STEP) ** 2)
        self._down: tuple[Taps | None, Taps | None] = (None, None)
        if layout.family is Family.YCBCR:
            self._down = (
                taps_of(luma_to_chroma(source, vertical=True), Kernel.TENT),
                taps_of(luma_to_chroma(source, vertical=False), Kernel.TENT),
            )

    def needs(self, out: Region) -> Region:
        """Name the region and its surroundings within reach."""
        return out.grown(self._margin, self.source)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        region = self.needs(out)
        blocks = [block.cut(region) for block in window]
        own = blocks[centre]
        colour = self.source.layout.colour_planes
        sums: list[Plane] = [np.zeros_like(plane) for plane in own.planes[:colour]]
        totals: list[Plane] = [np.ones_like(plane) for plane in own.planes[:colour]]
        for position, other in enumerate(blocks):
            if position == centre:
                continue
            differences = [
                theirs - ours
                for theirs, ours in zip(other.planes[:colour], own.planes[:colour], strict=True)
            ]
            weights = self._weights(differences, region)
            for plane, (difference, weight) in enumerate(zip(differences, weights, strict=True)):
                totals[plane] += weight
                sums[plane] += difference * weight
        planes = [
            plane + part / total
            for plane, part, total in zip(own.planes[:colour], sums, totals, strict=True)
        ]
        return Block((*planes, *own.planes[colour:]), region, self.result).cut(out)

    def _weights(self, differences: list[Plane], region: Region) -> list[Plane]:
        """Weigh one other frame, per colour plane, from its differences to the frame."""
        family = self.source.layout.family
        if family is not Family.YCBCR:
            return [self._weight(differences)] * len(differences)
        luma = self._weight(differences[:1])
        chroma = self._weight(differences[1:])
        own = region.on_plane(0, self.source.layout)
        chroma *= resample(
            luma,
            rows=self._down[0],
            columns=self._down[1],
            origin=(own[0].start, own[1].start),
            out=region.on_plane(1, self.source.layout),
        )
        return [luma, chroma, chroma]

    def _weight(self, differences: list[Plane]) -> Plane:
        """Weigh a change that shows in one or more planes of one size."""
        power = differences[0] * differences[0]
        for difference in differences[1:]:
            power += difference * difference
        power *= np.float32(1.0 / len(differences)) / self._noise_power
        ratio = symmetric_filter(power, PATCH)
        ratio *= 1 / PATCH_CHANGE
        power *= 1 / POINT_CHANGE
        np.maximum(ratio, power, out=ratio)
        ratio *= ratio
        ratio *= ratio
        ratio += np.float32(1)
        np.divide(np.float32(1), ratio, out=ratio)
        return ratio


def build(
    parameters: DenoiseTemporalParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `denoise_temporal` to a shape."""
    return DenoiseTemporal(parameters, source)
