"""`stabilise`: the motion that it finds, the path that it makes, and where it holds still."""

from __future__ import annotations

import cmath
import itertools

import cv2
import numpy as np
import pytest
from skimage import data

from pipelines.errors import RequestError
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.operations.motion import Motion, motion_between, sketch

GRAY = PixelLayout(Family.GRAY)
SCENE = data.camera().astype(np.float32) / 255


def view(turn, shift, *, height=180, width=240, noise=0.008, seed=0, scene=SCENE):
    """Draw the scene moved by z' = turn z + shift about the frame's middle, by OpenCV."""
    back, away = 1 / turn, -shift / turn
    middle = complex((width - 1) / 2, (height - 1) / 2)
    place = away - back * middle + complex(250, 230)
    matrix = np.array([[back.real, -back.imag, place.real], [back.imag, back.real, place.imag]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpAffine(scene, matrix, (width, height), flags=flags)
    drawn = drawn + np.random.default_rng(seed).normal(0, noise, drawn.shape)
    shape = FrameShape(height, width, GRAY)
    return Block((drawn.astype(np.float32),), shape.whole, shape)


def found(one, other):
    """Estimate the motion between two frames."""
    return motion_between(sketch(one.planes[0]), sketch(other.planes[0]))


@pytest.mark.parametrize(
    ("turn", "shift"),
    [
        (1, 2.3 - 1.6j),
        (1, 31 - 22j),
        (cmath.exp(0.03j), 5 + 3j),
        (1.02 * cmath.exp(-0.02j), -9 + 4j),
    ],
)
def test_the_motion_is_found(turn, shift):
    """Shift, turn and scale of noisy frames are found to a tenth of a sample at the corners."""
    got = found(view(1, 0, seed=1), view(turn, shift, seed=2))
    corner = complex(120, 90)
    assert got.same_scene
    for place in (corner, -corner, corner.conjugate()):
        assert abs((got.a - turn) * place + got.b - shift) < 0.1


def test_a_thing_that_moves_by_itself_has_little_say():
    """The camera's motion is found although a fifth of the frame moves otherwise."""
    before, after = view(1, 0, seed=1), view(1, 4 + 2j, seed=2)
    patch = data.coins()[:80, :110].astype(np.float32) / 255
    before.planes[0][60:140, 40:150] = patch
    after.planes[0][52:132, 60:170] = patch
    assert abs(found(before, after).b - (4 + 2j)) < 0.3


def test_a_cut_is_told():
    """Two frames of different scenes are not one scene that moved."""
    other = data.coins()[:180, :240].astype(np.float32) / 255
    shape = FrameShape(180, 240, GRAY)
    assert not found(view(1, 0), Block((other,), shape.whole, shape)).same_scene


def test_motions_undo_and_follow_each_other():
    """A motion, another, and both undone lead back."""
    one, other = Motion(cmath.exp(0.2j), 3 - 1j), Motion(1.1 + 0j, -2 + 5j)
    back = one.then(other).then(other.undone()).then(one.undone())
    assert abs(back.a - 1) < 1e-12
    assert abs(back.b) < 1e-12


def shaken(frames=21, *, seed=5):
    """Places of a camera that moves evenly and shakes."""
    rng = np.random.default_rng(seed)
    return [
        (cmath.exp(1j * rng.normal(0, 0.006)), complex(*rng.normal(0, 2.2, 2)) + 0.7 * n)
        for n in range(frames)
    ]


def places(operation, clip):
    """Where the middle of the first frame lies in every result frame, found from the results."""
    results = []
    for centre in range(len(clip)):
        first = max(0, centre - operation.before)
        window = clip[first : centre + operation.after + 1]
        whole = operation.result.whole
        results.append(operation.apply(window, centre - first, whole))
    steps = [found(one, other).b for one, other in itertools.pairwise(results)]
    return np.cumsum([0, *steps])


def jerk(path):
    """How unevenly a path runs: the mean size of its second differences."""
    return float(np.abs(np.diff(path, 2)).mean())


@pytest.mark.parametrize("border", ["crop", "black"])
def test_the_path_is_smooth(border, make_operation):
    """Shaking falls to a quarter or less, and the even part of the motion stays."""
    way = shaken()
    clip = [view(turn, shift, seed=n) for n, (turn, shift) in enumerate(way)]
    operation = make_operation("stabilise", clip[0].shape, radius=6, border=border, margin=0.12)
    path = places(operation, clip)
    inner = slice(4, -4)
    before = jerk(np.array([shift for _, shift in way])[inner])
    assert jerk(path[inner]) < before / 4
    assert np.diff(path[inner]).real.mean() == pytest.approx(0.7, abs=0.3)


def test_the_window_ends_at_a_cut(make_operation):
    """Frames of another scene change nothing: the bits are those of the scene alone."""
    scene = [view(turn, shift, seed=n) for n, (turn, shift) in enumerate(shaken(6))]
    other = [
        view(turn, shift, seed=n, scene=np.flipud(data.coins()[:, :384] / 255).astype(np.float32))
        for n, (turn, shift) in enumerate(shaken(4, seed=9))
    ]
    other = [Block((1 - one.planes[0],), one.region, one.shape) for one in other]
    operation = make_operation("stabilise", scene[0].shape, radius=6)
    whole = operation.result.whole
    alone = operation.apply(scene, 4, whole)
    beside = operation.apply([*scene, *other], 4, whole)
    np.testing.assert_array_equal(alone.planes[0], beside.planes[0])


def test_nothing_is_made_up_at_the_rims(make_operation):
    """With `crop` no sample lies beyond the picture, however far the frames were shaken."""
    clip = [view(1, 25 * (-1) ** n, seed=n) for n in range(5)]
    for one in clip:
        np.add(one.planes[0], 0.3, out=one.planes[0])
    operation = make_operation("stabilise", clip[0].shape, radius=2, margin=0.05)
    result = operation.apply(clip, 2, operation.result.whole)
    assert (result.shape.height, result.shape.width) == (162, 216)
    assert result.planes[0].min() > 0.15
    black = make_operation("stabilise", clip[0].shape, radius=2, border="black")
    assert (black.apply(clip, 2, black.result.whole).planes[0] == 0).any()


def test_a_region_is_held_still(make_operation):
    """Measured on a region, the motion of what lies there is smoothed and not that of the rest."""
    patch = data.coins()[40:140, 40:160].astype(np.float32) / 255
    rng = np.random.default_rng(3)
    clip, at = [], []
    for n in range(13):
        frame = view(1, 0, seed=n)
        down, across = (int(one) for one in rng.integers(-3, 4, 2))
        frame.planes[0][40 + down : 140 + down, 60 + across : 180 + across] = patch
        clip.append(frame)
        at.append(complex(across, down))
    region = {"x": 70, "y": 50, "width": 100, "height": 80}
    operation = make_operation("stabilise", clip[0].shape, radius=5, border="black", **region)
    moved = [
        operation.correction(clip[max(0, n - 5) : n + 6], min(n, 5)).b + at[n] for n in range(13)
    ]
    assert jerk(np.array(moved)) < jerk(np.array(at)) / 4


def test_a_flat_frame_stays(make_operation):
    """Where there is nothing to hold on to, nothing is moved."""
    shape = FrameShape(60, 80, GRAY)
    frames = [Block((np.full((60, 80), 0.4, np.float32),), shape.whole, shape)] * 3
    operation = make_operation("stabilise", shape, radius=1, border="black")
    result = operation.apply(frames, 1, shape.whole)
    np.testing.assert_allclose(result.planes[0], 0.4, atol=1e-6)


def test_a_region_outside_is_refused(make_operation):
    """A region that the picture does not hold is refused."""
    with pytest.raises(RequestError, match="beyond the picture"):
        make_operation("stabilise", FrameShape(60, 80, GRAY), x=60, width=32)
