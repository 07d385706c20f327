"""Which sizes `resize` and `crop` give, and which they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.media.picture import FrameShape


@pytest.mark.parametrize(
    ("size", "values", "expected"),
    [
        ((241, 321), {"scale": 2}, (482, 642)),
        ((241, 321), {"scale": 3}, (723, 963)),
        ((240, 320), {"scale": 0.5}, (120, 160)),
        ((241, 321), {"scale": 0.5}, (120, 160)),
        ((242, 322), {"scale": 0.5}, (122, 162)),
        ((720, 1280), {"scale": 0.1}, (72, 128)),
        ((1080, 1920), {"width": 1280}, (720, 1280)),
        ((1080, 1920), {"height": 100}, (100, 178)),
        ((1080, 1920), {"height": 100, "width": 300}, (100, 300)),
        ((241, 321), {"height": 241, "width": 642}, (241, 642)),
    ],
)
def test_sizes_with_subsampled_chroma(size, values, expected, layouts, make_operation):
    """Whole scales are exact; other computed sides are rounded to what chroma can follow."""
    operation = make_operation(
        "resize", FrameShape(size[0], size[1], layouts["420-left"]), **values
    )
    assert (operation.result.height, operation.result.width) == expected


def test_sizes_without_subsampling_may_be_odd(layouts, make_operation):
    """Without shared chroma every whole size is possible."""
    operation = make_operation("resize", FrameShape(241, 321, layouts["rgb"]), scale=0.5)
    assert (operation.result.height, operation.result.width) == (121, 161)


def test_an_odd_width_is_refused_where_chroma_is_shared(layouts, make_operation):
    """A side that chroma cannot follow is refused with the two nearest that it can."""
    with pytest.raises(RequestError, match="width 639") as caught:
        make_operation("resize", FrameShape(480, 640, layouts["420-left"]), width=639)
    assert "638 or 640" in caught.value.next_step


@pytest.mark.parametrize("width", [10, 5000])
def test_sizes_far_away_are_refused(width, layouts, make_operation):
    """A size beyond 1/16 or 8 times the old one is refused with the limits."""
    with pytest.raises(RequestError, match="beyond") as caught:
        make_operation("resize", FrameShape(400, 400, layouts["rgb"]), width=width, height=400)
    assert "25 to 3200" in caught.value.next_step


def test_sides_longer_than_pictures_can_be_are_refused(layouts, make_operation):
    """No side of a result is longer than 65535 samples."""
    with pytest.raises(RequestError, match="65535"):
        make_operation("resize", FrameShape(10, 20_000, layouts["rgb"]), scale=4)


def test_crop_is_the_rectangle(layout, make_picture, make_operation, run_whole):
    """A crop has the samples of the rectangle, on every plane, bit for bit."""
    shape = FrameShape(25, 31, layout)
    frame = make_picture(shape)
    operation = make_operation("crop", shape, x=8, y=4, width=12, height=16)
    result = run_whole(operation, [frame])
    assert result.shape == FrameShape(16, 12, layout)
    for plane, got in enumerate(result.planes):
        ax, ay = (layout.align_x, layout.align_y) if layout.is_chroma(plane) else (1, 1)
        expected = frame.planes[plane][4 // ay : 20 // ay, 8 // ax : 20 // ax]
        np.testing.assert_array_equal(got, expected)


def test_crop_keeps_an_odd_edge_of_the_picture(layouts, make_picture, make_operation, run_whole):
    """A crop may end at the picture's own odd edge."""
    shape = FrameShape(25, 31, layouts["420-left"])
    frame = make_picture(shape)
    operation = make_operation("crop", shape, x=20, y=10, width=11, height=15)
    result = run_whole(operation, [frame])
    np.testing.assert_array_equal(result.planes[1], frame.planes[1][5:13, 10:16])


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ({"x": 3, "y": 0, "width": 8, "height": 8}, "x 2 with width 10"),
        ({"x": 2, "y": 0, "width": 7, "height": 8}, "x 2 with width 8"),
        ({"x": 2, "y": 1, "width": 8, "height": 8}, "y 0 with height 10"),
        ({"x": 1, "y": 0, "width": 30, "height": 8}, "x 0 with width 31"),
    ],
)
def test_crop_refuses_to_cut_through_chroma(values, advice, layouts, make_operation):
    """A rectangle that cuts shared chroma is refused with the nearest that does not."""
    with pytest.raises(RequestError, match="share") as caught:
        make_operation("crop", FrameShape(25, 31, layouts["420-left"]), **values)
    assert advice in caught.value.next_step


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ({"x": 10, "width": 30, "height": 4}, "width of at most 21"),
        ({"y": 40, "width": 4, "height": 4}, "y below 25"),
    ],
)
def test_crop_refuses_what_is_not_in_the_picture(values, advice, layouts, make_operation):
    """A rectangle that leaves the picture is refused with what would fit."""
    with pytest.raises(RequestError, match="beyond") as caught:
        make_operation("crop", FrameShape(25, 31, layouts["rgb"]), **values)
    assert advice in caught.value.next_step
