"""Small pictures for detectors: means over areas, turned upright, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.analysis import reduced
from pipelines.analysis.found import Box, Detection
from pipelines.analysis.reduced import area_means, reduce_picture
from pipelines.media.picture import Family, FrameShape, Matrix, PixelLayout

RGB = PixelLayout(Family.RGB)


def test_means_over_whole_areas_are_plain_means() -> None:
    """Reduced by a whole number, every sample is the mean of its block."""
    plane = np.random.default_rng(1).integers(0, 256, (12, 20)).astype(np.uint8)
    assert area_means(plane, 3, 5) == pytest.approx(plane.reshape(3, 4, 5, 4).mean(axis=(1, 3)))


@pytest.mark.parametrize("size", [(7, 11), (5, 5), (12, 19), (1, 1)])
def test_means_over_parts_keep_the_mean(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the sizes and however it is cut into strips, the mean of the picture stays."""
    plane = np.random.default_rng(2).integers(0, 1024, (13, 29)).astype(np.uint16)
    whole = area_means(plane, *size)
    assert whole.mean() == pytest.approx(plane.mean())
    monkeypatch.setattr(reduced, "_STRIP_SAMPLES", 60)
    assert area_means(plane, *size) == pytest.approx(whole)


def test_a_small_picture_keeps_its_size() -> None:
    """A picture that is small enough is handed on sample for sample."""
    picture = np.random.default_rng(3).integers(0, 256, (9, 14, 3)).astype(np.uint8)
    planes = tuple(picture[..., one] for one in range(3))
    small = reduce_picture(planes, FrameShape(9, 14, RGB), longest_side=64)
    assert np.array_equal(small.rgb, picture)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_what_is_found_upright_lies_where_it_is_in_the_source(turn: int) -> None:
    """A bright block that is found in the turned, reduced picture is where it was drawn."""
    plane = np.zeros((80, 120), np.uint8)
    plane[20:40, 64:96] = 255
    small = reduce_picture((plane,) * 3, FrameShape(80, 120, RGB), longest_side=60, turn=turn)
    rows, columns = (np.flatnonzero(small.rgb[..., 0].any(axis=one)) for one in (1, 0))
    box = Box(columns[0], rows[0], len(columns), len(rows))
    middle = (box.left + box.width / 2, box.top + box.height / 2)
    found = small.back(Detection("face", box, 0.9, (middle,)))
    assert (found.box.left, found.box.top) == pytest.approx((64, 20))
    assert (found.box.width, found.box.height) == pytest.approx((32, 20))
    assert found.landmarks[0] == pytest.approx((80, 30))


def test_chroma_is_brought_to_colour() -> None:
    """A picture in Y'CbCr 4:2:0 of studio range comes out in its colour."""
    layout = PixelLayout(Family.YCBCR, 8, 1, 1, full_range=False, matrix=Matrix.BT709)
    planes = (
        np.full((16, 16), 63, np.uint8),
        np.full((8, 8), 102, np.uint8),
        np.full((8, 8), 240, np.uint8),
    )
    small = reduce_picture(planes, FrameShape(16, 16, layout), longest_side=16)
    assert small.rgb[4, 4].tolist() == pytest.approx([255, 0, 0], abs=2)
