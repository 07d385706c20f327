"""PSNR of a network on the pictures that it never saw, beside bicubic enlargement.

The convention of the super-resolution papers: 8-bit luma in ITU-R BT.601 studio range
(16 to 235), a border of `scale` pixels cropped, peak 255.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from models.training.degrade import Luma, enlarge_cubic, round_to_8_bit

STUDIO_SPAN = 219.0
PEAK = 255.0


@dataclass(frozen=True, slots=True)
class Score:
    """PSNR in dB of one picture: by the network and by the reference."""

    picture: str
    network_db: float
    reference_db: float

    @property
    def gain_db(self) -> float:
        """How far the network is above the reference."""
        return self.network_db - self.reference_db


def psnr_luma(result: Luma, truth: Luma, *, crop_pixels: int) -> float:
    """PSNR in dB between two luma pictures (H, W) in 0..1, after the 8-bit grid."""
    inner = np.s_[crop_pixels:-crop_pixels, crop_pixels:-crop_pixels] if crop_pixels else np.s_[:]
    difference = round_to_8_bit(result)[inner].astype(np.float64) - truth[inner]
    mean_square = float(np.mean((difference * STUDIO_SPAN) ** 2))
    return float(10 * np.log10(PEAK**2 / mean_square))


def judge(
    pictures: Iterable[tuple[str, Luma]],
    *,
    scale: int,
    make_input: Callable[[Luma], Luma],
    network: Callable[[Luma], Luma],
    reference: Callable[[Luma, int], Luma] = enlarge_cubic,
) -> list[Score]:
    """Score `network` and `reference` on every picture, cropped to a multiple of `scale`."""
    scores = []
    for name, picture in pictures:
        height, width = (side // scale * scale for side in picture.shape)
        truth = np.ascontiguousarray(picture[:height, :width])
        source = make_input(truth)
        scores.append(
            Score(
                picture=name,
                network_db=psnr_luma(network(source), truth, crop_pixels=scale),
                reference_db=psnr_luma(reference(source, scale), truth, crop_pixels=scale),
            )
        )
    return scores
