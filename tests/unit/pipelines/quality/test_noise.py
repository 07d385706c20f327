"""The noise estimate: its formula, what it finds, and what does not move it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.quality.noise import noise_of_plane, noise_of_planes

MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])


def slope(height: int, width: int) -> np.ndarray:
    """Return a picture without noise: a slope with two straight edges."""
    plane = np.add.outer(np.arange(height) * 0.15, np.arange(width) * 0.1) + 40
    plane[height // 3 :] += 30
    plane[:, width // 2 :] += 20
    return plane


@pytest.mark.parametrize(("height", "width", "depth"), [(3, 3, 8), (67, 130, 8), (200, 91, 16)])
def test_the_estimate_is_the_stated_formula(height: int, width: int, depth: int) -> None:
    """The estimate is the median of the mask's absolute response over 6 times 0.6745."""
    random = np.random.default_rng(height)
    kind = np.uint8 if depth == 8 else np.uint16
    plane = random.integers(0, 1 << depth, (height, width)).astype(kind)
    response = np.abs(ndimage.convolve(plane.astype(np.int64), MASK))[1:-1, 1:-1]
    assert noise_of_plane(plane) == pytest.approx(np.median(response) / (6 * 0.6745), abs=1e-12)


@pytest.mark.parametrize("sigma", [2.0, 5.0, 12.0])
def test_added_noise_is_found(sigma: float) -> None:
    """Normal noise on slopes and straight edges is found to within a tenth."""
    random = np.random.default_rng(1)
    noisy = slope(300, 400) + random.normal(0, sigma, (300, 400))
    plane = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    assert noise_of_plane(plane) == pytest.approx(sigma, rel=0.1)


def test_structure_is_not_noise() -> None:
    """A picture without noise has none, whatever its edges; nor has one of a few samples."""
    assert noise_of_plane(np.rint(slope(300, 400)).astype(np.uint8)) < 0.5
    assert noise_of_plane(np.zeros((2, 9), np.uint8)) == 0.0


def test_noise_is_counted_in_8_bit_codes_per_colour_plane() -> None:
    """A deeper picture has the noise of its 8-bit copy; opacity has none to state."""
    random = np.random.default_rng(2)
    plane = np.clip(slope(120, 160) + random.normal(0, 4, (120, 160)), 0, 255)
    eight, ten = plane.astype(np.uint8), np.rint(plane * 1023 / 255).astype(np.uint16)
    shape = FrameShape(120, 160, PixelLayout(Family.GRAY, 10, alpha=True))
    (deep,) = noise_of_planes((ten, ten), shape)
    assert deep == pytest.approx(noise_of_plane(eight), rel=0.1)


def test_large_planes_are_sampled_evenly() -> None:
    """Of a plane beyond the limit only some strips are read, and the estimate stays."""
    random = np.random.default_rng(3)
    plane = np.rint(128 + random.normal(0, 6, (4096, 3000))).astype(np.uint8)
    assert noise_of_plane(plane) == pytest.approx(6, rel=0.05)
