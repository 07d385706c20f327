"""`deblur_estimated`: how near the estimate comes, and what is done where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from pipelines.graph.descriptors import ParameterSource
from pipelines.graph.operation_table import OPERATIONS
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.operations.deblur_estimated import estimated_sigma

GRAY = PixelLayout(Family.GRAY)


def blurred(name, sigma):
    """A scene blurred by SciPy's Gaussian, with half a code of noise."""
    rng = np.random.default_rng(0)
    if name == "steps":
        scene = np.kron(rng.random((10, 10)), np.ones((40, 40)))
    else:
        scene = getattr(data, name)()[:400, :400].reshape(400, 400, -1).mean(-1) / 255
    plane = ndimage.gaussian_filter(scene, sigma) + rng.normal(0, 0.5 / 255, scene.shape)
    return plane.astype(np.float32), scene


@pytest.mark.parametrize("name", ["steps", "camera", "astronaut"])
@pytest.mark.parametrize("sigma", [1.2, 2.0, 3.0])
def test_the_blur_is_estimated(name, sigma):
    """Steps and photographs blurred by a Gaussian are told its width to a sixth."""
    plane, _ = blurred(name, sigma)
    assert estimated_sigma(plane) == pytest.approx(sigma, rel=1 / 6)


@pytest.mark.parametrize("name", ["steps", "camera"])
def test_a_sharp_picture_is_left_alone(name, make_operation, run_whole):
    """Where the estimate is no wider than sampling itself, every bit stays."""
    plane, _ = blurred(name, 0)
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    operation = make_operation("deblur_estimated", shape)
    made = run_whole(operation, [Block((plane,), shape.whole, shape)])
    np.testing.assert_array_equal(made.planes[0], plane)


def test_without_edges_nothing_is_estimated():
    """An even or merely noisy picture has no blur that could be told."""
    noise = np.random.default_rng(1).normal(0.5, 1 / 255, (200, 200)).astype(np.float32)
    assert estimated_sigma(noise) is None
    assert estimated_sigma(np.full((3, 2), 0.5, np.float32)) is None


def test_a_blurred_picture_comes_nearer_to_the_scene(make_operation, run_whole):
    """What was blurred is nearer to the scene afterwards."""
    plane, scene = blurred("camera", 1.6)
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    operation = make_operation("deblur_estimated", shape)
    made = run_whole(operation, [Block((plane,), shape.whole, shape)]).planes[0]
    assert np.std(made - scene) < 0.85 * np.std(plane - scene)


def test_it_says_that_it_estimates_and_may_ring():
    """The report's sentence warns of rings, and the parameters count as estimated."""
    descriptor = OPERATIONS["deblur_estimated"]
    assert descriptor.parameter_source is ParameterSource.ESTIMATED
    assert "ring" in descriptor.summary
