"""Resampling against other people's implementations, and where samples lie."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.media.picture import Block, Family, FrameShape, PixelLayout, Siting
from pipelines.operations.axis import Kernel, resizing, taps_of

PIL_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "area": Image.Resampling.BOX,
}
GRAY = PixelLayout(Family.GRAY)


def random_plane(height, width, seed=0):
    """Noise between 0 and 1."""
    return np.random.default_rng(seed).random((height, width), dtype=np.float32)


def resized(make_operation, run_whole, plane, **values):
    """One gray plane through `resize`."""
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    operation = make_operation("resize", shape, **values)
    return run_whole(operation, [Block((plane,), shape.whole, shape)]).planes[0]


@pytest.mark.parametrize("name", ["lanczos", "bicubic"])
@pytest.mark.parametrize(
    ("source", "result"),
    [((31, 40), (62, 80)), ((31, 40), (124, 97)), ((90, 77), (30, 41)), ((50, 50), (50, 20))],
)
def test_equals_pillow(name, source, result, make_operation, run_whole):
    """Lanczos and bicubic agree with Pillow's float resampling, edges included."""
    plane = random_plane(*source)
    ours = resized(make_operation, run_whole, plane, height=result[0], width=result[1], filter=name)
    theirs = np.asarray(Image.fromarray(plane).resize(result[::-1], PIL_FILTERS[name]))
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.parametrize("result", [(30, 40), (20, 16), (37, 41), (60, 11)])
def test_area_equals_opencv(result, make_operation, run_whole):
    """Shrinking by area agrees with OpenCV's INTER_AREA, for whole and broken ratios."""
    plane = random_plane(60, 80)
    ours = resized(
        make_operation, run_whole, plane, height=result[0], width=result[1], filter="area"
    )
    theirs = cv2.resize(plane, result[::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_area_repeats_samples_when_enlarging(make_operation, run_whole):
    """Enlarging by area by a whole number repeats each sample and makes no new value."""
    plane = random_plane(5, 7)
    ours = resized(make_operation, run_whole, plane, scale=3, filter="area")
    np.testing.assert_array_equal(ours, np.repeat(np.repeat(plane, 3, 0), 3, 1))


@pytest.mark.parametrize("name", ["lanczos", "bicubic", "area"])
def test_the_same_size_is_the_same_picture(name, layout, make_picture, make_operation, run_whole):
    """Scale 1 hands every sample through, bit for bit."""
    shape = FrameShape(17, 22, layout)
    frame = make_picture(shape)
    operation = make_operation("resize", shape, scale=1, filter=name)
    for got, given_ in zip(run_whole(operation, [frame]).planes, frame.planes, strict=True):
        np.testing.assert_array_equal(got, given_)


@pytest.mark.parametrize("name", ["lanczos", "bicubic", "area"])
@pytest.mark.parametrize("scale", [0.3, 0.5, 1.37, 2, 4])
def test_a_constant_stays(name, scale, layout, make_operation, run_whole):
    """A picture of one value keeps it to a thousandth of a 16-bit step, edges included."""
    shape = FrameShape(21, 26, layout)
    planes = tuple(
        np.full(shape.plane_size(k), 0.7 + k, dtype=np.float32) for k in range(layout.plane_count)
    )
    operation = make_operation("resize", shape, scale=scale, filter=name)
    result = run_whole(operation, [Block(planes, shape.whole, shape)])
    for k, plane in enumerate(result.planes):
        np.testing.assert_allclose(plane, 0.7 + k, rtol=4e-7)


@pytest.mark.parametrize("siting", list(Siting))
@pytest.mark.parametrize("subsampling", [(1, 1), (1, 0), (2, 0), (2, 2)])
@pytest.mark.parametrize("scale", [2, 3, 0.5])
def test_chroma_stays_where_it_was(siting, subsampling, scale, make_operation, run_whole):
    """A ramp across the picture is the same ramp in luma and chroma after resizing.

    Luma column X lies at (X + 1/2) / width of the picture; chroma sample j lies at luma column
    a*j, or at a*j + (a - 1)/2 where it is centred.
    """
    layout = PixelLayout(Family.YCBCR, 8, *subsampling, siting=siting)
    shape = FrameShape(96, 128, layout)

    def ramps(of):
        planes = []
        for plane in range(3):
            rows, columns = of.plane_size(plane)
            chroma = layout.is_chroma(plane)
            ax, ay = (layout.align_x, layout.align_y) if chroma else (1, 1)
            sx = 0 if siting in (Siting.LEFT, Siting.TOP_LEFT) else (ax - 1) / 2
            sy = 0 if siting is Siting.TOP_LEFT else (ay - 1) / 2
            x = (ax * np.arange(columns) + sx + 0.5) / of.width
            y = (ay * np.arange(rows) + sy + 0.5) / of.height
            planes.append((0.3 * x[None, :] + 0.5 * y[:, None]).astype(np.float32))
        return tuple(planes)

    operation = make_operation("resize", shape, scale=scale, filter="bicubic")
    result = run_whole(operation, [Block(ramps(shape), shape.whole, shape)])
    for plane, (got, expected) in enumerate(
        zip(result.planes, ramps(operation.result), strict=True)
    ):
        rows, columns = got.shape
        inner = np.s_[rows // 4 : -rows // 4, columns // 4 : -columns // 4]
        np.testing.assert_allclose(got[inner], expected[inner], atol=1e-6, err_msg=f"{plane}")


@settings(max_examples=60, deadline=None)
@given(
    old=st.integers(1, 400),
    new=st.integers(1, 400),
    kernel=st.sampled_from(list(Kernel)),
    subsampled=st.booleans(),
    siting=st.sampled_from(list(Siting)),
)
def test_weights_always_sum_to_one(old, new, kernel, subsampled, siting):
    """Every output sample is a weighted mean of samples inside the picture."""
    layout = PixelLayout(Family.YCBCR, 8, int(subsampled), 0, siting=siting)
    axis = resizing(FrameShape(8, old, layout), FrameShape(8, new, layout), 1, vertical=False)
    taps = taps_of(axis, kernel)
    if taps is None:
        assert old == new
        return
    assert taps.weights.shape[0] == axis.result
    np.testing.assert_allclose(taps.weights.sum(axis=1), 1, atol=2e-6)
    index = taps.first[:, None] + np.arange(taps.weights.shape[1])
    assert not taps.weights[(index < 0) | (index >= axis.source)].any()
    assert np.abs(taps.weights).max() < 2


def test_equal_phases_have_equal_weights():
    """The weights of a phase do not depend on where in the picture it is."""
    axis = resizing(FrameShape(1, 999, GRAY), FrameShape(1, 2997, GRAY), 0, vertical=False)
    taps = taps_of(axis, Kernel.LANCZOS)
    assert taps is not None
    inner = taps.weights[30:-30]
    for phase in range(3):
        rows = inner[phase::3]
        np.testing.assert_array_equal(rows, np.broadcast_to(rows[0], rows.shape))


def test_overshoot_and_headroom_survive(make_operation, run_whole):
    """Interpolation clips nothing: a bright edge overshoots beyond 1 and below 0."""
    plane = np.zeros((8, 32), dtype=np.float32)
    plane[:, 16:] = 1.0
    ours = resized(make_operation, run_whole, plane, scale=2)
    assert ours.max() > 1.02
    assert ours.min() < -0.02
