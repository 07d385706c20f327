"""`denoise_temporal`: what it averages, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipelines.media.picture import Block, Family, FrameShape, PixelLayout

GRAY = PixelLayout(Family.GRAY)
PATCH = np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1]) / 81


def clip(truths, codes, seed=0):
    """Gray frames with independent noise of so many 8-bit code values."""
    rng = np.random.default_rng(seed)
    frames = []
    for truth in truths:
        plane = (truth + rng.normal(0, codes / 255, truth.shape)).astype(np.float32)
        shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
        frames.append(Block((plane,), shape.whole, shape))
    return frames


def scene(height=60, width=80):
    """Make a smooth picture with an edge."""
    y, x = np.mgrid[0:height, 0:width]
    return 0.5 + 0.2 * np.sin(0.2 * x) * np.cos(0.15 * y) + 0.2 * (x > width // 2)


def run(make_operation, frames, centre, **values):
    """Compute the result for one frame of a window."""
    operation = make_operation("denoise_temporal", frames[0].shape, **values)
    return operation.apply(frames, centre, frames[0].region).planes


@pytest.mark.parametrize("centre", [0, 1, 2])
def test_it_is_the_stated_weighted_mean(centre, make_operation):
    """The mean is in + sum w (other - in) / (1 + sum w), w = 1 / (1 + max(u/8, v/2)**4)."""
    frames = clip([scene(30, 33)] * 3, 4)
    own = frames[centre].planes[0].astype(np.float64)
    total, shift = np.ones_like(own), np.zeros_like(own)
    for position, frame in enumerate(frames):
        if position == centre:
            continue
        difference = frame.planes[0] - own
        u = difference**2 / (2 * (4 / 255) ** 2)
        v = ndimage.convolve(u, PATCH, mode="nearest")
        weight = 1 / (1 + np.maximum(u / 8, v / 2) ** 4)
        total += weight
        shift += weight * difference
    got = run(make_operation, frames, centre, strength=4.0)[0]
    np.testing.assert_allclose(got, own + shift / total, atol=1e-6)


@pytest.mark.parametrize(("radius", "gain"), [(1, 4.2), (2, 6.1), (3, 7.3)])
def test_what_stands_still_gains_nearly_all(radius, gain, make_operation):
    """In a still scene n frames gain nearly the 10 log10 n dB that a plain mean would."""
    truth = scene()
    frames = clip([truth] * (2 * radius + 1), 5)
    got = run(make_operation, frames, radius, strength=5.0, radius=radius)[0]
    before = np.mean((frames[radius].planes[0] - truth) ** 2)
    after = np.mean((got - truth) ** 2)
    assert 10 * np.log10(before / after) > gain


def moving(position, size=12):
    """Put a bright square on the scene."""
    truth = scene()
    truth[20 : 20 + size, position : position + size] = 0.95
    return truth


@pytest.mark.parametrize("size", [12, 3])
def test_what_moves_leaves_no_ghost(size, make_operation):
    """Where the square was and where it will be, the frame is as free of it as the scene."""
    frames = clip([moving(p, size) for p in (10, 25, 40)], 4)
    got = run(make_operation, frames, 1, strength=4.0)[0]
    truth = moving(25, size)
    for left in (10, 25, 40):
        place = np.s_[20 : 20 + size, left : left + size]
        assert abs((got - truth)[place].mean()) * 255 < 4 / size + 1
    error = np.abs(ndimage.uniform_filter(got - truth, 3))[3:-3, 3:-3]
    assert error.max() * 255 < 4 * 4 / 3 * 1.5


def test_one_faint_pixel_that_appears_is_not_averaged_away(make_operation):
    """A single pixel that differs by eight times the noise keeps its height."""
    truths = [np.full((21, 21), 0.4) for _ in range(3)]
    truths[1][10, 10] += 8 * 3 / 255
    frames = clip(truths, 0.01)
    got = run(make_operation, frames, 1, strength=3.0)[0]
    assert (got[10, 10] - 0.4) * 255 > 0.99 * 24


def test_a_change_of_light_is_not_mixed(make_operation):
    """Frames that are brighter as a whole by six times the noise are left out."""
    truth = scene()
    frames = clip([truth, truth + 24 / 255, truth], 4)
    got = run(make_operation, frames, 1, strength=4.0)[0]
    assert abs((got - truth).mean() * 255 - 24) < 0.5


def test_equal_frames_give_the_frame(layouts, make_picture, make_operation):
    """Where nothing differs, nothing changes: the result is the frame, to the bit."""
    for layout in layouts.values():
        frame = make_picture(FrameShape(14, 19, layout))
        planes = run(make_operation, [frame] * 5, 2, strength=3.0, radius=2)
        for got, plane in zip(planes, frame.planes, strict=True):
            np.testing.assert_array_equal(got, plane)


def test_a_clip_of_one_frame_stays(make_operation):
    """With no other frame in the window the frame is its own result."""
    frames = clip([scene()], 5)
    got = run(make_operation, frames, 0, strength=5.0, radius=3)[0]
    np.testing.assert_array_equal(got, frames[0].planes[0])


def test_colour_that_moves_under_still_luma_is_kept(layouts, make_operation):
    """A change of chroma alone keeps other frames' chroma out; luma is still averaged."""
    layout = layouts["420-left"]
    shape = FrameShape(32, 32, layout)
    rng = np.random.default_rng(0)
    frames = []
    for moment in range(3):
        luma = (0.5 + rng.normal(0, 3 / 255, (32, 32))).astype(np.float32)
        cb = np.full((16, 16), 0.5, dtype=np.float32)
        cb[4:12, 4:12] += 0.2 if moment == 1 else 0.0
        cr = np.full((16, 16), 0.5, dtype=np.float32)
        frames.append(Block((luma, cb, cr), shape.whole, shape))
    luma, cb, _ = run(make_operation, frames, 1, strength=3.0)
    np.testing.assert_allclose(cb, frames[1].planes[1], atol=1 / 255)
    assert luma.std() < 0.7 * frames[1].planes[0].std()


def test_colour_is_kept_where_luma_moves(layouts, make_operation):
    """Where luma moved, chroma of other frames is not mixed in, faint as its change may be."""
    layout = layouts["420-center-full"]
    shape = FrameShape(32, 32, layout)
    frames = []
    for moment in range(3):
        luma = np.full((32, 32), 0.3, dtype=np.float32)
        cb = np.full((16, 16), 0.5, dtype=np.float32)
        if moment == 1:
            luma[8:24, 8:24] = 0.8
            cb[4:12, 4:12] += 3 / 255
        frames.append(Block((luma, cb, cb), shape.whole, shape))
    _, cb, _ = run(make_operation, frames, 1, strength=3.0)
    np.testing.assert_allclose(cb[5:11, 5:11], 0.5 + 3 / 255, atol=1e-4)
