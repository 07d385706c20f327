"""R'G'B' to Y'CbCr and back: the standards' numbers, and no loss beyond rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import UnsupportedError
from pipelines.media.colour import luma_weights, rgb_from_ycbcr, sample_scale, ycbcr_from_rgb
from pipelines.media.picture import Family, Matrix, PixelLayout

LAYOUTS = [
    PixelLayout(Family.YCBCR, depth=depth, full_range=full, matrix=matrix)
    for depth in (8, 10, 16)
    for full in (False, True)
    for matrix in Matrix
]


def flat(*values: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make one-sample planes of three values."""
    first, second, third = (np.full((1, 1), value, np.float32) for value in values)
    return first, second, third


def codes(planes: tuple[np.ndarray, ...], layout: PixelLayout) -> list[float]:
    """Give the code values of one-sample planes."""
    return [float(plane[0, 0]) * layout.peak for plane in planes]


@pytest.mark.parametrize("matrix", list(Matrix))
def test_weights_add_up_to_one(matrix: Matrix) -> None:
    """Gray stays gray: the three weights are exact and sum to 1."""
    assert sum(luma_weights(matrix)) == Fraction(1)
    assert all(weight > 0 for weight in luma_weights(matrix))


def test_the_weights_are_the_standards() -> None:
    """BT.601, BT.709 and BT.2020 as printed."""
    assert [float(weight) for weight in luma_weights(Matrix.BT601)] == [0.299, 0.587, 0.114]
    assert [float(weight) for weight in luma_weights(Matrix.BT709)] == [0.2126, 0.7152, 0.0722]
    assert [float(weight) for weight in luma_weights(Matrix.BT2020)] == [0.2627, 0.678, 0.0593]


@pytest.mark.parametrize(
    ("rgb", "depth", "matrix", "expected"),
    [
        ((0, 0, 0), 8, Matrix.BT709, (16, 128, 128)),
        ((1, 1, 1), 8, Matrix.BT709, (235, 128, 128)),
        ((1, 1, 1), 10, Matrix.BT2020, (940, 512, 512)),
        # The 75 % colour bars of ITU-R BT.801 and SMPTE RP 219, rounded to whole codes.
        ((0.75, 0, 0), 8, Matrix.BT601, (65, 100, 212)),
        ((0, 0.75, 0), 8, Matrix.BT601, (112, 72, 58)),
        ((0, 0, 0.75), 8, Matrix.BT601, (35, 212, 114)),
        ((0.75, 0, 0), 8, Matrix.BT709, (51, 109, 212)),
        ((0, 0.75, 0), 8, Matrix.BT709, (133, 63, 52)),
        ((0, 0, 0.75), 8, Matrix.BT709, (28, 212, 120)),
    ],
)
def test_colour_bars_have_their_printed_codes(
    rgb: tuple[float, float, float], depth: int, matrix: Matrix, expected: tuple[int, ...]
) -> None:
    """Black, white and the 75 % bars come out as the standards' tables print them."""
    layout = PixelLayout(Family.YCBCR, depth=depth, full_range=False, matrix=matrix)
    found = codes(ycbcr_from_rgb(flat(*rgb), layout), layout)
    assert tuple(round(code) for code in found) == expected


def test_full_range_is_jfif() -> None:
    """Full-range BT.601 is what an independent JFIF conversion gives, within its rounding."""
    samples = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    layout = PixelLayout(Family.YCBCR)
    red, green, blue = (samples[..., k].astype(np.float32) / np.float32(255) for k in range(3))
    ours = np.stack(ycbcr_from_rgb((red, green, blue), layout), -1) * 255
    theirs = np.asarray(Image.fromarray(samples).convert("YCbCr"), np.float64)
    # JFIF has no codes beyond 255: pure blue and red reach 255.5.
    # Pillow cuts fractions off, from coefficients in fixed point.
    assert np.abs(np.clip(ours, 0, 255) - theirs).max() < 1.01


@given(
    layout=st.sampled_from(LAYOUTS),
    rgb=st.tuples(*[st.floats(-0.5, 1.5, width=32)] * 3),
)
def test_there_and_back_is_the_same(layout: PixelLayout, rgb: tuple[float, float, float]) -> None:
    """Nothing is clipped on the way: values outside 0..1 return as well."""
    back = rgb_from_ycbcr(ycbcr_from_rgb(flat(*rgb), layout), layout)
    assert np.allclose([plane[0, 0] for plane in back], rgb, atol=2e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_black_and_white_lie_where_the_range_says(layout: PixelLayout) -> None:
    """Studio range keeps 16 and 235 times 2**(n-8), full range 0 and the peak, for any depth."""
    scale = sample_scale(layout)
    black, white = scale.luma_offset * layout.peak, (scale.luma_offset + scale.luma_gain)
    step = 1 << (layout.depth - 8)
    assert black == (0 if layout.full_range else 16 * step)
    assert white * layout.peak == (layout.peak if layout.full_range else 235 * step)
    assert scale.chroma_offset * layout.peak == 128 * step


def test_other_layouts_and_unequal_planes_are_refused() -> None:
    """A gray or R, G, B layout has no matrix, and chroma is never resampled in passing."""
    with pytest.raises(UnsupportedError, match="no Y'CbCr"):
        ycbcr_from_rgb(flat(0, 0, 0), PixelLayout(Family.RGB))
    large = np.zeros((2, 2), np.float32)
    small = np.zeros((1, 1), np.float32)
    with pytest.raises(UnsupportedError, match="full resolution"):
        rgb_from_ycbcr((large, small, small), PixelLayout(Family.YCBCR))
