"""Differences against their formulas in numpy, however a picture was cut."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.quality.difference import allowance, difference
from pipelines.quality.spread import STEPS_PER_CODE, SpreadMeter

YCBCR = PixelLayout(Family.YCBCR, 10, 1, 1, full_range=False)


def planes(shape: FrameShape, seed: int) -> tuple[np.ndarray, ...]:
    """Return random native planes."""
    random = np.random.default_rng(seed)
    return tuple(
        random.integers(0, shape.layout.peak + 1, shape.plane_size(plane)).astype(
            shape.layout.sample_type
        )
        for plane in range(shape.layout.plane_count)
    )


def test_the_largest_over_the_colour_planes_counts() -> None:
    """At each luma sample the largest difference of any plane counts, in 8-bit code values."""
    shape = FrameShape(9, 13, YCBCR)
    first, second = planes(shape, 1), planes(shape, 2)
    apart = [
        np.abs(a.astype(float) - b.astype(float)) * 255 / 1023
        for a, b in zip(first, second, strict=True)
    ]
    luma, cb, cr = (
        apart[0],
        *(one.repeat(2, axis=0).repeat(2, axis=1)[:9, :13] for one in apart[1:]),
    )
    allowed = (100.0, 60.0, 80.0)
    found = difference(first, second, YCBCR, allowed)
    np.testing.assert_allclose(found.size, np.maximum(luma, np.maximum(cb, cr)), rtol=1e-6)
    assert (found.beyond == ((luma > 100) | (cb > 60) | (cr > 80))).all()


def test_opacity_is_not_looked_at() -> None:
    """A change of opacity alone is no difference."""
    shape = FrameShape(4, 5, PixelLayout(Family.RGB, alpha=True))
    first = planes(shape, 1)
    found = difference(first, (*first[:3], 255 - first[3]), shape.layout, (0.0, 0.0, 0.0))
    assert found.size.max() == 0
    assert not found.beyond.any()


@pytest.mark.parametrize(("depth", "rounding"), [(8, 1.0), (16, 255 / 65535)])
def test_noise_and_rounding_are_allowed_for(depth: int, rounding: float) -> None:
    """Three standard deviations are allowed for, and one code of the picture's own depth."""
    shape = FrameShape(4, 4, PixelLayout(Family.GRAY, depth))
    assert allowance((2.5,), shape) == (pytest.approx(7.5 + rounding),)


def test_the_spread_is_that_of_the_whole() -> None:
    """Numbers of strips equal those of the whole, and those of numpy to a sixteenth of a code."""
    random = np.random.default_rng(4)
    size = random.gamma(1.0, 4.0, (331, 97)).astype(np.float32)
    beyond = size > 9
    whole, cut = SpreadMeter(), SpreadMeter()
    whole.add(size, beyond)
    for top in range(0, 331, 50):
        cut.add(size[top : top + 50], beyond[top : top + 50])
    assert whole.spread() == cut.spread()
    found = whole.spread()
    assert found.samples == size.size
    assert found.largest == pytest.approx(size.max(), abs=1e-3)
    assert found.beyond == np.count_nonzero(beyond)
    exact = float(np.sort(size.ravel())[int(np.ceil(size.size * 0.99)) - 1])
    assert exact <= found.percentile_99 < exact + 1 / STEPS_PER_CODE + 1e-4


def test_no_difference_is_stated_as_none() -> None:
    """Equal pictures have a largest difference and a percentile of 0."""
    meter = SpreadMeter()
    meter.add(np.zeros((5, 5), np.float32), np.zeros((5, 5), np.bool_))
    found = meter.spread()
    assert (found.largest, found.percentile_99, found.beyond, found.samples) == (0.0, 0.0, 0, 25)
