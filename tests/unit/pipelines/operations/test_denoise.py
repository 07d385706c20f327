"""`denoise`: the stated transform, and what it gains on photographs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn, idctn
from skimage import data
from skimage.restoration import denoise_bilateral, denoise_nl_means, denoise_tv_chambolle

from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.operations.shrinkage import THRESHOLD, noise_of

SIZE = 6
GRAY = PixelLayout(Family.GRAY)


def photograph(rows, columns):
    """Take a part of scikit-image's cameraman, 0..1."""
    return (data.camera()[rows, columns] / 255).astype(np.float64)


def noisy(plane, codes, seed=0):
    """White Gaussian noise of so many 8-bit code values on top."""
    noise = np.random.default_rng(seed).normal(0, codes / 255, plane.shape)
    return (plane + noise).astype(np.float32)


def psnr(plane, truth):
    """In dB, peak 1."""
    return -10 * np.log10(np.mean((plane.astype(np.float64) - truth) ** 2))


def by_the_book(plane, strength):
    """Follow the module's docstring, block by block in float64."""
    margin = SIZE - 1
    padded = np.pad(plane.astype(np.float64) * 255, margin, mode="symmetric")
    total = np.zeros_like(padded)
    power = (THRESHOLD * strength) ** 8
    for y in range(padded.shape[0] - margin):
        for x in range(padded.shape[1] - margin):
            block = np.s_[y : y + SIZE, x : x + SIZE]
            c = dctn(padded[block], norm="ortho")
            noise = c * power / (c**8 + power)
            noise[0, 0] = 0
            total[block] += idctn(noise, norm="ortho")
    return total[margin:-margin, margin:-margin] / SIZE**2 / 255


@pytest.mark.parametrize("strength", [2.0, 10.0])
@pytest.mark.parametrize("size", [(17, 30), (1, 9), (2, 2)])
def test_noise_is_what_the_blocks_call_noise(strength, size):
    """The fast sliding transform equals SciPy's DCT of every block."""
    plane = noisy(photograph(slice(100, 100 + size[0]), slice(200, 200 + size[1])), 8)
    np.testing.assert_allclose(noise_of(plane, strength), by_the_book(plane, strength), atol=3e-6)


@pytest.mark.parametrize(("codes", "gain"), [(2, 1.5), (5, 3.5), (10, 5.5), (20, 7.5)])
def test_it_gains_what_it_should(codes, gain):
    """On a photograph with known noise, PSNR rises by the stated gain and beats non-local means.

    Non-local means, bilateral filter and total variation are scikit-image's, with the
    parameters of its documentation scaled to the noise.
    """
    truth = photograph(slice(60, 260), slice(150, 350))
    source = noisy(truth, codes)
    sigma = codes / 255
    ours = psnr(source - noise_of(source, codes), truth)
    others = {
        "nl-means": denoise_nl_means(
            source, patch_size=5, patch_distance=6, h=0.7 * sigma, sigma=sigma
        ),
        "bilateral": denoise_bilateral(
            np.clip(source, 0, 1), sigma_color=2 * sigma, sigma_spatial=2
        ),
        "total variation": denoise_tv_chambolle(source, weight=1.2 * sigma),
    }
    assert ours > psnr(source, truth) + gain
    for name, plane in others.items():
        assert ours > psnr(plane, truth), name


def test_edges_stay_where_they_are():
    """A hard edge of 100 codes in noise keeps nine tenths of its height between two pixels."""
    truth = np.full((40, 40), 0.3)
    truth[:, 20:] += 100 / 255
    source = noisy(truth, 5)
    clean = source - noise_of(source, 5)
    step = (clean[:, 20] - clean[:, 19]).mean() * 255
    assert step > 90


def test_a_constant_does_not_drift():
    """A flat plane comes out flat, to a hundredth of a 16-bit step, at any level and strength."""
    for level in (0.0, 0.3, 1.0, -0.05, 1.2):
        plane = np.full((30, 300), level, dtype=np.float32)
        assert np.abs(noise_of(plane, 10.0)).max() < 0.01 / 65535 * 16


def test_no_strength_overflows():
    """The whole range of strengths and of values gives finite samples."""
    rng = np.random.default_rng(0)
    plane = rng.uniform(-4, 5, (30, 30)).astype(np.float32)
    for strength in (1e-6, 0.01, 1.0, 50.0):
        assert np.isfinite(noise_of(plane, strength)).all()
    assert np.abs(noise_of(plane, 1e-6)).max() < 1e-6


def test_depth_does_not_matter(make_operation, run_whole):
    """Strength is in 8-bit code values at any depth: equal samples give equal results."""
    plane = noisy(photograph(slice(0, 40), slice(0, 40)), 5)
    results = []
    for depth in (8, 12, 16):
        shape = FrameShape(40, 40, PixelLayout(Family.GRAY, depth))
        operation = make_operation("denoise", shape, strength=5)
        results.append(run_whole(operation, [Block((plane,), shape.whole, shape)]).planes[0])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_each_plane_has_its_strength(layouts, make_picture, make_operation, run_whole):
    """Luma is treated with `strength`, Cb and Cr with `chroma_strength`, each on its own grid."""
    frame = make_picture(FrameShape(31, 45, layouts["420-left"]))
    operation = make_operation("denoise", frame.shape, strength=4.0, chroma_strength=9.0)
    result = run_whole(operation, [frame])
    for got, plane, strength in zip(result.planes, frame.planes, (4.0, 9.0, 9.0), strict=True):
        np.testing.assert_array_equal(got, plane - noise_of(plane, strength))


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"strength": 0.0, "chroma_strength": 5.0}, {0}),
        ({"strength": 5.0, "chroma_strength": 0.0}, {1, 2}),
    ],
)
def test_strength_nought_leaves_planes_alone(
    values, kept, layouts, make_picture, make_operation, run_whole
):
    """A plane whose strength is 0 comes out bit for bit."""
    frame = make_picture(FrameShape(20, 20, layouts["422-left"]))
    result = run_whole(make_operation("denoise", frame.shape, **values), [frame])
    same = {
        k
        for k, (got, plane) in enumerate(zip(result.planes, frame.planes, strict=True))
        if np.array_equal(got, plane)
    }
    assert same == kept


@pytest.mark.parametrize(
    "values",
    [
        {"strength": 6.0, "chroma_strength": 3.0},
        {"strength": 6.0, "chroma_strength": 0.0},
        {"strength": 0.0, "chroma_strength": 6.0},
    ],
)
def test_rgb_goes_by_way_of_luma_and_colour_differences(
    values, make_picture, make_operation, run_whole
):
    """RGB gives what converting to JFIF's YCbCr, denoising each plane, and back would give."""
    frame = make_picture(FrameShape(24, 30, PixelLayout(Family.RGB)))
    r, g, b = (plane.astype(np.float64) for plane in frame.planes)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    cb, cr = (b - y) / 1.772, (r - y) / 1.402
    strengths = (values["strength"], values["chroma_strength"], values["chroma_strength"])
    planes = []
    for plane, strength in zip((y, cb, cr), strengths, strict=True):
        part = plane.astype(np.float32)
        planes.append(part - noise_of(part, strength) if strength else part)
    y, cb, cr = planes
    expected = (
        y + 1.402 * cr,
        y - (0.114 * 1.772 / 0.587) * cb - (0.299 * 1.402 / 0.587) * cr,
        y + 1.772 * cb,
    )
    result = run_whole(make_operation("denoise", frame.shape, **values), [frame])
    for got, plane in zip(result.planes, expected, strict=True):
        np.testing.assert_allclose(got, plane, atol=2e-6)


def test_gray_in_rgb_stays_gray(make_operation, run_whole):
    """Noise that is equal in R, G and B is taken out without any colour appearing."""
    plane = noisy(photograph(slice(0, 30), slice(0, 30)), 6)
    shape = FrameShape(30, 30, PixelLayout(Family.RGB))
    operation = make_operation("denoise", shape, strength=6.0)
    red, green, blue = run_whole(operation, [Block((plane,) * 3, shape.whole, shape)]).planes
    assert np.abs(red - plane).max() > 1 / 255
    np.testing.assert_allclose(red, green, atol=5e-7)
    np.testing.assert_allclose(blue, green, atol=5e-7)
