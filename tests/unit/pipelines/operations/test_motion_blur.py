"""Estimated motion: how near it comes on photographs, and that it declines on anything else."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, signal
from skimage import data

from pipelines.graph.operation_blur import DeblurEstimatedParameters, EstimatedSpread
from pipelines.graph.spec import parse_strict
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.operations.motion_blur import SIDE, MotionEstimate, estimated_motion

GRAY = PixelLayout(Family.GRAY)
NAMES = ("camera", "astronaut", "coffee")
MOTIONS = [(8.0, 150), (10.0, 60), (14.0, 5), (20.0, 100), (28.0, 33), (12.0, 90), (16.0, 0)]


def photograph(name: str) -> np.ndarray:
    """A photograph of scikit-image's as gray codes, (H, W) float64."""
    scene = getattr(data, name)()
    return scene.reshape(*scene.shape[:2], -1).mean(-1).astype(np.float64)


def smear(length: float, angle: float) -> np.ndarray:
    """What a moving point leaves on the sensor: a kernel by points laid along the line."""
    half = math.ceil(length / 2) + 1
    along = np.linspace(-length / 2, length / 2, 4001)
    rows = half - along * math.sin(math.radians(angle))
    columns = half + along * math.cos(math.radians(angle))
    edges = np.arange(2 * half + 2) - 0.5
    kernel, _, _ = np.histogram2d(rows, columns, bins=(edges, edges))
    return kernel / kernel.sum()


def moved(scene: np.ndarray, length: float, angle: float, *, noise: float = 1.0) -> np.ndarray:
    """A scene that moved while the shutter was open: added up as light, then noise, then codes."""
    light = np.pad((scene / 255) ** 2.2, 40, mode="reflect")
    spread = signal.fftconvolve(light, smear(length, angle), "same")[40:-40, 40:-40]
    codes = 255 * np.clip(spread, 0, 1) ** (1 / 2.2)
    codes += np.random.default_rng(0).normal(0, noise, codes.shape)
    return np.rint(np.clip(codes, 0, 255))


def luma(codes: np.ndarray) -> np.ndarray:
    """Codes as samples of a block."""
    return (codes / 255).astype(np.float32)


def jpeg(codes: np.ndarray, quality: int) -> np.ndarray:
    """Through a JPEG file."""
    out = io.BytesIO()
    Image.fromarray(codes.astype(np.uint8)).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out)).astype(np.float64)


def off_by(found: MotionEstimate, length: float, angle: float) -> float:
    """How far the end of the found line is from that of the true one, in samples."""
    turn = abs(found.angle - angle) % 180
    across = length * math.radians(min(turn, 180 - turn))
    return math.hypot(found.length - length, across)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "angle"), MOTIONS)
def test_length_and_angle_are_found_in_photographs(name: str, length: float, angle: int) -> None:
    """Real photographs, moved by known lines, tell them to a sample and a quarter at the end."""
    found = estimated_motion(luma(moved(photograph(name), length, angle)))
    assert found is not None
    assert found.holds
    assert off_by(found, length, angle) <= 1.25


@pytest.mark.parametrize("quality", [60, 90])
def test_an_estimate_that_holds_is_right_after_compression(quality: int) -> None:
    """JPEG fills the zeros with noise: fewer motions are found, and none is found wrong."""
    held = 0
    for length, angle in MOTIONS:
        codes = jpeg(moved(photograph("camera"), length, angle), quality)
        found = estimated_motion(luma(codes))
        assert found is not None
        held += found.holds
        assert not found.holds or off_by(found, length, angle) <= 1.5
    assert held >= 4


def disc(radius: float) -> np.ndarray:
    """An ideal lens out of focus."""
    half = math.ceil(radius)
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1)
    return kernel / kernel.sum()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_where_nothing_moved(name: str) -> None:
    """Sharp, noisy, compressed, out of focus, Gaussian, filtered: each is declined."""
    scene = photograph(name)
    noise = np.random.default_rng(1).normal(0, 6, scene.shape)
    for other in (
        scene,
        scene + noise,
        jpeg(scene, 30),
        ndimage.gaussian_filter(scene, 2),
        signal.fftconvolve(scene, disc(4), "same"),
        signal.fftconvolve(scene, disc(7), "same"),
        ndimage.median_filter(scene, 5),
        ndimage.uniform_filter(scene, 7),
    ):
        found = estimated_motion(luma(np.clip(np.rint(other), 0, 255)))
        assert found is None or not found.holds


def test_too_small_or_too_even_a_picture_says_nothing() -> None:
    """Without a square of texture there is no spectrum to look at."""
    scene = luma(moved(photograph("camera"), 12, 30))
    assert estimated_motion(scene[: SIDE - 1]) is None
    assert estimated_motion(np.full((SIDE, SIDE), 0.5, np.float32)) is None


def test_a_moved_picture_comes_nearer_to_the_scene(make_operation, run_whole) -> None:
    """What is found is taken back: the result is nearer to the photograph than what came in."""
    scene = luma(photograph("camera"))
    plane = luma(moved(photograph("camera"), 10, 60, noise=0.5))
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    operation = make_operation("deblur_estimated", shape, psf="motion", noise=0.01)
    made = run_whole(operation, [Block((plane,), shape.whole, shape)]).planes[0]
    inner = (slice(24, -24), slice(24, -24))
    assert np.std((made - scene)[inner]) < 0.8 * np.std((plane - scene)[inner])


def test_a_picture_that_did_not_move_keeps_every_bit(make_operation, run_whole) -> None:
    """Declined means left as it is."""
    plane = luma(photograph("astronaut"))
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    operation = make_operation("deblur_estimated", shape, psf="motion")
    made = run_whole(operation, [Block((plane,), shape.whole, shape)])
    np.testing.assert_array_equal(made.planes[0], plane)


def test_the_shape_is_a_persons_to_say() -> None:
    """Nothing chooses between shapes: the default is the Gaussian that it always was."""
    assert DeblurEstimatedParameters().psf is EstimatedSpread.GAUSSIAN
    read = parse_strict(DeblurEstimatedParameters, {"psf": "motion"}, field="")
    assert read.psf is EstimatedSpread.MOTION
