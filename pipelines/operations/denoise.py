"""`denoise`: noise of a stated strength is taken out of each frame by itself.

YCbCr planes are treated one by one, luma with `strength`, chroma with `chroma_strength`. RGB
goes by way of luma and the two colour differences of full-range BT.601 (JFIF), with the same
meaning of the two strengths; a sample whose noise is found to be 0 keeps its bits.
"""

from __future__ import annotations

import numpy as np

from pipelines.graph.operation_noise import TRANSFORM_SIZE, DenoiseParameters
from pipelines.media.picture import Block, Family, FrameShape, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import BLUE, GREEN, RED, rgb_luma
from pipelines.operations.shrinkage import noise_of
from pipelines.operations.single import SingleFrame


class Denoise(SingleFrame):
    """The bound operation."""

    def __init__(self, parameters: DenoiseParameters, source: FrameShape) -> None:
        super().__init__("denoise", source, pixels=TRANSFORM_SIZE - 1)
        self._luma = parameters.strength
        self._chroma = parameters.chroma_strength

    def compute(self, block: Block, out: Region) -> Block:
        """Take the noise of every colour plane off it."""
        layout = self.source.layout
        if layout.family is Family.RGB:
            noise = self._rgb_noise(block)
        else:
            strengths = (self._luma, self._chroma, self._chroma)
            noise = [
                _noise_or_none(plane, strength)
                for plane, strength in zip(
                    block.planes[: layout.colour_planes], strengths, strict=False
                )
            ]
        planes = [
            plane if part is None else plane - part
            for plane, part in zip(block.planes, noise, strict=False)
        ]
        rest = block.planes[len(planes) :]
        return Block((*planes, *rest), block.region, self.result).cut(out)

    def _rgb_noise(self, block: Block) -> list[Plane | None]:
        """Noise of R, G and B, from that of luma and of the colour differences.

        With y = RED*R + GREEN*G + BLUE*B, JFIF's Cb and Cr are (B - y) / (2 - 2*BLUE) and
        (R - y) / (2 - 2*RED).
        """
        red, green, blue = block.planes[:3]
        luma = rgb_luma(red, green, blue)
        cb_scale, cr_scale = 2 * (1 - BLUE), 2 * (1 - RED)
        of_luma = _noise_or_none(luma, self._luma)
        of_cb = _noise_or_none((blue - luma) / cb_scale, self._chroma)
        of_cr = _noise_or_none((red - luma) / cr_scale, self._chroma)
        if of_cb is None or of_cr is None:
            return [of_luma, of_luma, of_luma]
        of_blue, of_red = of_cb * cb_scale, of_cr * cr_scale
        of_green = of_blue * (-BLUE / GREEN)
        of_green += of_red * (-RED / GREEN)
        if of_luma is not None:
            return [of_red + of_luma, of_green + of_luma, of_blue + of_luma]
        return [of_red, of_green, of_blue]


def _noise_or_none(plane: Plane, strength: float) -> Plane | None:
    return noise_of(np.asarray(plane, dtype=np.float32), strength) if strength > 0 else None


def build(parameters: DenoiseParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `denoise` to a shape."""
    return Denoise(parameters, source)
