"""Operations held to a region: outside nothing changes, inside they do what they do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.media.picture import FrameShape, Region
from pipelines.operations.drawn import Drawn
from pipelines.operations.region_only import RegionOnly
from pipelines.operations.steered import at_frame

KEEPING: list[tuple[str, dict[str, Any]]] = [
    ("levels", {"black": 0.1, "output_white": 0.9}),
    ("gamma", {"gamma": 1.7}),
    ("white_balance", {"red": 1.2, "blue": 0.8}),
    ("sharpen", {"radius": 1.4, "amount": 0.8}),
    ("local_contrast", {"radius": 3, "amount": 0.6}),
    ("denoise", {"strength": 8.0, "chroma_strength": 4.0}),
    ("denoise_temporal", {"strength": 6.0, "radius": 1}),
    ("denoise_trained", {}),
    ("denoise_trained", {"model": "rgb"}),
    ("deblur", {"psf": "motion", "length": 5.5, "angle": 30}),
    ("deblur_trained", {"model": "rgb"}),
    ("deblur_estimated", {}),
    ("deblock", {"strength": 20.0}),
    ("steady", {"radius": 1}),
]
TRIANGLE = ((3.2, 4.0), (40.0, 9.5), (17.0, 33.0))


def within(point: tuple[float, float], corners: Any) -> bool:
    """Whether a place lies in a convex outline, by the side of every edge it is on."""
    sides = []
    for number, (ax, ay) in enumerate(corners):
        bx, by = corners[(number + 1) % len(corners)]
        sides.append((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax))
    return all(side > 0 for side in sides) or all(side < 0 for side in sides)


def border(point: tuple[float, float], corners: Any) -> float:
    """How far a place is from the outline, by many points along every edge."""
    return min(
        math.dist(point, (ax + (bx - ax) * step / 4000, ay + (by - ay) * step / 4000))
        for number, (ax, ay) in enumerate(corners)
        for bx, by in [corners[(number + 1) % len(corners)]]
        for step in range(4001)
    )


@pytest.mark.parametrize(("name", "values"), KEEPING)
def test_inside_it_is_the_operation_and_outside_the_picture(
    name, values, layouts, make_picture, make_operation
):
    """Every sample inside is that of the operation on the whole picture, every other as it came."""
    for layout in layouts.values():
        if name == "white_balance" and layout.colour_planes == 1:
            continue
        shape = FrameShape(45, 51, layout)
        operation = make_operation(name, shape, **values)
        frames = [make_picture(shape, seed) for seed in range(operation.before + 1)]
        drawn = Drawn(((8, 6), (33, 6), (33, 27), (8, 27)), shape)
        held = RegionOnly(operation, drawn)
        centre = operation.before
        whole = operation.apply(frames, centre, shape.whole)
        found = held.apply(frames, centre, shape.whole)
        for number, (came, made, got) in enumerate(
            zip(frames[centre].planes, whole.planes, found.planes, strict=True)
        ):
            ay = layout.align_y if layout.is_chroma(number) else 1
            ax = layout.align_x if layout.is_chroma(number) else 1
            inside = np.zeros(came.shape, bool)
            # Whole cells of chroma only: 8 and 6 begin one, 33 and 27 lie in the middle of one.
            inside[-(-6 // ay) : 27 // ay, -(-8 // ax) : 33 // ax] = True
            np.testing.assert_array_equal(got[inside], made[inside])
            np.testing.assert_array_equal(got[~inside], came[~inside])
            assert name != "gamma" or number or (got[inside] != came[inside]).any()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_tile_has_the_bits_of_the_whole(data, layouts, make_picture, make_operation):
    """Any part, outline, feather and layout gives the same bits as the whole picture at once."""
    layout = layouts[data.draw(st.sampled_from(sorted(layouts)))]
    shape = FrameShape(data.draw(st.integers(2, 60)), data.draw(st.integers(2, 60)), layout)
    places = st.tuples(st.floats(0, shape.width), st.floats(0, shape.height))
    points = data.draw(st.lists(places, min_size=3, max_size=7))
    drawn = Drawn(points, shape, feather=data.draw(st.integers(0, 9)))
    held = RegionOnly(make_operation("sharpen", shape, radius=1.4), drawn)
    picture = make_picture(shape)
    whole = held.apply([picture], 0, shape.whole)
    ax, ay = layout.align_x, layout.align_y
    top = data.draw(st.integers(0, (shape.height - 1) // ay)) * ay
    left = data.draw(st.integers(0, (shape.width - 1) // ax)) * ax
    out = Region(
        top,
        left,
        min(data.draw(st.integers(1, 20)) * ay, shape.height - top),
        min(data.draw(st.integers(1, 20)) * ax, shape.width - left),
    )
    part = held.apply([picture.cut(held.needs(out))], 0, out)
    for got, expected in zip(part.planes, whole.cut(out).planes, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_polygon_holds_the_samples_whose_middles_it_holds(layouts):
    """A sample counts 1 exactly where its middle lies within, computed here edge by edge."""
    shape = FrameShape(40, 50, layouts["gray"])
    weights = Drawn(TRIANGLE, shape).weights(shape.whole, 0)
    expected = [[within((x + 0.5, y + 0.5), TRIANGLE) for x in range(50)] for y in range(40)]
    np.testing.assert_array_equal(weights, np.array(expected, np.float32))
    assert 0 < weights.sum() < weights.size


def test_a_feather_rises_from_the_border_inward(layouts):
    """With a feather f a sample counts the distance of its middle to the border over f."""
    shape = FrameShape(40, 50, layouts["gray"])
    for corners in (TRIANGLE, ((5, 4), (42, 4), (42, 30), (5, 30))):
        weights = Drawn(corners, shape, feather=5).weights(shape.whole, 0)
        for x, y in ((20, 12), (17, 9), (22, 20), (6, 5), (30, 11), (1, 1), (49, 39)):
            middle = (x + 0.5, y + 0.5)
            expected = min(1, border(middle, corners) / 5) if within(middle, corners) else 0
            assert weights[y, x] == pytest.approx(expected, abs=1e-3)


def test_colour_shared_across_a_border_stays(layouts):
    """A chroma sample counts as much as that luma sample of its cell that counts least."""
    shape = FrameShape(9, 11, layouts["420-left"])
    drawn = Drawn(((1, 2), (9, 2), (9, 9), (1, 9)), shape)
    assert drawn.box == Region(2, 0, 7, 10)
    # Luma columns 1 to 8 and rows 2 to 8: cells of columns 1, 2, 3 and of rows 1 to 4, the last of
    # which has one row only.
    expected = np.zeros((5, 6), np.float32)
    expected[1:5, 1:4] = 1
    np.testing.assert_array_equal(drawn.weights(shape.whole, 1), expected)


def test_frames_that_it_is_not_meant_for_stay(layouts, make_picture, make_operation):
    """Outside its frames an operation with a region reads nothing and changes nothing."""
    shape = FrameShape(20, 24, layouts["420-left"])
    drawn = Drawn(((0, 0), (24, 0), (24, 20), (0, 20)), shape, frames=(3, 5))
    held = RegionOnly(make_operation("sharpen", shape), drawn)
    picture = make_picture(shape)
    made = [at_frame(held, frame).apply([picture], 0, shape.whole).planes[0] for frame in range(8)]
    changed = [not np.array_equal(plane, picture.planes[0]) for plane in made]
    assert changed == [False, False, False, True, True, True, False, False]
    inner = Region(4, 4, 4, 4)
    assert at_frame(held, 0).needs(inner) == inner
    assert at_frame(at_frame(held, 0), 4).needs(inner) == held.needs(inner) != inner


def test_a_region_between_samples_holds_none(layouts):
    """An outline that no sample's middle lies in has no box."""
    shape = FrameShape(20, 24, layouts["gray"])
    assert Drawn(((3.6, 3.6), (4.4, 3.6), (4.4, 4.4), (3.6, 4.4)), shape).box is None
    assert Drawn(((30, 3), (40, 3), (40, 9), (30, 9)), shape).box is None
