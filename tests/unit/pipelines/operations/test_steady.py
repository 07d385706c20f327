"""`steady`: flicker falls, what moves is followed, and nothing leaves a trail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from pipelines.media.picture import Block, Family, FrameShape, PixelLayout, native_from_block
from pipelines.operations.block_motion import OwnBlocks, block_shifts
from pipelines.quality.unrest import UnrestMeter, cells_of

GRAY = PixelLayout(Family.GRAY)
SCENE = data.camera().astype(np.float32) / 255


def frame(plane):
    """A gray frame."""
    shape = FrameShape(plane.shape[0], plane.shape[1], GRAY)
    return Block((np.ascontiguousarray(plane, np.float32),), shape.whole, shape)


def flicker(shape, seed, codes=2.5):
    """What a network that looks at single frames does otherwise each time: smooth, over areas."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(0, 1, shape), 5)
    return (noise / noise.std() * codes / 255).astype(np.float32)


def steadied(make_operation, frames, **values):
    """Every frame of a clip through the operation."""
    operation = make_operation("steady", frames[0].shape, **values)
    made = []
    for centre in range(len(frames)):
        first = max(0, centre - operation.before)
        window = frames[first : centre + operation.after + 1]
        made.append(operation.apply(window, centre - first, frames[0].region))
    return made


def unrest(frames):
    """The product's own measure of flicker, in codes."""
    meter = UnrestMeter()
    for one in frames:
        meter.add(cells_of(native_from_block(one), one.shape, one.region))
    return meter.unrest.mean


def test_flicker_falls(make_operation):
    """On a still scene the measured flicker falls by more than half, and no detail is lost."""
    scene = SCENE[100:244, 150:342]
    frames = [frame(scene + flicker(scene.shape, n)) for n in range(9)]
    made = steadied(make_operation, frames, strength=5)
    assert unrest(made) < 0.5 * unrest(frames)
    errors = [float(np.std(one.planes[0] - scene)) for one in (frames[4], made[4])]
    assert errors[1] < 0.6 * errors[0]


def test_flicker_falls_where_the_camera_moves(make_operation):
    """Along a motion of several samples a frame flicker falls too; without following it, less."""
    frames, truths = [], []
    for n in range(7):
        scene = SCENE[100 + 2 * n : 228 + 2 * n, 150 + 5 * n : 310 + 5 * n]
        truths.append(scene)
        frames.append(frame(scene + flicker(scene.shape, n)))
    followed, still = (
        steadied(make_operation, frames, strength=5, search=search)[3].planes[0] - truths[3]
        for search in (8, 0)
    )
    inner = (slice(24, -24), slice(24, -24))
    before = np.std((frames[3].planes[0] - truths[3])[inner])
    assert np.std(followed[inner]) < 0.65 * before
    assert np.std(followed[inner]) < 0.8 * np.std(still[inner])


@pytest.mark.parametrize("search", [0, 8])
@pytest.mark.parametrize("step", [3, 25])
def test_a_moving_edge_leaves_no_trail(step, search, make_operation):
    """Beside a square that moves over a flickering scene, no trail is above the strength."""
    scene = 0.5 * SCENE[100:228, 150:310]
    frames, truths = [], []
    for n in range(5):
        truth = scene.copy()
        truth[40:80, 20 + step * n : 50 + step * n] = 0.95
        truths.append(truth)
        frames.append(frame(truth + flicker(truth.shape, n, codes=1)))
    made = steadied(make_operation, frames, strength=4, search=search)[2].planes[0]
    moved = np.abs(made - frames[2].planes[0]) * 255
    assert moved.max() <= 4.001
    # Within a few samples of where the square was, is and will be, the error is flicker alone.
    error = (made - truths[2])[38:82, 10:160] * 255
    assert np.sqrt(np.mean(error**2)) < 1.3


def test_a_cut_is_respected(make_operation):
    """Across a cut nothing is mixed: the frames beside it are those of their own scene alone."""
    first = [frame(SCENE[100:196, 150:278] + flicker((96, 128), n)) for n in range(3)]
    second = [frame(1 - SCENE[300:396, 20:148] + flicker((96, 128), n + 9)) for n in range(3)]
    together = steadied(make_operation, [*first, *second])
    alone = steadied(make_operation, first)
    np.testing.assert_array_equal(together[2].planes[0], alone[2].planes[0])


def test_shifts_are_found():
    """Nearly every block of a shifted frame is found where it is; flat sky says nothing."""
    own, other = SCENE[100:228, 150:310], SCENE[95:223, 157:317]
    shape = FrameShape(128, 160, GRAY)
    whole = shape.whole
    down, across = block_shifts(OwnBlocks(own, whole, whole, shape), other, whole, search=8)
    assert (down[1:-1, 1:-1] == 5).mean() > 0.85
    assert (across[1:-1, 1:-1] == -7).mean() > 0.85


def test_an_even_picture_does_not_move():
    """Where nothing tells one shift from another, none is taken."""
    even = np.full((64, 64), 0.4, np.float32)
    shape = FrameShape(64, 64, GRAY)
    own = OwnBlocks(even, shape.whole, shape.whole, shape)
    down, across = block_shifts(own, even, shape.whole, search=8)
    assert not down.any()
    assert not across.any()


def test_equal_frames_are_handed_through(make_operation, make_picture, layouts):
    """Frames that are all alike come out as they came in."""
    shape = FrameShape(40, 52, layouts["420-left"])
    one = make_picture(shape)
    operation = make_operation("steady", shape, radius=1)
    made = operation.apply([one, one, one], 1, shape.whole)
    for got, expected in zip(made.planes, one.planes, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-6)
