"""A finely drawn scene and what a camera records of it as it moves: known at every moment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from scipy import ndimage

from pipelines.media.lettering import lettering
from pipelines.stages.export.letters import BOLD
from tests.unit.pipelines.media.field_kit import write_luma

SCALE = 2
SIZE = (96, 160)
PLACE, REGION = (24, 40), (48, 80)
MIDDLE = 7
SHIFTS = [(0.37 * n, 0.61 * n) for n in range(15)]
LETTERS = list("ABCDEFGHKLMNPRSTUVXYZ0123456789")

Reals = np.ndarray


def fine_scene() -> Reals:
    """Lettering on soft ground, drawn twice as fine as it is recorded."""
    random = np.random.default_rng(3)
    height, width = 400, 600
    scene = 90 + ndimage.gaussian_filter(random.normal(0, 1, (height, width)), 6) * 150
    for _ in range(60):
        words = "".join(random.choice(LETTERS, 6))
        ink = lettering(words, font=BOLD, pixels=int(random.integers(12, 22)))
        top = int(random.integers(0, height - ink.shape[0] - 1))
        left = int(random.integers(0, width - ink.shape[1] - 1))
        scene[top : top + len(ink), left : left + ink.shape[1]][ink] = random.choice([30, 220])
    return np.clip(ndimage.gaussian_filter(scene, 0.5), 16, 235)


def truth(scene: Reals, shift: tuple[float, float]) -> Reals:
    """The scene as a camera of twice the samples would see it without noise."""
    origin = (-40 - SCALE * shift[0], -60 - SCALE * shift[1])
    moved = ndimage.shift(scene, origin, order=3, mode="nearest")
    return moved[: SCALE * SIZE[0], : SCALE * SIZE[1]]


def recorded(scene: Reals, shift: tuple[float, float], *, noise: float, seed: int) -> Reals:
    """One frame: means over squares, and noise."""
    fine = truth(scene, shift).reshape(SIZE[0], SCALE, SIZE[1], SCALE).mean(axis=(1, 3))
    random = np.random.default_rng(seed)
    return np.clip(np.rint(fine + random.normal(0, noise, fine.shape)), 0, 255).astype(np.uint8)


def footage(
    path: Path, scene: Reals, shifts: Sequence[tuple[float, float]], *, crf: int, noise: float
) -> Path:
    """A clip in H.264 as cameras code it."""
    pictures = [recorded(scene, one, noise=noise, seed=n) for n, one in enumerate(shifts)]
    return write_luma(path, pictures, options={"crf": str(crf)})


def lumas_of(path: Path) -> dict[int, Reals]:
    """The luma of every frame, as floats."""
    with av.open(str(path)) as container:
        return {
            number: frame.to_ndarray()[: SIZE[0], : SIZE[1]].astype(float)
            for number, frame in enumerate(container.decode(video=0))
        }


def fidelity(picture: Reals, expected: Reals, *, edge: int = 8) -> float:
    """PSNR in decibels of a region's picture without its rim."""
    inner = (slice(edge, -edge), slice(edge, -edge))
    return float(10 * np.log10(255**2 / np.mean((picture[inner] - expected[inner]) ** 2)))


def region_of(whole: Reals) -> Reals:
    """The part of a fine picture that the region shows."""
    top, left = SCALE * PLACE[0], SCALE * PLACE[1]
    return whole[top : top + SCALE * REGION[0], left : left + SCALE * REGION[1]]
