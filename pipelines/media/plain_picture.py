"""Any picture as 8-bit Y'CbCr 4:2:0: what every player shows, and what copies are drawn on.

Stated and simple on purpose: depths are rounded to 8 bits; chroma is the mean of the samples that
fall together; R, G, B goes through the BT.709 matrix in studio range; gray gets neutral chroma;
opacity is left out; an odd side is made even by repeating its last row or column. 8-bit 4:2:0
of even size passes through sample for sample. No tone curve is applied: HDR footage looks flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.media.colour import ycbcr_from_rgb
from pipelines.media.picture import Family, FrameShape, Matrix, PixelLayout, Plane, Samples, Siting
from pipelines.media.video import ColourTags, VideoIndex

_NEUTRAL = 128


def plain_shape(shape: FrameShape) -> FrameShape:
    """The 8-bit 4:2:0 shape of even size that holds such pictures."""
    old = shape.layout
    is_rgb = old.family is Family.RGB
    layout = PixelLayout(
        Family.YCBCR,
        8,
        1,
        1,
        full_range=False if is_rgb else old.full_range,
        matrix=Matrix.BT709 if is_rgb else old.matrix,
        siting=old.siting if old.family is Family.YCBCR else Siting.LEFT,
    )
    return FrameShape(shape.height + shape.height % 2, shape.width + shape.width % 2, layout)


def plain_colour(index: VideoIndex) -> ColourTags:
    """What the copy states of its colours: the source's own words, BT.709 for R, G, B."""
    colour = index.video.colour
    if index.video.shape.layout.family is not Family.RGB:
        return colour
    return replace(colour, full_range=False, matrix=1)


def conversions(shape: FrameShape) -> tuple[str, ...]:
    """What `plain_planes` does to such pictures, a few words each; empty where nothing."""
    layout, found = shape.layout, []
    if layout.family is Family.RGB:
        found.append("R, G, B converted to Y'CbCr with the BT.709 matrix in studio range")
    if layout.family is Family.GRAY:
        found.append("neutral chroma added to gray")
    if layout.depth > 8:
        found.append(f"{layout.depth} bit rounded to 8")
    if layout.family is not Family.GRAY and (layout.chroma_x, layout.chroma_y) != (1, 1):
        found.append("chroma averaged to 4:2:0")
    if layout.alpha:
        found.append("opacity left out")
    if shape.height % 2 or shape.width % 2:
        found.append("the last row or column repeated to make the size even")
    return tuple(found)


def plain_planes(planes: Sequence[Samples], shape: FrameShape) -> tuple[Samples, ...]:
    """Native planes as (Y, Cb, Cr) uint8 of `plain_shape`, each a copy that may be drawn on."""
    layout, whole = shape.layout, plain_shape(shape)
    if layout.family is Family.RGB:
        floats = [np.multiply(one, np.float32(1 / layout.peak)) for one in planes[:3]]
        found: Sequence[Plane] = ycbcr_from_rgb((floats[0], floats[1], floats[2]), whole.layout)
        three = [np.asarray(one, np.float32) * np.float32(255) for one in found]
    else:
        unit = np.float32(1 / (1 << (layout.depth - 8)))
        three = [one.astype(np.float32) * unit for one in planes[: layout.colour_planes]]
    luma = _even(three[0])
    if len(three) == 1:
        chroma = [np.full((whole.height // 2, whole.width // 2), _NEUTRAL, np.float32)] * 2
    else:
        chroma = [_quartered(one, shape, whole) for one in three[1:]]
    return tuple(_codes(one) for one in (luma, *chroma))


def _quartered(plane: Plane, shape: FrameShape, whole: FrameShape) -> Plane:
    """Chroma of any subsampling at half the size along both axes."""
    layout = shape.layout
    rgb = layout.family is Family.RGB
    x, y = (1, 1) if rgb else (layout.align_x, layout.align_y)
    size = (whole.height // 2, whole.width // 2)
    if (x, y) == (2, 2) and plane.shape == size:
        return plane
    full = plane.repeat(x, axis=1).repeat(y, axis=0)[: shape.height, : shape.width]
    even = _even(full)
    means = even.reshape(size[0], 2, size[1], 2).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(means, np.float32)


def _even(plane: Plane) -> Plane:
    height, width = plane.shape
    return np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")


def _codes(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
