"""Native samples made into 8-bit R, G, B for looking at: a display conversion and nothing else.

It never feeds a result. Subsampled chroma is repeated, not interpolated; no colour profile, no
transfer function and no tone mapping is applied; opacity is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Family, Matrix, PixelLayout, Region, Samples

Rgb8 = NDArray[np.uint8]
"""(H, W, 3) uint8, R, G, B, in display code values."""

_LUMA: Mapping[Matrix, tuple[float, float]] = {
    Matrix.BT601: (0.299, 0.114),
    Matrix.BT709: (0.2126, 0.0722),
    Matrix.BT2020: (0.2627, 0.0593),
    Matrix.SMPTE240M: (0.212, 0.087),
    Matrix.FCC: (0.30, 0.11),
}
"""K_R and K_B of ITU-T H.273, table 4."""


def display_rgb(planes: Sequence[Samples], layout: PixelLayout, region: Region) -> Rgb8:
    """Return `region` of a picture for display, (H, W, 3) uint8.

    `planes` are native planes of the whole picture, uint8 or uint16. Y'CbCr is turned to R'G'B'
    by the equations of ITU-T H.273, 8.3, with the layout's matrix and range; the values are
    rounded to the nearest of 0..255 and clipped.
    """
    cut = [_cut(planes[index], index, layout, region) for index in range(layout.colour_planes)]
    if layout.family is Family.YCBCR:
        red_green_blue = _from_ycbcr(cut, layout)
    elif layout.family is Family.RGB:
        red_green_blue = [_nominal(plane, layout) for plane in cut]
    else:
        red_green_blue = [_nominal(cut[0], layout)] * 3
    stacked = np.stack(red_green_blue, axis=-1) * 255.0
    return np.clip(np.rint(stacked), 0, 255).astype(np.uint8)


def conversion_words(layout: PixelLayout) -> str:
    """Return what `display_rgb` does to this layout, for a caption."""
    what = {
        Family.YCBCR: f"Y'CbCr converted with the {layout.matrix.value} matrix",
        Family.RGB: "R, G, B as stored",
        Family.GRAY: "gray shown as equal R, G, B",
    }[layout.family]
    depth = "" if layout.depth == 8 else f", {layout.depth} bit reduced to 8"
    opacity = ", opacity not shown" if layout.alpha else ""
    return f"for display only: {what}{depth}{opacity}, no colour profile applied"


def _cut(plane: Samples, index: int, layout: PixelLayout, region: Region) -> NDArray[np.float64]:
    """One plane of the region in plane-0 resolution, as float64 code values."""
    rows, columns = region.on_plane(index, layout)
    part = np.asarray(plane[rows, columns], dtype=np.float64)
    if layout.is_chroma(index):
        part = part.repeat(layout.align_y, axis=0).repeat(layout.align_x, axis=1)
    return part[: region.height, : region.width]


def _nominal(plane: NDArray[np.float64], layout: PixelLayout) -> NDArray[np.float64]:
    """Luma or R, G, B code values to 0..1 between nominal black and white."""
    if layout.full_range:
        return plane / layout.peak
    step = 2.0 ** (layout.depth - 8)
    return (plane - 16 * step) / (219 * step)


def _from_ycbcr(
    planes: Sequence[NDArray[np.float64]], layout: PixelLayout
) -> list[NDArray[np.float64]]:
    """R', G', B' in 0..1 (unclipped) from code values of Y', Cb, Cr."""
    k_red, k_blue = _LUMA[layout.matrix]
    step = 2.0 ** (layout.depth - 8)
    chroma_span = layout.peak if layout.full_range else 224 * step
    luma = _nominal(planes[0], layout)
    blue_difference, red_difference = ((plane - 128 * step) / chroma_span for plane in planes[1:3])
    red = luma + 2 * (1 - k_red) * red_difference
    blue = luma + 2 * (1 - k_blue) * blue_difference
    green = (luma - k_red * red - k_blue * blue) / (1 - k_red - k_blue)
    return [red, green, blue]
