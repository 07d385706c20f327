"""How two pictures differ is counted, not judged: samples, places, and a drawing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples
from pipelines.quality.exact_difference import Box, amplification, differences, draw, plane_names

GRAY = PixelLayout(Family.GRAY)
DEEP = PixelLayout(Family.GRAY, depth=10)
YCBCR = PixelLayout(Family.YCBCR, chroma_x=1, chroma_y=1)


def planes(shape: FrameShape) -> list[Samples]:
    """Black planes of a picture."""
    layout = shape.layout
    return [
        np.zeros(shape.plane_size(index), layout.sample_type) for index in range(layout.plane_count)
    ]


def drawn(
    shape: FrameShape, one: list[Samples], other: list[Samples], factor: Fraction
) -> np.ndarray:
    """The drawing of two pictures."""
    out = np.full((shape.height, shape.width), 7, np.uint8)
    draw(tuple(one), tuple(other), shape, factor=factor, out=out)
    return out


def test_equal_pictures_differ_nowhere() -> None:
    """Where every sample is equal there is no difference and nothing but black."""
    shape = FrameShape(5, 7, YCBCR)
    assert differences(tuple(planes(shape)), tuple(planes(shape)), YCBCR) == ()
    assert not drawn(shape, planes(shape), planes(shape), Fraction(255)).any()


def test_place_size_and_rectangle_are_those_of_the_samples() -> None:
    """The largest difference has its place, and the rectangle holds all that differ."""
    shape = FrameShape(600, 40, GRAY)
    one, other = planes(shape), planes(shape)
    other[0][3, 8] = 2
    one[0][590, 30] = 9
    other[0][300, 5] = 9
    (found,) = differences(tuple(one), tuple(other), GRAY)
    assert (found.plane, found.largest, found.samples) == ("Y", 9, 3)
    assert (found.x, found.y) == (5, 300)
    assert found.box == Box(left=5, top=3, width=26, height=588)


def test_darker_counts_like_brighter() -> None:
    """Unsigned samples are subtracted without wrapping round."""
    one = (np.array([[0, 65535]], np.uint16),)
    other = (np.array([[65535, 0]], np.uint16),)
    (found,) = differences(one, other, PixelLayout(Family.GRAY, depth=16))
    assert (found.largest, found.samples) == (65535, 2)


def test_planes_are_named_after_their_family() -> None:
    """A difference says in which plane it lies, opacity included."""
    shape = FrameShape(4, 4, PixelLayout(Family.RGB, alpha=True))
    one, other = planes(shape), planes(shape)
    other[3][0, 0] = 1
    assert [found.plane for found in differences(tuple(one), tuple(other), shape.layout)] == ["A"]
    assert plane_names(YCBCR) == ("Y", "Cb", "Cr")


def test_chroma_is_drawn_over_the_samples_that_share_it() -> None:
    """A chroma sample covers its luma samples, cut off at odd edges; the largest plane shows."""
    shape = FrameShape(3, 5, YCBCR)
    one, other = planes(shape), planes(shape)
    other[1][1, 2] = 4
    other[0][2, 4] = 1
    picture = drawn(shape, one, other, Fraction(10))
    assert picture[2, 4] == 40
    assert np.count_nonzero(picture) == 1


def test_strips_meet_without_a_seam() -> None:
    """A tall picture with shared chroma is drawn as it would be in one piece."""
    shape = FrameShape(1100, 6, YCBCR)
    random = np.random.default_rng(1)
    one, other = (
        [random.integers(0, 5, plane.shape).astype(np.uint8) for plane in planes(shape)]
        for _ in range(2)
    )
    apart = [np.abs(a.astype(int) - b.astype(int)) for a, b in zip(one, other, strict=True)]
    wide = [plane.repeat(2, axis=0).repeat(2, axis=1) for plane in apart[1:]]
    whole = np.maximum.reduce([apart[0], *wide]) * 20
    assert (drawn(shape, one, other, Fraction(20)) == whole).all()


def test_what_differs_is_never_black() -> None:
    """A difference that its factor would round to nothing is drawn as 1."""
    shape = FrameShape(1, 2, DEEP)
    one, other = planes(shape), planes(shape)
    other[0][0] = (1023, 1)
    factor = amplification(1023)
    assert factor == Fraction(1, 5)
    assert drawn(shape, one, other, factor).tolist() == [[204, 1]]


@given(st.integers(1, 65535))
def test_the_largest_difference_is_drawn_within_white(largest: int) -> None:
    """The factor is whole or one over a whole number, and takes the largest to 128 or more."""
    factor = amplification(largest)
    assert 1 in (factor.numerator, factor.denominator)
    assert 127 < largest * factor <= 255


def test_pictures_of_other_shapes_are_refused() -> None:
    """Samples are compared one to one or not at all."""
    with pytest.raises(ValueError, match="one shape"):
        differences((np.zeros((2, 2), np.uint8),), (np.zeros((2, 3), np.uint8),), GRAY)
