"""Judging networks: pinned pictures, no overlap, and numbers that mean what they say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from models import catalog
from models.engines.residency import WarmNetworks
from models.nets.compact import CompactShape
from models.spec import Task
from models.training.degrade import Degradation, degrade, enlarge_cubic, round_to_8_bit
from models.training.evaluate import RANDOM_DRAWS, measure
from models.training.judge import judge, psnr_luma
from models.training.pictures import PictureError, load_luma, read_split
from models.training.recipes import RECIPES


def scene(height: int = 60, width: int = 80) -> np.ndarray:
    """Draw a picture with edges and texture, float32 in 0..1."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(
        round_to_8_bit(0.5 + 0.3 * np.sin(columns / 4) * np.cos(rows / 3)), np.float32
    )


def test_no_picture_both_trains_and_judges() -> None:
    """The two lists of the split share no name and no digest."""
    train, judged = read_split("train"), read_split("judge")
    assert len(train) == 16
    assert len(judged) == 7
    assert not {each.sha256 for each in train} & {each.sha256 for each in judged}
    assert not {each.name for each in train} & {each.name for each in judged}


def test_a_picture_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    """A file of the right name and other bytes is not judged on."""
    (tmp_path / "kodim03.png").write_bytes(b"another picture")
    with pytest.raises(PictureError, match="kodim03"):
        next(iter(load_luma("judge", kodak=tmp_path)))


def test_recipes_are_those_of_the_networks_that_ship() -> None:
    """Each recipe names a shipped network and has its size, scale, reach and task."""
    assert sorted(RECIPES) == sorted(catalog.names())
    for name, recipe in RECIPES.items():
        card = catalog.card(name)
        shape = recipe.shape
        assert (
            CompactShape(card.architecture.features, card.architecture.depth, card.scale) == shape
        )
        assert card.tiling.reach == shape.reach
        denoises = recipe.degradation is Degradation.NOISE
        assert (card.task is Task.DENOISE) == denoises == (shape.scale == 1)
        assert recipe.warm_start is None or recipe.warm_start in RECIPES


def test_psnr_is_on_the_studio_scale_with_a_border_cut() -> None:
    """One 8-bit step everywhere is 20 log10(255 / (219 / 255)) dB, whatever the border holds."""
    truth = np.full((20, 20), 100 / 255, np.float32)
    off = truth + np.float32(1 / 255)
    wanted = 20 * math.log10(255 / (219 / 255))
    assert psnr_luma(off, truth, crop_pixels=0) == pytest.approx(wanted, abs=1e-3)
    off[:2] = off[-2:] = 1.0
    off[:, :2] = off[:, -2:] = 0.0
    assert psnr_luma(off, truth, crop_pixels=2) == pytest.approx(wanted, abs=1e-3)


def test_bicubic_against_itself_gains_nothing() -> None:
    """The reference judged as a network has a gain of exactly zero."""
    (score,) = judge(
        [("scene", scene())],
        scale=2,
        make_input=lambda truth: degrade(truth, Degradation.CLEAN, 2, np.random.default_rng(0)),
        network=lambda source: enlarge_cubic(source, 2),
    )
    assert score.gain_db == 0


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_measuring_repeats_and_counts_its_draws(name: str) -> None:
    """The same picture and network give the same score; random inputs are drawn several times."""
    recipe = RECIPES[name]
    run = WarmNetworks("onnxruntime", threads=1).network(name).run
    first = measure(recipe, [("scene", scene())], run)
    assert first == measure(recipe, [("scene", scene())], run)
    clean = recipe.degradation is Degradation.CLEAN
    assert first.draws == (1 if clean else RANDOM_DRAWS)
    score = first.card_score()
    assert score["pictures"] == 1
    assert ("draws each" in str(score["judged_set"])) == (not clean)


def test_cards_carry_the_measured_scores(shared: Path) -> None:
    """What the cards say about clean enlargement is what judging the shipped weights gives."""
    pictures = list(load_luma("judge", kodak=shared / "photos" / "kodak"))
    networks = WarmNetworks("onnxruntime")
    for name in ("evident-sr-x2", "evident-sr-x4"):
        made = measure(RECIPES[name], pictures, networks.network(name).run)
        (score,) = catalog.card(name).scores
        assert score.psnr_db == pytest.approx(made.network_db, abs=0.011)
        assert score.gain_db == pytest.approx(made.gain_db, abs=0.011)
        assert score.gain_db >= {"evident-sr-x2": 2.2, "evident-sr-x4": 1.1}[name]
