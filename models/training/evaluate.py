"""Measure the networks that ship: `python -m models.training.evaluate --kodak DIR`.

Every network of the catalog runs as it ships (verified weights, ONNX Runtime, fp32) on the
judging pictures, degraded as its recipe degrades, and is compared with bicubic enlargement of
the same input; the denoiser with its input. A random degradation is drawn several times per
picture, from fixed seeds, the first of which is the one that training reports with.
Prints one JSON line per picture and one per network. `--scores FILE` writes the means in the
form that `models.export.ship --scores` puts on the cards.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.engines.residency import WarmNetworks
from models.training.degrade import Degradation, Luma, degrade
from models.training.judge import Score, judge
from models.training.pictures import load_luma
from models.training.recipes import RECIPES, Recipe

FIRST_SEED = 7
RANDOM_DRAWS = 8
JUDGED_SET = (
    "7 pictures that were never trained on: Kodak 3, 6, 9, 12 and scikit-image's astronaut, "
    "chelsea, coffee, degraded as in training{draws} (models/training/split.toml)"
)

Pictures = list[tuple[str, Luma]]


@dataclass(frozen=True, slots=True)
class PictureMean:
    """Means over the draws of one picture, in dB."""

    picture: str
    network_db: float
    reference_db: float

    @property
    def gain_db(self) -> float:
        """How far the network is above the reference."""
        return self.network_db - self.reference_db


@dataclass(frozen=True, slots=True)
class Measured:
    """What one network did on every judging picture."""

    name: str
    draws: int
    reference: str
    pictures: tuple[PictureMean, ...]

    @property
    def network_db(self) -> float:
        """Mean PSNR of the network over the pictures."""
        return float(np.mean([each.network_db for each in self.pictures]))

    @property
    def gain_db(self) -> float:
        """Mean gain over the reference."""
        return float(np.mean([each.gain_db for each in self.pictures]))

    def card_score(self) -> dict[str, str | int | float]:
        """Spell the means as `models.spec.Score` takes them, to a hundredth of a dB."""
        draws = "" if self.draws == 1 else f", {self.draws} draws each"
        return {
            "judged_set": JUDGED_SET.format(draws=draws),
            "pictures": len(self.pictures),
            "psnr_db": round(self.network_db, 2),
            "gain_db": round(self.gain_db, 2),
            "reference": self.reference,
        }


def measure(recipe: Recipe, pictures: Pictures, run: Callable[[Luma], Luma]) -> Measured:
    """Judge `run`, the network of `recipe`, on (name, luma (H, W) in 0..1) pictures."""
    scale = recipe.shape.scale
    draws = 1 if recipe.degradation is Degradation.CLEAN else RANDOM_DRAWS
    rounds: list[list[Score]] = []
    for draw in range(draws):
        rng = np.random.default_rng(FIRST_SEED + draw)

        def make_input(truth: Luma, rng: np.random.Generator = rng) -> Luma:
            return degrade(truth, recipe.degradation, scale, rng)

        rounds.append(judge(pictures, scale=scale, make_input=make_input, network=run))
    means = tuple(
        PictureMean(
            picture=of_one[0].picture,
            network_db=float(np.mean([each.network_db for each in of_one])),
            reference_db=float(np.mean([each.reference_db for each in of_one])),
        )
        for of_one in zip(*rounds, strict=True)
    )
    enlarges = scale > 1
    reference = "bicubic enlargement of the same input" if enlarges else "the degraded input itself"
    return Measured(recipe.name, draws, reference, means)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kodak", type=Path, required=True, help="folder of kodimNN.png")
    parser.add_argument("--scores", type=Path, help="where the means for the cards are written")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    pictures = list(load_luma("judge", kodak=arguments.kodak))
    networks = WarmNetworks("onnxruntime", threads=arguments.threads)
    scores: dict[str, list[dict[str, str | int | float]]] = {}
    for name, recipe in RECIPES.items():
        made = measure(recipe, pictures, networks.network(name).run)
        for each in made.pictures:
            line = {"network": name, "picture": each.picture, "gain_db": round(each.gain_db, 3)}
            print(json.dumps(line))
        line = {"network": name, "psnr_db": made.network_db, "gain_db": made.gain_db}
        print(json.dumps(line), flush=True)
        scores[name] = [made.card_score()]
    if arguments.scores is not None:
        arguments.scores.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
