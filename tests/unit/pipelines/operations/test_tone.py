"""Levels, gamma and white balance against their formulas in code values."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.media.picture import Block, Family, FrameShape, Matrix, PixelLayout
from pipelines.operations.white_balance import balance_matrix

IDENTITIES = [
    ("levels", {}),
    ("levels", {"black": 0.2, "white": 0.8, "output_black": 0.2, "output_white": 0.8}),
    ("gamma", {"gamma": 1.0}),
    ("white_balance", {}),
    ("sharpen", {"amount": 0.0}),
    ("local_contrast", {"amount": 0.0}),
    ("denoise", {"strength": 0.0}),
]

LINEAR_RGB = {
    Matrix.BT601: (0.299, 0.587, 0.114),
    Matrix.BT709: (0.2126, 0.7152, 0.0722),
    Matrix.BT2020: (0.2627, 0.6780, 0.0593),
}


def luma_block(codes, layout):
    """Make a one-row picture whose luma has the given code values."""
    luma = np.asarray([codes], dtype=np.float32) / np.float32(layout.peak)
    shape = FrameShape(1, luma.shape[1], layout)
    others = [np.full_like(luma, 0.5) for _ in range(layout.plane_count - 1)]
    return Block((luma, *others), shape.whole, shape)


def studio(depth):
    """4:4:4 studio-range YCbCr."""
    return PixelLayout(Family.YCBCR, depth, full_range=False, matrix=Matrix.BT709)


@pytest.mark.parametrize(("name", "values"), IDENTITIES)
def test_neutral_parameters_change_no_bit(
    name, values, layout, layouts, make_picture, make_operation, run_whole
):
    """An operation that is told to change nothing changes nothing, out-of-range values too."""
    if name == "white_balance" and layout.colour_planes == 1:
        layout = layouts["rgb"]
    frame = make_picture(FrameShape(13, 18, layout))
    result = run_whole(make_operation(name, frame.shape, **values), [frame])
    for got, given_ in zip(result.planes, frame.planes, strict=True):
        np.testing.assert_array_equal(got, given_)


@pytest.mark.parametrize("depth", [8, 10, 12])
def test_levels_in_studio_range(depth, make_operation, run_whole):
    """With black at 0.1 and white at 0.9, studio codes follow the line through 37.9 and 213.1."""
    step = 2 ** (depth - 8)
    codes = np.array([0, 16, 37.9, 125.5, 213.1, 235, 254]) * step
    operation = make_operation("levels", FrameShape(1, 7, studio(depth)), black=0.1, white=0.9)
    got = run_whole(operation, [luma_block(codes, studio(depth))]).planes[0][0]
    expected = 16 + 219 * ((codes / step - 16) / 219 - 0.1) / 0.8
    np.testing.assert_allclose(got * (2**depth - 1) / step, expected, atol=1e-3)


def test_levels_clip_nothing(make_operation, run_whole):
    """Footroom below black and headroom above white follow the line beyond its ends."""
    operation = make_operation("levels", FrameShape(1, 2, studio(8)), black=0.2, white=0.8)
    got = run_whole(operation, [luma_block([16, 235], studio(8))]).planes[0][0] * 255
    assert got[0] < 16 - 50
    assert got[1] > 235 + 50


def test_gamma_follows_the_power_curve(make_operation, run_whole):
    """Between black and white, gamma 2 is the square root of the nominal level."""
    codes = np.linspace(16, 235, 40)
    operation = make_operation("gamma", FrameShape(1, 40, studio(8)), gamma=2.0)
    got = run_whole(operation, [luma_block(codes, studio(8))]).planes[0][0] * 255
    np.testing.assert_allclose(got, 16 + 219 * np.sqrt((codes - 16) / 219), atol=2e-3)


@pytest.mark.parametrize("depth", [8, 10, 12, 16])
def test_gamma_keeps_black_black(depth, make_operation, run_whole):
    """Studio black stays on its code at every depth, for the steepest curve too."""
    layout = studio(depth)
    black = np.float32(16 << (depth - 8)) * np.float32(1 / layout.peak)
    for luma in (black, np.nextafter(black, np.float32(1))):
        frame = luma_block([0], layout)
        frame = Block((np.full((1, 1), luma), *frame.planes[1:]), frame.region, frame.shape)
        got = run_whole(make_operation("gamma", frame.shape, gamma=5.0), [frame]).planes[0]
        assert abs(float(got[0, 0] - black)) * layout.peak < 0.02


def test_gamma_leaves_footroom_and_headroom(make_operation, run_whole):
    """Codes below nominal black and above nominal white come out as they went in."""
    frame = luma_block([0, 5, 16, 235, 240, 255], studio(8))
    got = run_whole(make_operation("gamma", frame.shape, gamma=0.5), [frame]).planes[0]
    np.testing.assert_array_equal(got, frame.planes[0])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gamma", {"gamma": 0.3}),
        ("gamma", {"gamma": 4.0}),
        ("levels", {"black": 0.2, "output_white": 0.7}),
    ],
)
def test_order_of_brightness_is_kept(name, values, make_operation, run_whole):
    """No tone curve makes a brighter sample the darker one, over all codes and beyond."""
    codes = np.linspace(-40, 300, 2000)
    frame = luma_block(codes, studio(8))
    got = run_whole(make_operation(name, frame.shape, **values), [frame]).planes[0][0]
    assert (np.diff(got) >= 0).all()


@pytest.mark.parametrize(
    ("name", "values"),
    [("gamma", {"gamma": 1.8}), ("levels", {"black": 0.1}), ("sharpen", {"amount": 1.0})],
)
def test_rgb_keeps_its_colour_differences(
    name, values, layouts, make_picture, make_operation, run_whole
):
    """A change of luma is added to R, G and B alike, so Cb and Cr stay and gray stays gray."""
    frame = make_picture(FrameShape(9, 9, layouts["rgb"]))
    red, green, blue = run_whole(make_operation(name, frame.shape, **values), [frame]).planes
    before = frame.planes
    np.testing.assert_allclose(red - green, before[0] - before[1], atol=3e-7)
    np.testing.assert_allclose(blue - green, before[2] - before[1], atol=3e-7)
    gray = Block((before[0], before[0], before[0]), frame.region, frame.shape)
    same = run_whole(make_operation(name, frame.shape, **values), [gray]).planes
    np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_array_equal(same[0], same[2])


def test_rgb_luma_is_changed_as_a_gray_picture_is(make_operation, make_picture, run_whole):
    """The luma of a changed RGB picture is the change of its luma."""
    weights = np.array([0.299, 0.587, 0.114])
    frame = make_picture(FrameShape(9, 9, PixelLayout(Family.RGB)))
    luma = np.tensordot(weights, np.stack(frame.planes).astype(np.float64), 1)
    changed = run_whole(make_operation("gamma", frame.shape, gamma=1.5), [frame]).planes
    got = np.tensordot(weights, np.stack(changed).astype(np.float64), 1)
    inside = (luma > 0) & (luma < 1)
    np.testing.assert_allclose(got[inside], luma[inside] ** (1 / 1.5), atol=1e-6)


def test_white_balance_of_rgb_multiplies(make_operation, make_picture, run_whole):
    """In RGB each channel is multiplied by its factor, beyond 1 where it leads there."""
    frame = make_picture(FrameShape(9, 9, PixelLayout(Family.RGB)))
    operation = make_operation("white_balance", frame.shape, red=1.5, green=0.9, blue=1.1)
    for got, plane, gain in zip(
        run_whole(operation, [frame]).planes, frame.planes, (1.5, 0.9, 1.1), strict=True
    ):
        np.testing.assert_allclose(got, plane * gain, rtol=1e-6)


def test_white_balance_of_studio_rgb_keeps_black(make_operation, run_whole):
    """In studio-range RGB nominal black stays black: the factor acts above code 16."""
    frame = luma_block([16, 116], PixelLayout(Family.RGB, full_range=False))
    operation = make_operation("white_balance", frame.shape, red=2.0)
    got = run_whole(operation, [frame]).planes[0][0] * 255
    np.testing.assert_allclose(got, [16, 216], atol=1e-3)


@pytest.mark.parametrize("matrix", list(LINEAR_RGB))
@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("full_range", [False, True])
def test_white_balance_of_ycbcr_is_that_of_rgb(
    matrix, depth, full_range, make_operation, run_whole
):
    """On 4:4:4, the result is that of converting to RGB, multiplying, and converting back.

    Codes as in ITU-T H.273, MatrixCoefficients and VideoFullRangeFlag.
    """
    kr, kg, kb = LINEAR_RGB[matrix]
    gains = np.array([1.3, 0.95, 0.7])
    rgb = np.random.default_rng(3).random((3, 40))

    def codes(colour):
        y = kr * colour[0] + kg * colour[1] + kb * colour[2]
        cb, cr = (colour[2] - y) / (2 * (1 - kb)), (colour[0] - y) / (2 * (1 - kr))
        peak, step = 2**depth - 1, 2 ** (depth - 8)
        if full_range:
            return y * peak, cb * peak + 2 ** (depth - 1), cr * peak + 2 ** (depth - 1)
        return step * (219 * y + 16), step * (224 * cb + 128), step * (224 * cr + 128)

    layout = PixelLayout(Family.YCBCR, depth, full_range=full_range, matrix=matrix)
    shape = FrameShape(1, 40, layout)
    planes = tuple((c[None] / layout.peak).astype(np.float32) for c in codes(rgb))
    operation = make_operation("white_balance", shape, red=gains[0], green=gains[1], blue=gains[2])
    result = run_whole(operation, [Block(planes, shape.whole, shape)])
    for got, expected in zip(result.planes, codes(rgb * gains[:, None]), strict=True):
        np.testing.assert_allclose(got[0] * layout.peak, expected, atol=2e-3 * 2 ** (depth - 8))


@pytest.mark.parametrize("name", ["420-left", "420-top-left-10", "420-center-full", "411-left"])
def test_white_balance_on_subsampled_chroma_agrees_where_colour_is_flat(
    name, layouts, make_operation, run_whole
):
    """Where a colour fills an area, subsampled chroma gives what 4:4:4 gives."""
    layout = layouts[name]
    shape = FrameShape(12, 16, layout)
    values = (0.4, 0.55, 0.6)
    planes = tuple(np.full(shape.plane_size(k), values[k], dtype=np.float32) for k in range(3))
    operation = make_operation("white_balance", shape, red=1.2, blue=0.8)
    expected = balance_matrix(layout, (1.2, 1.0, 0.8)) @ (*values, 1.0)
    for got, value in zip(
        run_whole(operation, [Block(planes, shape.whole, shape)]).planes, expected, strict=True
    ):
        np.testing.assert_allclose(got, value, atol=1e-6)


def test_white_balance_keeps_the_place_of_colour(layouts, make_operation, run_whole):
    """With left-sited 4:2:0, luma takes chroma from where it lies: a ramp gets no shift."""
    layout = layouts["420-left"]
    shape = FrameShape(8, 64, layout)
    x = np.arange(64)
    luma = np.full((8, 64), 0.5, dtype=np.float32)
    chroma = np.broadcast_to((0.3 + 0.4 * (2 * np.arange(32)) / 64), (4, 32)).astype(np.float32)
    flat = np.full((4, 32), 0.5, dtype=np.float32)
    operation = make_operation("white_balance", shape, red=1.2)
    result = run_whole(operation, [Block((luma, flat, chroma), shape.whole, shape)])
    row = balance_matrix(layout, (1.2, 1.0, 1.0))[0]
    expected = row[0] * 0.5 + row[1] * 0.5 + row[2] * (0.3 + 0.4 * x / 64) + row[3]
    np.testing.assert_allclose(result.planes[0][4, :63], expected[:63], atol=1e-6)


def test_neutral_gray_takes_the_tint(make_operation, run_whole):
    """Gray under factors r, g, b has the colour r : g : b afterwards, by definition."""
    layout = studio(8)
    row = balance_matrix(layout, (1.1, 1.0, 0.9)) @ (100 / 255, 128 / 255, 128 / 255, 1)
    y, cb, cr = row * 255
    level = (100 - 16) / 219
    red = (y - 16) / 219 + 2 * (1 - 0.2126) * (cr - 128) / 224
    blue = (y - 16) / 219 + 2 * (1 - 0.0722) * (cb - 128) / 224
    assert red == pytest.approx(1.1 * level, abs=1e-9)
    assert blue == pytest.approx(0.9 * level, abs=1e-9)


def test_gray_has_no_white_balance(make_operation):
    """A gray picture is refused, with what to do instead."""
    with pytest.raises(RequestError, match="gray") as caught:
        make_operation("white_balance", FrameShape(4, 4, PixelLayout(Family.GRAY)), red=1.1)
    assert caught.value.next_step
