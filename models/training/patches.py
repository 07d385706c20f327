"""Random training patches: (input, target) pairs cut from the training pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.training.degrade import Degradation, Luma, degrade
from models.training.recipes import Recipe

REDUCTIONS = (1.0, 0.8, 0.62)
REFRESH_EVERY = 6


class PatchSource:
    """Draws batches from a pool of degraded pictures, from one seeded generator.

    Every picture is also used reduced: a smaller copy has sharper detail per pixel.
    For random degradations the pool is refreshed picture by picture while training runs.
    """

    def __init__(self, pictures: Sequence[Luma], recipe: Recipe) -> None:
        self._recipe = recipe
        self._rng = np.random.default_rng(recipe.seed)
        self._targets = [
            fitted
            for picture in pictures
            for reduction in REDUCTIONS
            if (fitted := self._fit(picture, reduction)) is not None
        ]
        self._inputs = [self._degrade(target) for target in self._targets]
        area = np.array([target.size for target in self._targets], dtype=np.float64)
        texture = np.array([np.abs(np.diff(t, axis=0)).mean() for t in self._targets])
        weight = np.sqrt(area) * np.sqrt(texture)
        self._weights = weight / weight.sum()
        self._drawn = 0

    def batch(self) -> tuple[Tensor, Tensor]:
        """(N, 1, p, p) inputs and (N, 1, scale*p, scale*p) targets, float32 in 0..1."""
        recipe, rng = self._recipe, self._rng
        self._refresh()
        side, scale = recipe.patch_pixels, recipe.shape.scale
        small = np.empty((recipe.batch, 1, side, side), dtype=np.float32)
        large = np.empty((recipe.batch, 1, side * scale, side * scale), dtype=np.float32)
        chosen = rng.choice(len(self._targets), size=recipe.batch, p=self._weights)
        for row, which in enumerate(chosen):
            source, target = self._inputs[which], self._targets[which]
            y = int(rng.integers(source.shape[0] - side + 1))
            x = int(rng.integers(source.shape[1] - side + 1))
            turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
            small[row, 0] = _turned(source[y : y + side, x : x + side], turns, mirrored=mirrored)
            y, x, far = y * scale, x * scale, side * scale
            large[row, 0] = _turned(target[y : y + far, x : x + far], turns, mirrored=mirrored)
        return torch.from_numpy(small), torch.from_numpy(large)

    def _refresh(self) -> None:
        self._drawn += 1
        if self._recipe.degradation is Degradation.CLEAN or self._drawn % REFRESH_EVERY:
            return
        which = (self._drawn // REFRESH_EVERY) % len(self._targets)
        self._inputs[which] = self._degrade(self._targets[which])

    def _degrade(self, target: Luma) -> Luma:
        recipe = self._recipe
        return degrade(target, recipe.degradation, recipe.shape.scale, self._rng)

    def _fit(self, picture: Luma, reduction: float) -> Luma | None:
        scale = self._recipe.shape.scale
        height = int(picture.shape[0] * reduction) // scale * scale
        width = int(picture.shape[1] * reduction) // scale * scale
        if min(height, width) < self._recipe.patch_pixels * scale:
            return None
        if reduction == 1.0:
            return np.ascontiguousarray(picture[:height, :width])
        resized = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
        return np.clip(np.asarray(resized, dtype=np.float32), 0, 1)


def _turned(patch: Luma, turns: int, *, mirrored: bool) -> Luma:
    turned = np.rot90(patch, turns)
    return turned[:, ::-1] if mirrored else turned
