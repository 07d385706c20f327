"""`hdr_to_sdr`: a view copy in BT.709 of a picture in BT.2100, by a stated curve.

1. Y'CbCr becomes R'G'B' by the picture's own matrix and range; chroma is brought to the luma
   samples linearly.
2. R'G'B' becomes light in cd/m2. PQ: the EOTF of SMPTE ST 2084. HLG: the inverse OETF and the
   OOTF for a display of the stated peak, gamma = 1.2 + 0.42 log10(peak / 1000)
   (ITU-R BT.2100-2, table 5).
3. The curve is evaluated for the largest of the three, and all three are multiplied alike, so
   that their ratios stay.
4. BT.2020's primaries become BT.709's by the matrix of ITU-R BT.2407; what lies outside 0 to
   white is cut off.
5. The light is coded for a display of gamma 2.4 (ITU-R BT.1886) in BT.709's matrix.

Curves are read out of tables of `KNOTS` points, linearly. The source stays as it is; this is a
copy to look at, and no light can be measured in it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.graph.operation_light import HdrToSdrParameters, HdrTransfer, ToneCurve
from pipelines.media.colour import rgb_from_ycbcr, ycbcr_from_rgb
from pipelines.media.picture import Block, Family, FrameShape, Matrix, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.chroma_grid import SPACINGS, ChromaGrid
from pipelines.operations.luma import nominal_luma
from pipelines.operations.single import SingleFrame

KNOTS = 1 << 14

Reals = NDArray[np.float64]

_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_PQ_PEAK = 10000.0
_HLG_A = 0.17883277
_HLG_B, _HLG_C = 1 - 4 * _HLG_A, 0.5 - _HLG_A * math.log(4 * _HLG_A)
_LUMA_2020 = (0.2627, 0.6780, 0.0593)
_DISPLAY_GAMMA = 2.4
_TO_709 = (
    (1.660491, -0.587641, -0.072850),
    (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)


class HdrToSdr(SingleFrame):
    """The bound operation."""

    def __init__(self, parameters: HdrToSdrParameters, source: FrameShape) -> None:
        layout = source.layout
        if layout.family is Family.GRAY or (
            layout.family is Family.YCBCR and layout.matrix is not Matrix.BT2020
        ):
            raise RequestError(
                "hdr_to_sdr: the picture is not in the colours of BT.2020",
                next_step="Use it on footage in PQ or HLG; leave it out elsewhere.",
            )
        subsampled = layout.chroma_x > 0 or layout.chroma_y > 0
        super().__init__("hdr_to_sdr", source, pixels=3 * SPACINGS if subsampled else 0)
        if layout.family is Family.YCBCR:
            self.result = replace(source, layout=replace(layout, matrix=Matrix.BT709))
        self._grid = ChromaGrid(source) if subsampled else None
        self._hlg = parameters.transfer is HdrTransfer.HLG
        self._gamma = 1.2 + 0.42 * math.log10(parameters.peak / 1000)
        self._white = parameters.white
        self._peak = parameters.peak
        code = np.linspace(0, 1, KNOTS)
        self._light = (_hlg_scene(code) if self._hlg else pq_light(code)).astype(np.float32)
        self._share = _shares(parameters).astype(np.float32)
        # Indexed by the square root of the light, where the curve is nearly straight.
        self._code = (code ** (2 / _DISPLAY_GAMMA)).astype(np.float32)

    def compute(self, block: Block, out: Region) -> Block:
        """Go through R, G and B at every luma sample around the region."""
        inner = out if self._grid is None else self._grown(out)
        coded = self._copied(self._coded(block, inner))
        if self.source.layout.family is Family.RGB:
            nominal = nominal_luma(self.source.layout)
            planes = [one * np.float32(nominal.span) + np.float32(nominal.black) for one in coded]
            return Block((*planes, *block.cut(out).planes[3:]), out, self.result)
        luma, cb, cr = ycbcr_from_rgb(coded, self.result.layout)
        rest = block.cut(out).planes[3:]
        if self._grid is None:
            return Block((luma, cb, cr, *rest), out, self.result)
        top, left = out.top - inner.top, out.left - inner.left
        luma = luma[top : top + out.height, left : left + out.width]
        chroma = [self._grid.lowered(one, inner, out) for one in (cb, cr)]
        return Block((luma, *chroma, *rest), out, self.result)

    def _grown(self, out: Region) -> Region:
        layout = self.source.layout
        return out.grown(SPACINGS * max(layout.align_x, layout.align_y), self.source)

    def _coded(self, block: Block, inner: Region) -> tuple[Plane, Plane, Plane]:
        """R', G' and B' in 0..1 at every luma sample of a region."""
        cut = block.cut(inner)
        if self.source.layout.family is Family.RGB:
            nominal = nominal_luma(self.source.layout)
            scale, black = np.float32(1 / nominal.span), np.float32(nominal.black)
            red, green, blue = ((one - black) * scale for one in cut.planes[:3])
            return red, green, blue
        cb, cr = cut.planes[1], cut.planes[2]
        if self._grid is not None:
            cb, cr = (self._grid.raised(block, index, inner) for index in (1, 2))
        return rgb_from_ycbcr((cut.planes[0], cb, cr), self.source.layout)

    def _copied(self, coded: tuple[Plane, Plane, Plane]) -> tuple[Plane, Plane, Plane]:
        """R', G' and B' of the copy."""
        light = [_read(self._light, one) for one in coded]
        if self._hlg:
            light = self._displayed(light)
        most = np.maximum(np.maximum(light[0], light[1]), light[2])
        # The table of shares is indexed by the fourth root of light, to be fine in the dark.
        share = _read(self._share, np.sqrt(np.sqrt(most * np.float32(1 / self._peak))))
        light = [one * share for one in light]
        made = []
        for row in _TO_709:
            mixed = light[0] * np.float32(row[0])
            mixed += light[1] * np.float32(row[1])
            mixed += light[2] * np.float32(row[2])
            made.append(_read(self._code, np.sqrt(np.maximum(mixed, 0))))
        return made[0], made[1], made[2]

    def _displayed(self, scene: list[Plane]) -> list[Plane]:
        """The OOTF: light of the display from light of the scene."""
        luma = sum(one * np.float32(weight) for one, weight in zip(scene, _LUMA_2020, strict=True))
        gain = np.power(np.maximum(luma, np.float32(1e-9)), np.float32(self._gamma - 1))
        gain *= np.float32(self._peak)
        return [one * gain for one in scene]


def pq_light(code: Reals) -> Reals:
    """Light in cd/m2 of PQ codes in 0..1 (SMPTE ST 2084, equation 4.1)."""
    root = np.power(np.clip(code, 0, 1), 1 / _M2)
    return np.asarray(_PQ_PEAK * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1))


def pq_code(light: Reals) -> Reals:
    """PQ codes in 0..1 of light in cd/m2 (SMPTE ST 2084, equation 5.2)."""
    power = np.power(np.clip(light / _PQ_PEAK, 0, 1), _M1)
    return np.asarray(np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2))


def eetf(light: Reals, *, peak: float, white: float) -> Reals:
    """Bring light up to `peak` into 0..`white` (Report ITU-R BT.2390, 5.4.1, black at 0)."""
    top = float(pq_code(np.array(peak)))
    share = np.clip(pq_code(light) / top, 0, 1)
    most = float(pq_code(np.array(white))) / top
    knee = 1.5 * most - 0.5
    if most >= 1:
        return np.asarray(np.minimum(light, white))
    t = (np.maximum(share, knee) - knee) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee
    bent += (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return pq_light(np.where(share < knee, share, bent) * top)


def _shares(parameters: HdrToSdrParameters) -> Reals:
    """What the light is multiplied with, in parts of white, over the fourth root of light/peak."""
    peak, white = parameters.peak, parameters.white
    light = np.maximum(np.linspace(0, 1, KNOTS) ** 4 * peak, 1e-6)
    if parameters.curve is ToneCurve.BT2390:
        shown = eetf(light, peak=peak, white=white)
    elif parameters.curve is ToneCurve.REINHARD:
        part = light / white
        shown = white * part * (1 + part * (white / peak) ** 2) / (1 + part)
    else:
        shown = light
    return np.asarray(shown / light / white)


def _hlg_scene(code: Reals) -> Reals:
    """Light of the scene in 0..1 of HLG codes (ITU-R BT.2100-2, table 5)."""
    low, high = code**2 / 3, (np.exp((code - _HLG_C) / _HLG_A) + _HLG_B) / 12
    return np.asarray(np.where(code <= 0.5, low, high))


def _read(table: Plane, place: Plane) -> Plane:
    """Read a table over 0..1 linearly; beyond its ends, its first and last numbers."""
    at = np.clip(place, 0, 1) * np.float32(KNOTS - 1)
    below = np.minimum(at.astype(np.int32), KNOTS - 2)
    at -= below
    low = table[below]
    return np.asarray(low + (table[below + 1] - low) * at, dtype=np.float32)


def build(
    parameters: HdrToSdrParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `hdr_to_sdr` to a shape. Raises RequestError for pictures of other colours."""
    return HdrToSdr(parameters, source)
