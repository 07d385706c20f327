"""`hdr_to_sdr` against the formulas of its sources, sample by sample in float64."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.media.picture import Block, Family, FrameShape, Matrix, PixelLayout
from pipelines.operations.hdr_to_sdr import eetf, pq_code, pq_light

WIDE = PixelLayout(Family.YCBCR, 10, 0, 0, full_range=False, matrix=Matrix.BT2020)


@pytest.mark.parametrize(
    ("light", "percent"), [(0.005, 1.5), (1, 15.0), (100, 50.8), (203, 58.1), (1000, 75.2)]
)
def test_pq_is_the_published_curve(light, percent):
    """Codes for known light are those of ITU-R BT.2408, table 1 and SMPTE ST 2084."""
    assert float(pq_code(np.array(float(light)))) * 100 == pytest.approx(percent, abs=0.06)
    code = pq_code(np.array(float(light)))
    assert float(pq_light(code)) == pytest.approx(light, rel=1e-9)


def to_709():
    """The matrix between the primaries, from their chromaticities (ITU-R BT.2020 and BT.709)."""

    def to_xyz(points):
        columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in points]).T
        white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
        return columns * np.linalg.solve(columns, white)

    wide = to_xyz([(0.708, 0.292), (0.170, 0.797), (0.131, 0.046)])
    narrow = to_xyz([(0.640, 0.330), (0.300, 0.600), (0.150, 0.060)])
    return np.linalg.inv(narrow) @ wide


def hlg_light(code, peak):
    """Light of a display of that peak, from HLG codes (ITU-R BT.2100-2, table 5)."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    luma = scene @ [0.2627, 0.6780, 0.0593]
    gamma = 1.2 + 0.42 * np.log10(peak / 1000)
    return peak * luma[..., None] ** (gamma - 1) * scene


def bent(light, curve, peak, white):
    """The stated curve on light, in parts of white."""
    if curve == "clip":
        return light / white
    if curve == "reinhard":
        part = light / white
        return part * (1 + part / (peak / white) ** 2) / (1 + part)
    top = pq_code(np.array(peak))
    share, most = pq_code(light) / top, pq_code(np.array(white)) / top
    knee = 1.5 * most - 0.5
    t = np.clip((share - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    return pq_light(np.where(share < knee, share, spline) * top) / white


def by_formula(coded, transfer, curve, peak, white):
    """R'G'B' of the copy in BT.709 from R'G'B' in BT.2100, (N, 3) float64."""
    light = pq_light(coded) if transfer == "pq" else hlg_light(coded, peak)
    most = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    capped = np.minimum(most, peak)
    shown = light * bent(capped, curve, peak, white) / capped
    return np.clip(shown @ to_709().T, 0, 1) ** (1 / 2.4)


def ycbcr(coded, red, blue):
    """Studio-range Y'CbCr in 10-bit codes from R'G'B', (N, 3)."""
    luma = coded @ [red, 1 - red - blue, blue]
    cb = (coded[:, 2] - luma) / (2 * (1 - blue))
    cr = (coded[:, 0] - luma) / (2 * (1 - red))
    return np.stack([876 * luma + 64, 896 * cb + 512, 896 * cr + 512], axis=-1)


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
@pytest.mark.parametrize("curve", ["bt2390", "reinhard", "clip"])
def test_every_colour_is_what_the_formulas_give(transfer, curve, make_operation, run_whole):
    """A picture of a thousand colours comes out as computed one by one, to half a 10-bit code."""
    coded = np.random.default_rng(4).uniform(0.02, 0.75, (1000, 3))
    planes = (ycbcr(coded, 0.2627, 0.0593) / 1023).astype(np.float32).T.reshape(3, 25, 40)
    shape = FrameShape(25, 40, WIDE)
    operation = make_operation("hdr_to_sdr", shape, transfer=transfer, curve=curve)
    got = run_whole(operation, [Block(tuple(planes), shape.whole, shape)])
    expected = ycbcr(by_formula(coded, transfer, curve, 1000.0, 203.0), 0.2126, 0.0722)
    assert got.shape.layout.matrix is Matrix.BT709
    made = np.stack([plane.ravel() * 1023 for plane in got.planes], axis=-1)
    np.testing.assert_allclose(made, expected, atol=0.5)


def test_the_eetf_is_straight_and_then_bends_to_white():
    """Dark light stays, more light is more light, and the peak is the result's white."""
    light = np.linspace(0.01, 1000, 4000)
    shown = eetf(light, peak=1000.0, white=203.0)
    assert shown[light < 10] == pytest.approx(light[light < 10], rel=1e-6)
    assert (np.diff(shown) > 0).all()
    assert shown[-1] == pytest.approx(203, rel=1e-6)


def test_subsampled_pictures_keep_even_areas(layouts, make_operation, run_whole):
    """In 4:2:0 an area of one colour is what that colour is in 4:4:4."""
    coded = np.array([[0.4, 0.5, 0.3]])
    codes = (ycbcr(coded, 0.2627, 0.0593) / 1023).astype(np.float32)[0]
    shape = FrameShape(15, 22, layouts["420-top-left-10"])
    planes = tuple(np.full(shape.plane_size(k), codes[k], np.float32) for k in range(3))
    operation = make_operation("hdr_to_sdr", shape, transfer="pq")
    got = run_whole(operation, [Block(planes, shape.whole, shape)])
    expected = ycbcr(by_formula(coded, "pq", "bt2390", 1000.0, 203.0), 0.2126, 0.0722)[0] / 1023
    for plane, value in zip(got.planes, expected, strict=True):
        np.testing.assert_allclose(plane, value, atol=5e-4)


@pytest.mark.parametrize("name", ["420-left", "gray"])
def test_pictures_of_other_colours_are_refused(name, layouts, make_operation):
    """What is not in BT.2020's colours has no such copy."""
    with pytest.raises(RequestError, match=r"BT\.2020"):
        make_operation("hdr_to_sdr", FrameShape(10, 10, layouts[name]), transfer="pq")
