"""A region is found again to hundredths of a sample; copies are told from observations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipelines.analysis.fusion import Averaging
from pipelines.analysis.observations import observed, predicted
from pipelines.analysis.registration import register, shifted, window
from tests.unit.pipelines.analysis.fusion_kit import (
    PLACE,
    REGION,
    SHIFTS,
    fine_scene,
    recorded,
)


def smooth(seed: int = 0) -> np.ndarray:
    """A picture without anything finer than its samples."""
    random = np.random.default_rng(seed)
    return 120 + 400 * ndimage.gaussian_filter(random.normal(0, 1, (96, 160)), 2.5)


@pytest.mark.parametrize("shift", [(0, 0), (3.25, -2.5), (-0.4, 0.7), (6.8, 7.1), (0.02, -0.03)])
@pytest.mark.parametrize("gain", [0.0, 9.0])
def test_a_known_shift_is_found(shift, gain):
    """Whatever the fraction and the brightness, within two hundredths of a sample."""
    picture = smooth()
    reference = window(picture, *PLACE, REGION)
    other = ndimage.shift(picture, shift, order=5, mode="nearest") - gain
    found = register(reference, other, PLACE, (0.0, 0.0))
    np.testing.assert_allclose(found.shift, shift, atol=0.02)
    assert found.offset == pytest.approx(gain, abs=0.2)
    assert found.residual < 1


def test_a_camera_s_frames_are_found_through_noise_and_aliasing():
    """Real lettering, recorded with noise, is registered within a tenth of a sample."""
    scene = fine_scene()
    frames = [recorded(scene, one, noise=2, seed=n).astype(float) for n, one in enumerate(SHIFTS)]
    reference = window(frames[7], *PLACE, REGION)
    for number in (4, 6, 8, 10):
        expected = tuple(SHIFTS[7][axis] - SHIFTS[number][axis] for axis in (0, 1))
        found = register(reference, frames[number], PLACE, (0.0, 0.0))
        np.testing.assert_allclose(found.shift, expected, atol=0.1)


def test_shifting_by_whole_samples_is_exact():
    """Nothing is computed where nothing lies between samples; edges go on."""
    picture = smooth()
    np.testing.assert_array_equal(
        shifted(picture, PLACE, REGION, (2.0, -3.0)), window(picture, 26, 37, REGION)
    )
    assert (window(picture, -5, 0, (3, 4)) == picture[0, :4]).all()


@pytest.mark.parametrize("quarters", [(0, 0), (4, -8), (2, 0), (0, 2), (1, 3), (-5, 6)])
def test_what_a_codec_predicts_is_a_copy(quarters):
    """A region that is a predicted block of the frame before, with nothing added, is no look."""
    before = np.rint(smooth())
    own = before.copy()
    top, left = PLACE
    own[top : top + REGION[0], left : left + REGION[1]] = np.rint(
        predicted(before, PLACE, REGION, quarters)
    )
    moved = (-quarters[0] / 4, -quarters[1] / 4)
    assert not observed(own, before, PLACE, REGION, moved).any()


def test_a_new_look_is_an_observation():
    """The same scene with noise of its own is observed in every block, a half copied one half."""
    random = np.random.default_rng(4)
    scene = smooth()
    before, own = (np.rint(scene + random.normal(0, 2, scene.shape)) for _ in range(2))
    assert observed(own, before, PLACE, REGION, (0.0, 0.0)).all()
    own[: PLACE[0] + 24] = before[: PLACE[0] + 24]
    found = observed(own, before, PLACE, REGION, (0.0, 0.0))
    assert not found[:24].any()
    assert found[24:].all()


@pytest.mark.parametrize("shift", [0.0, 0.3, -0.5, 0.5, -0.21])
@pytest.mark.parametrize("scale", [2, 3])
def test_averaging_and_its_transpose_belong_together(shift, scale):
    """<A x, y> = <x, A' y>, means of a constant are that constant, and a ramp is moved."""
    random = np.random.default_rng(6)
    view = Averaging(10, scale, shift)
    x, y = random.normal(size=(10 * scale, 4)), random.normal(size=(10, 4))
    assert np.vdot(view.apply(x), y) == pytest.approx(np.vdot(x, view.back(y)))
    np.testing.assert_allclose(view.apply(np.ones((10 * scale, 1))), 1)
    ramp = (np.arange(10 * scale)[:, None] + 0.5) / scale
    np.testing.assert_allclose(view.apply(ramp)[2:-2, 0], np.arange(2, 8) + 0.5 + shift, atol=1e-12)
