"""How good the five networks are, against stated bars: `python -m benchmarks.quality_bars`.

All numbers are PSNR in dB of luma on the studio-range scale (219 steps, peak 255), a border of
`scale` samples cropped, on the seven judging pictures of models/training/split.toml, which no
network was trained on. Each network runs as it ships, in fp32.

Bars: `evident-sr-x2` 2.2 dB and `evident-sr-x4` 1.1 dB above bicubic on clean reductions; each
set of realistic weights above the conventional denoiser followed by bicubic enlargement on
noisy JPEG input. For that comparison the denoiser is the product's own `denoise`, run three
ways: with its default strength; told the standard deviation of the noise that was added; and
with, for each picture, whichever strength turns out best when the answer is known, an advantage
that no user has. The bar counts as kept only where the mean beats the last of these everywhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import describe
from models.engines.residency import WarmNetworks
from models.training.degrade import (
    Luma,
    enlarge_cubic,
    jpeg,
    round_to_8_bit,
    shrink,
)
from models.training.evaluate import Pictures, measure
from models.training.judge import psnr_luma
from models.training.pictures import load_luma
from models.training.recipes import RECIPES
from pipelines.graph.operation_noise import DenoiseParameters
from pipelines.media.picture import Block, Family, FrameShape, PixelLayout
from pipelines.operations.denoise import Denoise

RESULT = Path(__file__).with_name("results") / "quality.json"
CLEAN_BARS_DB = {"evident-sr-x2": 2.2, "evident-sr-x4": 1.1}
REALISTIC = ("evident-sr-x2-real", "evident-sr-x4-real")
STRENGTHS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0)
DEFAULT_STRENGTH = DenoiseParameters().strength
SEED = 20_261_121


@dataclass(frozen=True, slots=True)
class Input:
    """One kind of noisy JPEG input: noise in 8-bit code values, JPEG quality (IJG scale)."""

    noise: float
    quality: int


INPUTS = tuple(Input(noise, quality) for noise in (3.0, 6.0, 10.0) for quality in (50, 80))


def noisy_jpeg(truth: Luma, scale: int, kind: Input, seed: int) -> Luma:
    """Reduce with the antialiased cubic filter, add Gaussian noise, store as gray JPEG."""
    small = shrink(truth, scale, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(seed).standard_normal(small.shape, dtype=np.float32)
    noisy = round_to_8_bit(small + noise * np.float32(kind.noise / 255))
    return jpeg(noisy, kind.quality)


def denoised(plane: Luma, strength: float) -> Luma:
    """Run the product's conventional `denoise` over one gray plane."""
    if strength == 0:
        return plane
    height, width = plane.shape
    shape = FrameShape(height, width, PixelLayout(Family.GRAY))
    operation = Denoise(DenoiseParameters(strength=strength), shape)
    return operation.apply([Block((plane,), shape.whole, shape)], 0, shape.whole).planes[0]


@dataclass(frozen=True, slots=True)
class Compared:
    """One picture with one kind of input: PSNR in dB of the network and of what it must beat.

    `best_strength` is the denoiser's strength, in 8-bit code values, behind `denoise_best_db`.
    """

    picture: str
    network_db: float
    bicubic_db: float
    denoise_default_db: float
    denoise_told_db: float
    denoise_best_db: float
    best_strength: float


@dataclass(frozen=True, slots=True)
class Bar:
    """How realistic weights did on one kind of input: mean gains in dB, and each picture."""

    noise: float
    jpeg_quality: int
    gain_over_bicubic_db: float
    gain_over_denoise_default_db: float
    gain_over_denoise_told_db: float
    gain_over_denoise_best_db: float
    pictures_above_best: int
    pictures: tuple[Compared, ...]


def compared(
    name: str, truth: Luma, source: Luma, kind: Input, run: Callable[[Luma], Luma]
) -> Compared:
    """Measure the network and all strengths of the denoiser on one input."""
    scale = truth.shape[0] // source.shape[0]

    def conventional(strength: float) -> float:
        enlarged = enlarge_cubic(denoised(source, strength), scale)
        return round(psnr_luma(enlarged, truth, crop_pixels=scale), 3)

    by_strength = {strength: conventional(strength) for strength in (*STRENGTHS, kind.noise)}
    best = max(by_strength, key=lambda strength: by_strength[strength])
    return Compared(
        picture=name,
        network_db=round(psnr_luma(run(source), truth, crop_pixels=scale), 3),
        bicubic_db=by_strength[0.0],
        denoise_default_db=by_strength[DEFAULT_STRENGTH],
        denoise_told_db=by_strength[kind.noise],
        denoise_best_db=by_strength[best],
        best_strength=best,
    )


def realistic_bar(pictures: Pictures, kind: Input, scale: int, run: Callable[[Luma], Luma]) -> Bar:
    """Compare realistic weights with the denoiser on every picture."""
    rows = []
    for number, (name, picture) in enumerate(pictures):
        height, width = (side // scale * scale for side in picture.shape)
        truth = np.ascontiguousarray(picture[:height, :width])
        source = noisy_jpeg(truth, scale, kind, SEED + number)
        rows.append(compared(name, truth, source, kind, run))

    def gain(reference: Callable[[Compared], float]) -> float:
        return round(float(np.mean([row.network_db - reference(row) for row in rows])), 3)

    return Bar(
        noise=kind.noise,
        jpeg_quality=kind.quality,
        gain_over_bicubic_db=gain(lambda row: row.bicubic_db),
        gain_over_denoise_default_db=gain(lambda row: row.denoise_default_db),
        gain_over_denoise_told_db=gain(lambda row: row.denoise_told_db),
        gain_over_denoise_best_db=gain(lambda row: row.denoise_best_db),
        pictures_above_best=sum(row.network_db > row.denoise_best_db for row in rows),
        pictures=tuple(rows),
    )


def clean_and_trained(pictures: Pictures, networks: WarmNetworks) -> dict[str, dict[str, object]]:
    """Measure every network on the degradation that it was trained against."""
    result: dict[str, dict[str, object]] = {}
    for name, recipe in RECIPES.items():
        made = measure(recipe, pictures, networks.network(name).run)
        result[name] = {
            "degradation": recipe.degradation.value,
            "draws_per_picture": made.draws,
            "reference": made.reference,
            "mean_db": round(made.network_db, 3),
            "mean_gain_db": round(made.gain_db, 3),
            "pictures": [
                {
                    "picture": each.picture,
                    "network_db": round(each.network_db, 3),
                    "reference_db": round(each.reference_db, 3),
                    "gain_db": round(each.gain_db, 3),
                }
                for each in made.pictures
            ],
        }
        if name in CLEAN_BARS_DB:
            result[name]["bar_gain_db"] = CLEAN_BARS_DB[name]
            result[name]["kept"] = made.gain_db >= CLEAN_BARS_DB[name]
    return result


def main() -> int:
    """Measure, write the result, print the bars; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kodak", type=Path, required=True, help="folder of kodimNN.png")
    arguments = parser.parse_args()
    pictures = list(load_luma("judge", kodak=arguments.kodak))
    networks = WarmNetworks("onnxruntime")
    trained = clean_and_trained(pictures, networks)
    realistic = {
        name: [
            realistic_bar(pictures, kind, RECIPES[name].shape.scale, networks.network(name).run)
            for kind in INPUTS
        ]
        for name in REALISTIC
    }
    worst = {
        name: min(bar.gain_over_denoise_best_db for bar in bars) for name, bars in realistic.items()
    }
    document = {
        "machine": describe("numpy", "onnxruntime", "pillow", "scipy", "scikit-image"),
        "measure": "PSNR in dB, luma, studio-range scale, border cropped by the scale",
        "not_measured": "The field's usual five-picture set: its pictures carry no clear licence.",
        "as_trained": trained,
        "noisy_jpeg_against_conventional_denoiser": {
            name: {
                "kept": worst[name] > 0,
                "worst_mean_gain_over_best_db": worst[name],
                "inputs": [asdict(bar) for bar in bars],
            }
            for name, bars in realistic.items()
        },
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for name in CLEAN_BARS_DB:
        print(f"{name}: {trained[name]['mean_gain_db']} dB over bicubic", trained[name]["kept"])
    for name, gain in worst.items():
        print(f"{name}: at worst {gain} dB over the best denoiser", gain > 0)
    kept = [bool(trained[name]["kept"]) for name in CLEAN_BARS_DB]
    return int(not all([*kept, *(gain > 0 for gain in worst.values())]))


if __name__ == "__main__":
    sys.exit(main())
