"""Before-and-after pictures: which part, which samples, which colours."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import ycbcr2rgb

from pipelines.errors import RequestError
from pipelines.media.picture import Family, FrameShape, Matrix, PixelLayout, Region
from pipelines.stages.export.display import conversion_words, display_rgb
from pipelines.stages.export.preview import (
    FrameStamp,
    Pictured,
    choose_region,
    make_preview,
)

GRAY = PixelLayout(Family.GRAY)


def gray(plane: NDArray[np.uint8]) -> Pictured:
    """Return a gray picture."""
    return Pictured((plane,), FrameShape(plane.shape[0], plane.shape[1], GRAY))


def noise(height: int, width: int, seed: int = 1) -> NDArray[np.uint8]:
    """Reproducible random samples."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def ycbcr(depth: int = 8, **more: object) -> PixelLayout:
    """Return a 4:2:0 layout."""
    return PixelLayout(Family.YCBCR, depth, 1, 1, **more)  # type: ignore[arg-type]


def samples(layout: PixelLayout, height: int, width: int) -> tuple[NDArray[np.uint8], ...]:
    """Random planes of a layout."""
    shape = FrameShape(height, width, layout)
    return tuple(noise(*shape.plane_size(k), seed=k) for k in range(layout.plane_count))


def test_the_busiest_part_is_chosen() -> None:
    """The chosen part contains the one place with detail, wherever it is."""
    plane = np.full((600, 900), 80, np.uint8)
    plane[430:470, 700:760] = noise(40, 60)
    region = choose_region(gray(plane))
    assert (region.height, region.width) == (180, 240)
    assert region.top <= 430
    assert region.bottom >= 470
    assert region.left <= 700
    assert region.right >= 760


def test_a_flat_picture_gives_its_middle() -> None:
    """Where no part has more detail than another, the middle is shown."""
    region = choose_region(gray(np.full((960, 1280), 7, np.uint8)))
    assert abs(region.top + 90 - 480) <= 16
    assert abs(region.left + 120 - 640) <= 16


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([GRAY, ycbcr()]))
@settings(max_examples=40, deadline=None)
def test_any_size_has_a_preview(height: int, width: int, layout: PixelLayout) -> None:
    """Every size from 1 x 1 gives a part inside the picture, whole chroma samples included."""
    shape = FrameShape(height, width, layout)
    picture = Pictured(samples(layout, height, width), shape)
    region = choose_region(picture)
    assert 0 <= region.top < region.bottom <= height
    assert 0 <= region.left < region.right <= width
    assert region.top % layout.align_y == 0
    assert region.left % layout.align_x == 0
    preview = make_preview(picture, picture)
    assert preview.before.shape == preview.after.shape


def test_strips_do_not_change_the_choice() -> None:
    """Reading in strips finds the same sums as the whole picture at once."""
    plane = noise(1100, 300)
    region = choose_region(gray(plane))
    wide = plane.astype(np.int64)
    across = np.minimum(np.abs(np.diff(wide, axis=1, append=wide[:, -1:])), 31)
    down = np.minimum(np.abs(np.diff(wide, axis=0, append=wide[-1:])), 31)
    detail = across + down
    best = max(
        (int(detail[y : y + 176, x : x + 240].sum()), -y, -x)
        for y in range(0, 1100 - 180, 16)
        for x in range(0, 300 - 240 + 1, 16)
    )
    found = int(detail[region.top : region.top + 176, region.left : region.left + 240].sum())
    assert found == best[0]


def test_no_sample_is_resampled() -> None:
    """Taking one dot of each square gives the native samples back, on both sides."""
    small, large = noise(300, 400), noise(600, 800, seed=2)
    preview = make_preview(gray(small), gray(large))
    facts = preview.facts
    for rgb, plane, part, dots in (
        (preview.before, small, facts.before, facts.before_scale),
        (preview.after, large, facts.after, facts.after_scale),
    ):
        native = plane[part.top : part.top + part.height, part.left : part.left + part.width]
        assert np.array_equal(rgb[::dots, ::dots, 0], native)
        assert np.array_equal(rgb[dots - 1 :: dots, dots - 1 :: dots, 2], native)
    assert (facts.before_scale, facts.after_scale) == (2, 1)
    assert preview.before.shape == preview.after.shape


def test_the_same_part_is_shown_after_a_crop() -> None:
    """After a crop the part lies inside what was kept, and both sides show the same samples."""
    plane = noise(400, 600)
    kept = Region(40, 100, 300, 320)
    result = np.ascontiguousarray(plane[40:340, 100:420])
    preview = make_preview(gray(plane), gray(result), placement=kept)
    assert np.array_equal(preview.before, preview.after)
    assert preview.facts.before.left == preview.facts.after.left + 100
    assert preview.facts.before.top == preview.facts.after.top + 40


def test_an_enlargement_that_is_no_whole_number_is_told() -> None:
    """At one and a half times, each side names its own part and its own dots."""
    preview = make_preview(
        gray(noise(200, 300)), gray(noise(300, 450)), region=Region(20, 30, 100, 120)
    )
    after = preview.facts.after
    assert (after.left, after.top, after.width, after.height) == (45, 30, 180, 150)


def test_four_times_shows_a_smaller_part() -> None:
    """A fourfold enlargement shows 120 x 90 source samples, so that the pictures stay small."""
    preview = make_preview(gray(noise(200, 300)), gray(noise(800, 1200)))
    assert (preview.facts.before.width, preview.facts.before.height) == (120, 90)
    assert preview.after.shape == (360, 480, 3)


def test_turning_moves_samples_only() -> None:
    """A turned preview is the unturned one rotated counter-clockwise."""
    picture = gray(noise(200, 300))
    upright, turned = make_preview(picture, picture), make_preview(picture, picture, turn=90)
    assert np.array_equal(np.rot90(upright.before), turned.before)
    assert turned.facts.turn == 90


def test_wrong_requests_are_refused() -> None:
    """A part outside what was kept and a turn that is no quarter are refused."""
    picture = gray(noise(100, 100))
    with pytest.raises(RequestError, match="outside"):
        make_preview(picture, picture, region=Region(50, 50, 60, 10))
    with pytest.raises(RequestError, match="45 degrees"):
        make_preview(picture, picture, turn=45)


def test_the_frame_is_stamped() -> None:
    """A clip's preview names the frame, its pts and the time rounded to milliseconds."""
    picture = gray(noise(50, 50))
    facts = make_preview(picture, picture, frame=FrameStamp(7, 21_021, Fraction(1, 90_000))).facts
    assert (facts.frame, facts.pts, facts.seconds) == (7, 21_021, "0.234")
    assert FrameStamp(0, -1, Fraction(1, 2)).seconds == "-0.500"


def test_studio_bt601_matches_scikit_image() -> None:
    """Studio-range BT.601 is shown in the colours that scikit-image computes, within one code."""
    layout = PixelLayout(Family.YCBCR, full_range=False)
    planes = tuple(np.clip(plane, 16, 235) for plane in samples(layout, 20, 30))
    ours = display_rgb(planes, layout, Region(0, 0, 20, 30))
    theirs = np.clip(ycbcr2rgb(np.stack(planes, axis=-1).astype(float)) * 255, 0, 255)
    assert np.abs(ours - np.rint(theirs)).max() <= 1


def test_full_range_bt601_matches_opencv() -> None:
    """Full-range BT.601 is shown in the colours that OpenCV computes, within one code."""
    layout = PixelLayout(Family.YCBCR)
    luma, blue, red = samples(layout, 20, 30)
    ours = display_rgb((luma, blue, red), layout, Region(0, 0, 20, 30))
    theirs = cv2.cvtColor(np.stack([luma, red, blue], axis=-1), cv2.COLOR_YCrCb2RGB)
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


@pytest.mark.parametrize("matrix", list(Matrix))
@pytest.mark.parametrize("depth", [8, 10, 12, 16])
def test_white_gray_and_black_stay_neutral(matrix: Matrix, depth: int) -> None:
    """Nominal white, black and middle gray are neutral under every matrix, range and depth."""
    step = 1 << (depth - 8)
    for full_range, black, white in ((False, 16 * step, 235 * step), (True, 0, (1 << depth) - 1)):
        layout = ycbcr(depth, matrix=matrix, full_range=full_range)
        luma = np.array([[black, white]] * 2, layout.sample_type)
        chroma = np.full((1, 1), 128 * step, layout.sample_type)
        rgb = display_rgb((luma, chroma, chroma), layout, Region(0, 0, 2, 2))
        assert rgb[0].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_samples_beyond_nominal_white_are_clipped_for_display() -> None:
    """Headroom above studio white is shown as white, not wrapped around."""
    layout = PixelLayout(Family.GRAY, full_range=False)
    rgb = display_rgb((np.array([[255, 0]], np.uint8),), layout, Region(0, 0, 1, 2))
    assert rgb[0].tolist() == [[255, 255, 255], [0, 0, 0]]


def test_sixteen_bit_rgb_with_opacity() -> None:
    """Sixteen-bit R, G, B are scaled to eight bits; opacity is left out and the caption says so."""
    layout = PixelLayout(Family.RGB, depth=16, alpha=True)
    planes = tuple(np.full((2, 2), value, np.uint16) for value in (65_535, 32_896, 0, 9))
    assert display_rgb(planes, layout, Region(0, 0, 2, 2))[1, 1].tolist() == [255, 128, 0]
    words = conversion_words(layout)
    assert "16 bit reduced to 8" in words
    assert "opacity not shown" in words
