"""`deblur`: its point spreads, its two methods, and what happens at the picture's edges."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage, signal
from skimage import data

from pipelines.graph.operation_blur import DeblurParameters
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout, Region
from pipelines.operations import deblur as module
from pipelines.operations.point_spread import point_spread

GRAY = PixelLayout(Family.GRAY)
SPREADS: dict[str, dict[str, Any]] = {
    "motion": {"psf": "motion", "length": 9.5, "angle": 35},
    "defocus": {"psf": "defocus", "radius": 3.2},
    "gaussian": {"psf": "gaussian", "sigma": 1.4},
    "kernel": {"psf": "kernel", "kernel": ["0 1 0 0 0", "1 2 1 0 4", "0 1 0 0 0"]},
}


def scene(height=260, width=300):
    """Cut a part of a photograph, in 0..1."""
    return data.camera()[100 : 100 + height, 150 : 150 + width].astype(np.float64) / 255


def blurred(truth, values, noise=0.0):
    """Blur a scene with the light that comes in over the frame's edge, and its inner part sharp."""
    kernel = point_spread(DeblurParameters(**values))
    radius = kernel.shape[0] // 2
    plane = signal.convolve(truth, kernel, mode="valid")
    plane = plane + np.random.default_rng(1).normal(0, noise / 255, plane.shape)
    return plane.astype(np.float32), truth[radius:-radius, radius:-radius]


def run(make_operation, run_whole, plane, **values):
    """One gray plane through the operation."""
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    frame = Block((plane,), shape.whole, shape)
    return run_whole(make_operation("deblur", shape, **values), [frame]).planes[0]


def error(one, other, border=0):
    """Root of the mean square difference, in codes, less a border."""
    inner = (slice(border, -border or None),) * 2
    return float(np.sqrt(np.mean((one[inner] - other[inner]) ** 2)) * 255)


def test_a_line_is_the_mean_of_the_scene_along_it():
    """Blurring with a line is averaging SciPy's linear interpolation along that line."""
    truth = scene(60, 70)
    kernel = point_spread(DeblurParameters(psf="motion", length=7.3, angle=25))
    got = ndimage.convolve(truth, kernel)[10:-10, 10:-10]
    y, x = np.mgrid[10:50, 10:60].astype(np.float64)
    along = ((np.arange(400) + 0.5) / 400 - 0.5) * 7.3
    turn = np.radians(25)
    expected = np.mean(
        [
            ndimage.map_coordinates(truth, (y - t * np.sin(turn), x + t * np.cos(turn)), order=1)
            for t in along
        ],
        axis=0,
    )
    np.testing.assert_allclose(got, expected, atol=2e-4)


def test_a_disc_covers_its_area():
    """The middle of a disc has one over its area; its second moment is a quarter of r squared."""
    kernel = point_spread(DeblurParameters(psf="defocus", radius=6.5))
    assert kernel[7, 7] == pytest.approx(1 / (np.pi * 6.5**2), rel=2e-3)
    offsets = np.arange(-7, 8)
    moment = (kernel * offsets[:, None] ** 2).sum()
    # Samples are squares of side 1, which adds their own moment of 1/12.
    assert moment == pytest.approx(6.5**2 / 4 + 1 / 12, rel=5e-3)


def test_a_gaussian_is_opencvs():
    """The Gaussian is OpenCV's kernel of the same size."""
    kernel = point_spread(DeblurParameters(psf="gaussian", sigma=1.7))
    half = cv2.getGaussianKernel(kernel.shape[0], 1.7)
    np.testing.assert_allclose(kernel, half @ half.T, atol=1e-12)


def test_a_given_kernel_keeps_its_numbers_and_its_middle():
    """Rows are laid into the middle of a square and brought to a sum of 1."""
    kernel = point_spread(DeblurParameters(**SPREADS["kernel"]))
    expected = np.zeros((5, 5))
    expected[1:4] = [[0, 1, 0, 0, 0], [1, 2, 1, 0, 4], [0, 1, 0, 0, 0]]
    np.testing.assert_allclose(kernel, expected / 10)


@pytest.mark.parametrize("name", sorted(SPREADS))
def test_wiener_is_the_textbook_filter(name, make_operation, run_whole):
    """Away from the edges the result is that of the filter in the frequencies of the whole."""
    plane, _ = blurred(scene(), SPREADS[name], noise=1)
    kernel = point_spread(DeblurParameters(**SPREADS[name]))
    laid = np.zeros(plane.shape)
    laid[: kernel.shape[0], : kernel.shape[1]] = kernel
    radius = kernel.shape[0] // 2
    forward = np.fft.fft2(np.roll(laid, (-radius, -radius), (0, 1)))
    noise = 0.05
    spectrum = np.fft.fft2(plane) * np.conj(forward) / (np.abs(forward) ** 2 + noise)
    expected = np.fft.ifft2(spectrum).real * (1 + noise)
    got = run(make_operation, run_whole, plane, **SPREADS[name], noise=str(noise))
    assert error(got, expected, border=60) < 0.6
    assert error(got, plane, border=60) > 5


@pytest.mark.parametrize("name", sorted(SPREADS))
def test_richardson_lucy_is_the_plain_iteration(name, make_operation, run_whole):
    """Away from the edges the result is that of the textbook iteration on the whole picture."""
    plane, _ = blurred(scene(), SPREADS[name], noise=1)
    kernel = point_spread(DeblurParameters(**SPREADS[name]))
    recorded = np.maximum(plane.astype(np.float64), 1e-6)
    expected = recorded.copy()
    for _ in range(6):
        ratio = recorded / ndimage.convolve(expected, kernel, mode="nearest")
        expected *= ndimage.correlate(ratio, kernel, mode="nearest")
    values = {"method": "richardson-lucy", "iterations": 6}
    got = run(make_operation, run_whole, plane, **SPREADS[name], **values)
    np.testing.assert_allclose(got[40:-40, 40:-40], expected[40:-40, 40:-40], atol=2e-4)


@pytest.mark.parametrize("method", ["wiener", "richardson-lucy"])
@pytest.mark.parametrize("name", ["motion", "defocus", "gaussian"])
def test_the_scene_comes_nearer(name, method, make_operation, run_whole):
    """A blurred and slightly noisy scene is nearer to the true one afterwards, by a fifth."""
    plane, truth = blurred(scene(), SPREADS[name], noise=0.5)
    got = run(make_operation, run_whole, plane, **SPREADS[name], method=method, iterations=20)
    assert error(got, truth) < 0.8 * error(plane, truth)


@pytest.mark.parametrize("method", ["wiener", "richardson-lucy"])
@pytest.mark.parametrize("name", ["motion", "defocus"])
def test_the_edges_do_not_ring(name, method, make_operation, run_whole):
    """Beside the frame's edge the error is that of the inside; with wrapped edges it is not."""
    plane, truth = blurred(scene(), SPREADS[name], noise=0.5)
    got = run(make_operation, run_whole, plane, **SPREADS[name], method=method, noise=0.003)
    border = np.ones(plane.shape, bool)
    border[12:-12, 12:-12] = False
    inside = np.sqrt(np.mean((got - truth)[~border] ** 2))
    assert np.sqrt(np.mean((got - truth)[border] ** 2)) < 1.2 * inside
    kernel = point_spread(DeblurParameters(**SPREADS[name]))
    laid = np.zeros(plane.shape)
    laid[: kernel.shape[0], : kernel.shape[1]] = kernel
    forward = np.fft.fft2(np.roll(laid, (-(kernel.shape[0] // 2),) * 2, (0, 1)))
    filtered = np.fft.fft2(plane) * np.conj(forward) / (np.abs(forward) ** 2 + 0.003)
    wrapped = np.fft.ifft2(filtered).real
    assert np.sqrt(np.mean((wrapped - truth)[border] ** 2)) > 2.5 * inside


@pytest.mark.parametrize("name", sorted(SPREADS))
@pytest.mark.parametrize("method", ["wiener", "richardson-lucy"])
def test_an_even_area_stays(name, method, make_operation, run_whole):
    """A picture of one colour comes out as it went in, to a hundredth of a code."""
    plane = np.full((70, 90), 0.37, np.float32)
    got = run(make_operation, run_whole, plane, **SPREADS[name], method=method)
    np.testing.assert_allclose(got, plane, atol=4e-5)


@pytest.mark.parametrize("method", ["wiener", "richardson-lucy"])
def test_squares_leave_no_seam(method, make_operation, run_whole, monkeypatch):
    """Cut into many squares, the result is that of one square, to a fiftieth of a code."""
    plane, _ = blurred(scene(300, 330), SPREADS["defocus"], noise=1)
    values = SPREADS["defocus"] | {"method": method, "iterations": 20}
    cut = run(make_operation, run_whole, plane, **values)
    monkeypatch.setattr(module, "deblur_tile", lambda margin: 1024 if margin < 250 else 2048)
    whole = run(make_operation, run_whole, plane, **values)
    assert np.abs(cut - whole).max() * 255 < 0.02


def test_a_region_of_many_squares_has_the_bits_of_the_whole(make_operation, make_picture, layouts):
    """The grid of squares is the picture's: where a region begins makes no difference."""
    shape = FrameShape(500, 620, layouts["420-left"])
    operation = make_operation("deblur", shape, psf="defocus", radius=2)
    frame = make_picture(shape)
    whole = operation.apply([frame], 0, shape.whole)
    for out in (Region(62, 254, 20, 300), Region(2, 0, 400, 40), Region(480, 500, 20, 120)):
        part = operation.apply([frame.cut(operation.needs(out))], 0, out)
        for got, expected in zip(part.planes, whole.cut(out).planes, strict=True):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", sorted(SPREADS))
def test_its_forward_model_is_the_stated_blur(name, make_operation):
    """Read backwards, the operation convolves with its point spread, as SciPy does."""
    plane = scene(50, 60).astype(np.float32)
    shape = FrameShape(50, 60, GRAY)
    parameters = DeblurParameters(**SPREADS[name])
    back = module.backwards(parameters, make_operation("deblur", shape, **SPREADS[name]))
    got = back.apply([Block((plane,), shape.whole, shape)], 0, shape.whole).planes[0]
    expected = ndimage.convolve(plane.astype(np.float64), point_spread(parameters), mode="nearest")
    np.testing.assert_allclose(got, expected, atol=2e-6)


@pytest.mark.parametrize(
    "values",
    [
        {"psf": "motion"},
        {"psf": "motion", "length": 5, "radius": 2},
        {"psf": "kernel", "kernel": ["1 2", "3 4"]},
        {"psf": "kernel", "kernel": ["1 2 1", "3 4"]},
        {"psf": "kernel", "kernel": ["0 0 0"]},
        {"psf": "kernel", "kernel": ["0 -1 3"]},
        {"psf": "kernel", "kernel": ["0 nan 3"]},
        {"psf": "kernel", "kernel": ["a b c"]},
        {"psf": "kernel", "kernel": []},
        {"psf": "kernel", "kernel": [" ".join(["1"] * 65)]},
    ],
)
def test_what_is_no_point_spread_is_refused(values):
    """One shape with its own size, or a kernel with a middle: nothing else is taken."""
    with pytest.raises(ValidationError):
        DeblurParameters(**values)
