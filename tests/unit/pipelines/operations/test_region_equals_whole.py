"""The contract that tiles rest on: a region of the result has the samples of the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import RequestError
from pipelines.graph.operation_table import OPERATIONS
from pipelines.media.picture import FrameShape, Matrix, Region

WRAPPING = ("wrap", "unwrap")
CASES: list[tuple[str, dict[str, Any]]] = [
    ("resize", {"scale": 2.0}),
    ("resize", {"scale": 3.0, "filter": "bicubic"}),
    ("resize", {"scale": 1.5, "filter": "bicubic"}),
    ("resize", {"scale": 0.4}),
    ("resize", {"scale": 0.7, "filter": "area"}),
    ("resize", {"scale": 1.3, "filter": "area"}),
    ("crop", {"x": 4, "y": 4, "width": 4, "height": 4}),
    ("levels", {"black": 0.1, "output_white": 0.9}),
    ("gamma", {"gamma": 1.7}),
    ("white_balance", {"red": 1.2, "blue": 0.8}),
    ("sharpen", {"radius": 1.4, "amount": 0.8, "threshold": 2.0}),
    ("local_contrast", {"radius": 3, "amount": 0.6}),
    ("denoise", {"strength": 8.0, "chroma_strength": 4.0}),
    ("denoise_temporal", {"strength": 6.0, "radius": 2}),
    ("denoise_trained", {}),
    ("super_resolve", {"scale": 2}),
    ("super_resolve", {"scale": 4}),
    ("separate_fields", {"first_field": "bottom"}),
    ("deinterlace", {"first_field": "top"}),
    ("deinterlace", {"first_field": "bottom"}),
    ("line_double", {"first_field": "top"}),
    ("line_double", {"first_field": "bottom"}),
    ("inverse_telecine", {"first_field": "top", "first_frame": 3}),
    ("deblock", {"strength": 20.0}),
    ("deblock", {"strength": 30.0, "block": 12, "x": 5, "y": 2}),
    ("hdr_to_sdr", {"transfer": "hlg"}),
    ("wrap", {"mode": "sphere", "margin": 12}),
    ("wrap", {"mode": "horizontal", "margin": 4}),
    ("unwrap", {"mode": "both", "margin": 4}),
    ("deblur_estimated", {}),
    ("deblur_estimated", {"psf": "motion"}),
    ("steady", {"radius": 1}),
    ("steady", {"radius": 2, "search": 3, "strength": 12.0}),
    ("stabilise", {"radius": 2}),
    ("stabilise", {"radius": 1, "border": "black"}),
    ("undistort", {"fx": 60.0, "k1": -0.05, "k2": 0.01, "p1": 0.002, "zoom": 0.8}),
    ("undistort", {"lens": "fisheye", "fx": 60.0, "k1": 0.02, "k4": 0.001}),
    ("perspective", {"corners": (1, 2, 6.5, 1, 7, 7, 0, 6), "width": 20, "height": 24}),
    ("deblur", {"psf": "motion", "length": 5.5, "angle": 30}),
    ("deblur", {"psf": "defocus", "radius": 2, "method": "richardson-lucy", "iterations": 3}),
    ("denoise_trained", {"model": "rgb"}),
    ("deblur_trained", {"model": "mine"}),
    ("deblur_trained", {"model": "rgb"}),
    ("super_resolve", {"scale": 2, "model": "rgb-x2"}),
    ("super_resolve", {"scale": 4, "model": "rgb-x4"}),
]


def region_of(draw: Any, shape: FrameShape) -> Region:
    """Draw a region that is aligned to the chroma or ends at the frame's edge."""
    ax, ay = shape.layout.align_x, shape.layout.align_y
    top = draw(st.integers(0, (shape.height - 1) // ay)) * ay
    left = draw(st.integers(0, (shape.width - 1) // ax)) * ax
    height = min(draw(st.integers(1, 40)) * ay, shape.height - top)
    width = min(draw(st.integers(1, 40)) * ax, shape.width - left)
    return Region(top, left, height, width)


@pytest.mark.parametrize(("name", "values"), CASES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_region_has_the_bits_of_the_whole(
    name, values, data, layouts, make_picture, make_operation
):
    """Any region, size, layout and window gives the same bits as the whole picture at once."""
    layout = layouts[data.draw(st.sampled_from(sorted(layouts)))]
    if name == "white_balance" and layout.colour_planes == 1:
        layout = layouts["rgb"]
    if name == "hdr_to_sdr" and layout.matrix is not Matrix.BT2020:
        layout = layouts["rgb-alpha-16" if layout.alpha else "420-top-left-10"]
    least = 8 if name in {"crop", "perspective"} else 1
    shape = FrameShape(data.draw(st.integers(least, 90)), data.draw(st.integers(least, 90)), layout)
    if name == "separate_fields":
        shape = replace(shape, height=4 * shape.height)
    if name in WRAPPING:
        shape = FrameShape(shape.height // 8 * 8 + 16, shape.width // 8 * 8 + 16, layout)
    operation = make_operation(name, shape, **values)
    before = data.draw(st.integers(0, operation.before))
    after = data.draw(st.integers(0, operation.after))
    frames = [make_picture(shape, seed) for seed in range(before + 1 + after)]
    whole = operation.apply(frames, before, operation.result.whole)
    out = region_of(data.draw, operation.result)
    needed = operation.needs(out)

    part = operation.apply([frame.cut(needed) for frame in frames], before, out)

    assert part.region == out
    assert part.shape == operation.result
    for got, expected in zip(part.planes, whole.cut(out).planes, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(("name", "values"), CASES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_what_is_needed_lies_in_the_picture_on_chroma_edges(
    name, values, data, layouts, make_operation
):
    """`needs` names an aligned region inside the source, as every region must be."""
    layout = layouts[data.draw(st.sampled_from(sorted(layouts)))]
    shape = FrameShape(data.draw(st.integers(8, 300)), data.draw(st.integers(8, 300)), layout)
    try:
        operation = make_operation(name, shape, **values)
    except RequestError:
        assert name in ("white_balance", "separate_fields", "hdr_to_sdr", *WRAPPING)
        return
    needed = operation.needs(region_of(data.draw, operation.result))

    assert needed.top >= 0
    assert needed.left >= 0
    assert needed.height >= 1
    assert needed.width >= 1
    assert needed.top % layout.align_y == 0
    assert needed.left % layout.align_x == 0
    assert needed.bottom == shape.height or needed.bottom % layout.align_y == 0
    assert needed.right == shape.width or needed.right % layout.align_x == 0
    assert needed.bottom <= shape.height
    assert needed.right <= shape.width


def test_every_operation_is_held_to_the_contract():
    """No operation is missing above but those that follow tracks (`test_restore_faces`)."""
    still = {name for name, one in OPERATIONS.items() if one.follows is None}
    assert {name for name, _ in CASES} == still


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("denoise", {"strength": 5.0}),
        ("resize", {"scale": 1.7}),
        ("sharpen", {}),
        ("local_contrast", {}),
    ],
)
def test_a_region_has_the_bits_of_the_whole_across_inner_tiles(
    name, values, layouts, make_picture, make_operation
):
    """The tiles that an operation makes inside itself leave no trace either."""
    shape = FrameShape(150, 620, layouts["420-left"])
    operation = make_operation(name, shape, **values)
    frame = make_picture(shape)
    whole = operation.apply([frame], 0, operation.result.whole)
    for out in (Region(62, 254, 20, 300), Region(2, 0, 100, 40), Region(120, 500, 30, 120)):
        part = operation.apply([frame.cut(operation.needs(out))], 0, out)
        for got, expected in zip(part.planes, whole.cut(out).planes, strict=True):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(("name", "values"), CASES)
def test_source_blocks_are_left_alone(name, values, layout, layouts, make_picture, make_operation):
    """Blocks share memory, so no operation writes into its window."""
    if name == "white_balance" and layout.colour_planes == 1:
        layout = layouts["rgb"]
    if name == "hdr_to_sdr" and layout.matrix is not Matrix.BT2020:
        layout = layouts["rgb-alpha-16" if layout.alpha else "420-top-left-10"]
    shape = (
        FrameShape(24, 32, layout)
        if name in (*WRAPPING, "separate_fields")
        else FrameShape(23, 30, layout)
    )
    operation = make_operation(name, shape, **values)
    frames = [make_picture(shape, seed) for seed in range(operation.before + 1 + operation.after)]
    for frame in frames:
        for plane in frame.planes:
            plane.setflags(write=False)
    result = operation.apply(frames, operation.before, operation.result.whole)
    assert result.planes[0].shape == operation.result.plane_size(0)
