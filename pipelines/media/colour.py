"""R'G'B' to Y'CbCr and back, on float32 planes at full resolution, with exact coefficients.

Planes follow the scale of `picture.Block`: sample = code / (2**depth - 1). Nothing is clipped, so
footroom, headroom and out-of-gamut colours survive the way there and back. Chroma planes must
have the luma plane's size: resampling chroma is another matter, and not done here.

With Y' = Kr R' + Kg G' + Kb B', Pb = (B' - Y') / (2 (1 - Kb)), Pr = (R' - Y') / (2 (1 - Kr)),
Kg = 1 - Kr - Kb, and n bits, the codes are (ITU-T H.273, equations 24 to 35):
  full range:   Y = (2**n - 1) Y',            C = (2**n - 1) P + 2**(n-1)
  studio range: Y = 2**(n-8) (219 Y' + 16),   C = 2**(n-8) (224 P + 128)
JFIF (ITU-T T.871) is BT.601 with full range.

Sources of Kr and Kb: ITU-R BT.601-7, BT.709-6, BT.2020-2; SMPTE 240M and FCC 73.682 as in
ITU-T H.273, table 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipelines.errors import UnsupportedError
from pipelines.media.picture import Family, Matrix, PixelLayout, Plane

_KR_KB = {
    Matrix.BT601: (Fraction(299, 1000), Fraction(114, 1000)),
    Matrix.BT709: (Fraction(2126, 10_000), Fraction(722, 10_000)),
    Matrix.BT2020: (Fraction(2627, 10_000), Fraction(593, 10_000)),
    Matrix.SMPTE240M: (Fraction(212, 1000), Fraction(87, 1000)),
    Matrix.FCC: (Fraction(30, 100), Fraction(11, 100)),
}

Planes = tuple[Plane, Plane, Plane]


def luma_weights(matrix: Matrix) -> tuple[Fraction, Fraction, Fraction]:
    """Return (Kr, Kg, Kb), exact; they add up to 1."""
    kr, kb = _KR_KB[matrix]
    return kr, 1 - kr - kb, kb


@dataclass(frozen=True, slots=True)
class Scale:
    """How normalised values become samples: sample = gain * value + offset, exact."""

    luma_gain: Fraction
    luma_offset: Fraction
    chroma_gain: Fraction
    chroma_offset: Fraction


def sample_scale(layout: PixelLayout) -> Scale:
    """Return the scale of Y'CbCr samples of `layout`, in units of full scale (1.0)."""
    peak = layout.peak
    middle = Fraction(1 << (layout.depth - 1), peak)
    if layout.full_range:
        return Scale(Fraction(1), Fraction(0), Fraction(1), middle)
    unit = Fraction(1 << (layout.depth - 8), peak)
    return Scale(219 * unit, 16 * unit, 224 * unit, middle)


def ycbcr_from_rgb(rgb: Planes, layout: PixelLayout) -> Planes:
    """Turn (H, W) float32 planes R', G', B' (0..1 nominal) into Y', Cb, Cr of `layout`.

    Raises `UnsupportedError` where `layout` is not Y'CbCr or the planes differ in size.
    """
    _require(rgb, layout)
    kr, kg, kb = luma_weights(layout.matrix)
    scale = sample_scale(layout)
    red, green, blue = rgb
    luma = _mix((red, kr), (green, kg), (blue, kb))
    across = scale.chroma_gain / (2 * (1 - kb)), scale.chroma_gain / (2 * (1 - kr))
    cb = _mix((blue, across[0]), (luma, -across[0]), offset=scale.chroma_offset)
    cr = _mix((red, across[1]), (luma, -across[1]), offset=scale.chroma_offset)
    return _mix((luma, scale.luma_gain), offset=scale.luma_offset), cb, cr


def rgb_from_ycbcr(ycbcr: Planes, layout: PixelLayout) -> Planes:
    """Turn (H, W) float32 planes Y', Cb, Cr of `layout` into R', G', B' (0..1 nominal).

    Raises `UnsupportedError` where `layout` is not Y'CbCr or the planes differ in size.
    """
    _require(ycbcr, layout)
    kr, kg, kb = luma_weights(layout.matrix)
    scale = sample_scale(layout)
    luma, cb, cr = ycbcr
    gain = 1 / scale.luma_gain
    base = -scale.luma_offset * gain
    from_cb, from_cr = 2 * (1 - kb) / scale.chroma_gain, 2 * (1 - kr) / scale.chroma_gain
    middle = scale.chroma_offset
    red = _mix((luma, gain), (cr, from_cr), offset=base - middle * from_cr)
    blue = _mix((luma, gain), (cb, from_cb), offset=base - middle * from_cb)
    green_cb, green_cr = from_cb * kb / kg, from_cr * kr / kg
    green = _mix(
        (luma, gain),
        (cb, -green_cb),
        (cr, -green_cr),
        offset=base + middle * (green_cb + green_cr),
    )
    return red, green, blue


def _require(planes: Planes, layout: PixelLayout) -> None:
    if layout.family is not Family.YCBCR:
        raise UnsupportedError(f"A {layout.family} layout has no Y'CbCr matrix.")
    if len({plane.shape for plane in planes}) != 1:
        raise UnsupportedError("Chroma has to be resampled to full resolution first.")


def _mix(*terms: tuple[Plane, Fraction], offset: Fraction = Fraction(0)) -> Plane:
    """Add up weighted planes and an offset, in float32, from left to right."""
    plane, weight = terms[0]
    total = np.multiply(plane, np.float32(weight), dtype=np.float32)
    for plane, weight in terms[1:]:
        total += plane * np.float32(weight)
    if offset:
        total += np.float32(offset)
    return total
