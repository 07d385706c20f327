"""Sharpening and local contrast against SciPy's filters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipelines.graph.operation_tone import blur_radius
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.operations.neighbourhood import box_mean, gaussian_kernel, symmetric_filter

GRAY = PixelLayout(Family.GRAY)


def gray(height, width, seed=0):
    """Make a picture of blocks and noise."""
    rng = np.random.default_rng(seed)
    plane = np.kron(rng.random((height // 8 + 1, width // 8 + 1)), np.ones((8, 8)))
    plane = plane[:height, :width] + rng.normal(0, 0.02, (height, width))
    return plane.astype(np.float32)


def run(make_operation, run_whole, name, plane, **values):
    """One gray plane through an operation."""
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    frame = Block((plane,), shape.whole, shape)
    return run_whole(make_operation(name, shape, **values), [frame]).planes[0]


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.3, 6.0])
@pytest.mark.parametrize("size", [(70, 91), (3, 5), (1, 1)])
def test_the_blur_is_scipys_gaussian(sigma, size):
    """The blur is SciPy's Gaussian with repeated edges, cut at the same radius."""
    plane = gray(*size)
    expected = ndimage.gaussian_filter(
        plane.astype(np.float64), sigma, mode="nearest", radius=blur_radius(sigma)
    )
    np.testing.assert_allclose(symmetric_filter(plane, gaussian_kernel(sigma)), expected, atol=1e-6)


@pytest.mark.parametrize("radius", [1, 2, 3, 5, 8, 16, 31])
@pytest.mark.parametrize("size", [(70, 91), (3, 5), (1, 1)])
def test_the_box_is_scipys_uniform_filter(radius, size):
    """The box mean is SciPy's uniform filter with repeated edges."""
    plane = gray(*size)
    expected = ndimage.uniform_filter(plane.astype(np.float64), 2 * radius + 1, mode="nearest")
    np.testing.assert_allclose(box_mean(plane, radius), expected, atol=1e-6)


@pytest.mark.parametrize("threshold", [0.0, 3.0])
def test_sharpen_is_the_unsharp_mask(threshold, make_operation, run_whole):
    """Sharpened is in + amount * soft(in - gaussian(in)), with the threshold in 8-bit codes."""
    plane = gray(60, 80)
    smooth = ndimage.gaussian_filter(
        plane.astype(np.float64), 1.5, mode="nearest", radius=blur_radius(1.5)
    )
    detail = plane - smooth
    soft = np.sign(detail) * np.maximum(np.abs(detail) - threshold / 255, 0)
    got = run(
        make_operation, run_whole, "sharpen", plane, radius=1.5, amount=0.7, threshold=threshold
    )
    np.testing.assert_allclose(got, plane + 0.7 * soft, atol=2e-6)


def test_sharpen_leaves_weak_noise_below_the_threshold(make_operation, run_whole):
    """Differences below the threshold are not strengthened at all."""
    plane = (0.5 + np.random.default_rng(1).uniform(-1, 1, (40, 40)) / 255).astype(np.float32)
    got = run(make_operation, run_whole, "sharpen", plane, amount=2.0, threshold=4.0)
    np.testing.assert_array_equal(got, plane)


@pytest.mark.parametrize(
    ("name", "values"), [("sharpen", {"amount": 3.0, "radius": 4.0}), ("local_contrast", {})]
)
@pytest.mark.parametrize("level", [0.0, 0.2, 16 / 255, 1.0, 1.1])
def test_a_constant_does_not_drift(name, values, level, make_operation, run_whole):
    """A flat picture comes out flat, within a fiftieth of a 16-bit step."""
    plane = np.full((50, 60), level, dtype=np.float32)
    got = run(make_operation, run_whole, name, plane, **values)
    np.testing.assert_allclose(got, plane, atol=0.02 / 65535 * 8)


def guided(plane, radius, variance):
    """Apply the self-guided filter in float64 (He, Sun and Tang, 2013)."""

    def mean(values):
        return ndimage.uniform_filter(values, 2 * radius + 1, mode="nearest")

    plane = plane.astype(np.float64)
    average = mean(plane)
    own = mean(plane * plane) - average**2
    follow = own / (own + variance)
    return mean(follow) * plane + mean(average - follow * average)


def test_local_contrast_is_the_guided_filter(make_operation, run_whole):
    """The result is in + clip(amount * (in - guided(in))), edge and limit in 8-bit codes."""
    plane = gray(90, 110)
    detail = 0.8 * (plane - guided(plane, 7, (20 / 255) ** 2))
    got = run(
        make_operation,
        run_whole,
        "local_contrast",
        plane,
        radius=7,
        amount=0.8,
        edge=20,
        limit=4,
    )
    assert np.abs(detail).max() > 4 / 255
    np.testing.assert_allclose(got, plane + np.clip(detail, -4 / 255, 4 / 255), atol=3e-6)


def test_local_contrast_moves_no_sample_beyond_the_limit(make_operation, run_whole):
    """However strong the amount, no sample moves further than the limit."""
    plane = gray(64, 64)
    got = run(make_operation, run_whole, "local_contrast", plane, amount=3.0, limit=5.0)
    assert np.abs(got - plane).max() <= 5.0 / 255 + 1e-7


def test_local_contrast_draws_no_halo(make_operation, run_whole):
    """Beside a hard edge between flat areas, luma moves by a thirtieth of the edge at most."""
    plane = np.full((80, 120), 0.2, dtype=np.float32)
    plane[:, 60:] = 0.8
    got = run(make_operation, run_whole, "local_contrast", plane, amount=0.5)
    assert np.abs(got - plane).max() < 0.6 / 30


def test_local_contrast_strengthens_faint_texture(make_operation, run_whole):
    """Faint texture grows by nearly the amount."""
    y, x = np.mgrid[0:96, 0:96]
    plane = (0.5 + 4 / 255 * np.sin(0.9 * x) * np.sin(0.8 * y)).astype(np.float32)
    got = run(make_operation, run_whole, "local_contrast", plane, amount=0.5)
    inner = np.s_[36:-36, 36:-36]
    assert 1.4 < got[inner].std() / plane[inner].std() < 1.5
