"""Metrics against independent implementations, published figures and their own definitions."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from pipelines.errors import InputError, RequestError
from pipelines.quality.metrics.brisque import Brisque
from pipelines.quality.metrics.calibration import calibrate, textured
from pipelines.quality.metrics.consistency import Consistency
from pipelines.quality.metrics.fingerprint import Better, Unavailable, difference
from pipelines.quality.metrics.full_reference import MsSsim, Psnr, Ssim
from pipelines.quality.metrics.niqe import Niqe
from pipelines.quality.metrics.parameters import brisque, niqe
from pipelines.quality.metrics.pictures import Colour, picture
from pipelines.quality.metrics.temporal import Flicker

KODAK_NIQE = {1: 3.3714, 3: 4.3299, 5: 2.9273, 8: 3.0999, 12: 3.4824}
"""What BasicSR 1.4.2 says of these pictures, luma rounded to 8 bit, with the same model."""
KODAK_BRISQUE = {1: 18.6091, 3: 3.4381, 5: 6.6877, 8: 11.1868, 12: 7.1138}
"""What the quality module of OpenCV 5.0.0 says of them."""


@pytest.fixture
def noisy() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A result with noise and its reference, RGB in code values."""
    rows, columns = np.mgrid[0:200, 0:240]
    waves = [120 + 60 * np.sin(columns / at) + 40 * np.cos(rows / (at + 2)) for at in (5, 9, 14)]
    clean = np.clip(np.rint(np.stack(waves, axis=-1)), 0, 255)
    noise = np.random.default_rng(1).normal(0, 9, clean.shape)
    return np.clip(np.rint(clean + noise), 0, 255), clean


def kodak(shared: Path, number: int) -> NDArray[np.float64]:
    """A photograph of the suite."""
    return picture(np.asarray(Image.open(shared / "photos" / "kodak" / f"kodim{number:02d}.png")))


@pytest.mark.parametrize("colour", list(Colour))
def test_psnr_and_ssim_are_those_of_scikit_image(
    colour: Colour, noisy: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> None:
    """PSNR and SSIM agree with an independent library in every colour convention."""
    found, wanted = (colour.of(one) for one in noisy)
    axis = -1 if found.ndim == 3 else None
    expected = peak_signal_noise_ratio(wanted, found, data_range=255)
    assert Psnr(colour).score(*noisy).value == pytest.approx(expected, abs=1e-9)
    expected = structural_similarity(
        found, wanted, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255, channel_axis=axis,
    )  # fmt: skip
    assert Ssim(colour).score(*noisy).value == pytest.approx(expected, abs=1e-9)


def test_luma_of_the_papers_is_matlabs() -> None:
    """Black, white and the primaries have the luma that rgb2ycbcr gives them."""
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    assert Colour.Y_STUDIO.of(picture(colours)).tolist() == [[16, 235, 81, 145, 41]]


def test_deep_samples_count_as_code_values_of_eight_bit() -> None:
    """White is 255 whatever the bit depth."""
    assert picture(np.full((2, 2), 1023), depth=10).max() == 255
    with pytest.raises(RequestError, match="takes"):
        picture(np.zeros((2, 2, 4)))


def test_a_border_is_cut_off(noisy: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    """What lies in the border has no part in the score."""
    found, wanted = noisy
    spoilt = found.copy()
    spoilt[:4] = 0
    assert Psnr(crop=4).score(spoilt, wanted) == Psnr(crop=4).score(found, wanted)
    assert Psnr().score(spoilt, wanted).value < Psnr().score(found, wanted).value
    with pytest.raises(RequestError, match="Nothing is left"):
        Psnr(crop=100).score(found, wanted)


def test_unlike_pictures_and_small_ones_are_refused() -> None:
    """Pictures of different shapes, and those smaller than a window, have no score."""
    with pytest.raises(RequestError, match="cannot be scored"):
        Psnr().score(np.zeros((8, 8)), np.zeros((8, 9)))
    with pytest.raises(RequestError, match="SSIM needs"):
        Ssim().score(np.zeros((8, 8)), np.zeros((8, 8)))
    with pytest.raises(RequestError, match="SSIM needs"):
        MsSsim().score(np.zeros((64, 64)), np.zeros((64, 64)))


def test_ms_ssim_falls_as_noise_rises() -> None:
    """More noise means less similarity at every step, and equal pictures have 1."""
    clean = textured()
    noise = np.random.default_rng(2).normal(0, 1, clean.shape)
    values = [MsSsim().score(clean + noise * step, clean).value for step in (0, 5, 15, 40)]
    assert values == sorted(values, reverse=True)
    assert values[0] == 1


def test_scores_made_differently_are_not_compared() -> None:
    """A difference between unlike fingerprints is refused with what is unlike."""
    one, other = np.full((32, 32), 90.0), np.full((32, 32), 100.0)
    mine = Psnr().score(one, other)
    assert difference(mine, mine) == 0
    with pytest.raises(RequestError, match=r"\(crop\)"):
        difference(mine, Psnr(crop=2).score(one, other))
    with pytest.raises(RequestError, match=r"\(colour\)"):
        difference(mine, Psnr(Colour.RGB).score(one, other))
    assert mine.better is Better.HIGHER
    assert len({Psnr(crop=crop).fingerprint.digest() for crop in range(4)}) == 4


PARAMETERLESS: tuple[Psnr | Ssim | MsSsim | Consistency | Flicker, ...] = (
    *(Psnr(), Ssim(), MsSsim(), Psnr(Colour.RGB), Ssim(Colour.RGB), MsSsim(Colour.RGB)),
    *(Consistency(), Flicker()),
)


@pytest.mark.parametrize("metric", PARAMETERLESS)
def test_metrics_hold_their_known_pairs(
    metric: Psnr | Ssim | MsSsim | Consistency | Flicker,
) -> None:
    """Each metric says what its definition demands of pairs that are known."""
    known = calibrate(metric)
    assert len(known) >= 2
    assert all(one.holds for one in known), known


def test_no_two_metrics_have_one_fingerprint() -> None:
    """A fingerprint names its metric, parameters, colours and crop, and every one is another."""
    digests = {one.fingerprint.digest() for one in PARAMETERLESS}
    assert len(digests) == len(PARAMETERLESS)
    for one in PARAMETERLESS:
        stated = one.fingerprint.as_json()
        assert set(stated) == {"metric", "implementation", "parameters", "colour", "crop"}
        assert stated["implementation"]
        assert stated["colour"]


def test_a_result_at_odds_with_its_input_is_inconsistent() -> None:
    """Texture that averages out is not seen, a moved edge is, and other sizes are refused."""
    source = textured()[:48, :48]
    large = np.repeat(np.repeat(source, 4, 0), 4, 1)
    checks = np.indices(large.shape).sum(axis=0) % 2 * 20.0 - 10.0
    assert math.isinf(Consistency().score(large + checks, source).value)
    assert Consistency().score(np.roll(large, 4, axis=1), source).value < 20
    with pytest.raises(RequestError, match="no enlargement"):
        Consistency().score(large[:-1], source)


def test_a_wrong_metric_does_not_calibrate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Self-calibration notices a metric whose peak is off by one."""
    monkeypatch.setattr("pipelines.quality.metrics.full_reference.PEAK", 256.0)
    assert not all(one.holds for one in calibrate(Psnr()))


@pytest.mark.shared_data
@pytest.mark.parametrize("number", KODAK_NIQE)
def test_niqe_is_that_of_the_reference(shared: Path, number: int) -> None:
    """NIQE agrees with the reference implementation on photographs."""
    metric = niqe([shared / "weights"])
    assert isinstance(metric, Niqe)
    found = metric.score(kodak(shared, number)).value
    assert found == pytest.approx(KODAK_NIQE[number], abs=6e-4)


@pytest.mark.shared_data
@pytest.mark.parametrize("number", KODAK_BRISQUE)
def test_brisque_is_that_of_the_reference(shared: Path, number: int) -> None:
    """BRISQUE agrees with the reference implementation on photographs."""
    metric = brisque([shared / "weights"])
    assert isinstance(metric, Brisque)
    found = metric.score(kodak(shared, number)).value
    assert found == pytest.approx(KODAK_BRISQUE[number], abs=0.02)


@pytest.mark.shared_data
def test_learnt_metrics_calibrate_and_see_noise(shared: Path) -> None:
    """NIQE and BRISQUE hold their known picture, and a noisy photograph scores worse."""
    folders = [shared / "weights"]
    clean = kodak(shared, 3)
    noisy = clean + np.random.default_rng(3).normal(0, 25, clean.shape)
    for metric in (niqe(folders), brisque(folders)):
        assert not isinstance(metric, Unavailable)
        assert all(one.holds for one in calibrate(metric))
        assert metric.score(noisy).value > metric.score(clean).value + 1


def test_missing_parameters_are_unavailable_and_never_zero(tmp_path: Path) -> None:
    """Without its parameter file, or with another under its name, a metric gives no number."""
    (tmp_path / "niqe_pris_params.npz").write_bytes(b"something else")
    for metric in (niqe([tmp_path]), brisque([tmp_path])):
        assert isinstance(metric, Unavailable)
        assert "SHA-256" in metric.reason


def test_damaged_parameters_are_refused() -> None:
    """A parameter file of another form is an error in words."""
    with pytest.raises(InputError, match="NIQE"):
        Niqe.read(b"PK\x03\x04 nothing", sha256="")
    with pytest.raises(InputError, match="BRISQUE"):
        Brisque.read(b"%YAML", b"%YAML", sha256=("", ""))


def test_equal_pictures_have_no_finite_psnr() -> None:
    """Equal pictures give infinity rather than a large number of somebody's choosing."""
    assert math.isinf(Psnr().score(textured(), textured()).value)
