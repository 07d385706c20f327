"""Luma of any picture, and how a change of luma gets back into it.

YCbCr and gray pictures have a luma plane; it is changed and nothing else is. Of RGB pictures
luma is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601-7, 2.5.1; the full-range form is JFIF's),
and the change of luma is added to R, G and B alike, which is what changing Y alone does in
YCbCr: colour differences stay, and gray stays gray.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.media.picture import Block, Family, PixelLayout, Plane

RED, GREEN, BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)

CODE_STEP = 1.0 / 255.0
"""One 8-bit code value in samples of a block: the unit of strengths and thresholds."""


@dataclass(frozen=True, slots=True)
class NominalRange:
    """Where nominal black and white lie, in samples of a block (code / peak)."""

    black: float
    white: float

    @property
    def span(self) -> float:
        """White minus black."""
        return self.white - self.black


def nominal_luma(layout: PixelLayout) -> NominalRange:
    """Black and white of luma (and of R, G, B) in `layout`.

    Full range: codes 0 and 2**depth - 1. Studio range: 16 and 235 times 2**(depth - 8)
    (ITU-R BT.601-7, BT.709-6 and BT.2100-2; ITU-T H.273, VideoFullRangeFlag).
    """
    if layout.full_range:
        return NominalRange(0.0, 1.0)
    step = float(2 ** (layout.depth - 8)) / layout.peak
    return NominalRange(16 * step, 235 * step)


def rgb_luma(red: Plane, green: Plane, blue: Plane) -> Plane:
    """Luma (H, W) float32 of three planes."""
    luma = red * RED
    luma += green * GREEN
    luma += blue * BLUE
    return luma


def luma_of(block: Block) -> Plane:
    """Give the luma of a block, (H, W) float32; its own plane where it has one."""
    if block.shape.layout.family is Family.RGB:
        return rgb_luma(*block.planes[:3])
    return block.planes[0]


def with_luma_change(block: Block, before: Plane, after: Plane) -> Block:
    """`block` with luma `after` in place of `before`, which is `luma_of(block)`."""
    if block.shape.layout.family is not Family.RGB:
        return Block((after, *block.planes[1:]), block.region, block.shape)
    change = after - before
    colour = tuple(plane + change for plane in block.planes[:3])
    return Block((*colour, *block.planes[3:]), block.region, block.shape)
