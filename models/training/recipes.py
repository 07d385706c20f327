"""One recipe per network of ours: its size, what it learns from, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from models.nets.compact import CompactShape
from models.training.degrade import Degradation


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a training run, besides the pictures.

    `warm_start` names the network whose trained kernels are taken over where shapes agree.
    `patch_pixels` is the side of an input patch; `squared_share` the last share of the steps
    that minimises the squared error in place of the absolute one.
    """

    name: str
    shape: CompactShape
    degradation: Degradation
    steps: int
    patch_pixels: int
    batch: int = 16
    peak_rate: float = 1e-3
    squared_share: float = 0.25
    seed: int = 20261121
    warm_start: str | None = None


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="evident-sr-x2",
            shape=CompactShape(features=32, depth=8, scale=2),
            degradation=Degradation.CLEAN,
            steps=60_000,
            patch_pixels=48,
        ),
        Recipe(
            name="evident-sr-x4",
            shape=CompactShape(features=32, depth=8, scale=4),
            degradation=Degradation.CLEAN,
            steps=30_000,
            patch_pixels=40,
            warm_start="evident-sr-x2",
        ),
        Recipe(
            name="evident-sr-x2-real",
            shape=CompactShape(features=32, depth=8, scale=2),
            degradation=Degradation.REALISTIC,
            steps=20_000,
            patch_pixels=48,
            warm_start="evident-sr-x2",
        ),
        Recipe(
            name="evident-sr-x4-real",
            shape=CompactShape(features=32, depth=8, scale=4),
            degradation=Degradation.REALISTIC,
            steps=18_000,
            patch_pixels=40,
            warm_start="evident-sr-x4",
        ),
        Recipe(
            name="evident-denoise",
            shape=CompactShape(features=32, depth=8, scale=1),
            degradation=Degradation.NOISE,
            steps=20_000,
            patch_pixels=48,
            warm_start="evident-sr-x2",
        ),
    )
}
