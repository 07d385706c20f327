"""Unrest of brightness: its formula, and what raises it and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media.picture import Family, FrameShape, PixelLayout, Region
from pipelines.quality.unrest import Unrest, UnrestMeter, cells_of

GRAY = PixelLayout(Family.GRAY)


def unrest(frames: list[np.ndarray]) -> Unrest:
    """Return the unrest of gray frames."""
    meter = UnrestMeter()
    for frame in frames:
        shape = FrameShape(frame.shape[0], frame.shape[1], GRAY)
        meter.add(cells_of((frame,), shape, shape.whole))
    return meter.unrest


@pytest.mark.parametrize(("height", "width", "every"), [(36, 64, 1), (50, 33, 1), (900, 70, 12)])
def test_cells_are_means_over_parts_of_the_picture(height: int, width: int, every: int) -> None:
    """Each cell is the mean of its samples, in 8-bit codes; tall pictures lend every n-th row."""
    plane = np.random.default_rng(1).integers(0, 1024, (height, width)).astype(np.uint16)
    shape = FrameShape(height, width, PixelLayout(Family.GRAY, 10))
    found = cells_of((plane,), shape, shape.whole)
    read = plane[::every]
    rows = np.arange(18) * len(read) // 18
    columns = np.arange(32) * width // 32
    for row in (0, 7, 17):
        for column in (0, 13, 31):
            bottom = rows[row + 1] if row < 17 else len(read)
            right = columns[column + 1] if column < 31 else width
            cell = read[rows[row] : bottom, columns[column] : right]
            assert found[row, column] == pytest.approx(cell.mean() * 255 / 1023, rel=1e-12)


def test_luma_of_rgb_is_weighed() -> None:
    """Red, green and blue count as they do in luma, and only the asked region does."""
    shape = FrameShape(40, 40, PixelLayout(Family.RGB))
    planes = tuple(np.full((40, 40), value, np.uint8) for value in (200, 100, 50))
    planes[0][:20] = 0
    found = cells_of(planes, shape, Region(20, 0, 20, 40))
    assert found == pytest.approx(np.full((18, 32), 0.299 * 200 + 0.587 * 100 + 0.114 * 50))


def test_small_pictures_have_fewer_cells() -> None:
    """A picture of a few samples has as many cells as samples."""
    shape = FrameShape(2, 3, GRAY)
    plane = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert (cells_of((plane,), shape, shape.whole) == plane).all()


def test_a_fade_is_at_rest_and_flicker_is_not() -> None:
    """Steady change has no unrest; brightness that alternates by 6 codes has 6."""
    fade = [np.full((36, 64), 50 + 3 * number, np.uint8) for number in range(9)]
    assert unrest(fade) == Unrest(0.0, 7)
    flicker = [np.full((36, 64), 100 + 6 * (number % 2), np.uint8) for number in range(9)]
    assert unrest(flicker).mean == pytest.approx(6.0)


def test_too_few_frames_have_no_unrest() -> None:
    """Without a frame before and after there is nothing to lie between."""
    assert unrest([np.zeros((36, 64), np.uint8)] * 2).mean is None


def test_parts_add_up() -> None:
    """Sums of segments are added, and their mean is over all frames."""
    assert (Unrest(3.0, 2) + Unrest(1.0, 6)).mean == 0.5
