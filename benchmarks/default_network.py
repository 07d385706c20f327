"""Which weights should enlarge by 2 unless asked: `python -m benchmarks.default_network`.

The judging pictures, reduced bicubically, then compressed or made noisy to several degrees;
PSNR of luma in dB (border of 2 cropped), mean over the pictures, for bicubic enlargement, the
clean and the realistic weights. `docs/default-network.md` draws the conclusion.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.machine import describe
from models.engines.residency import WarmNetworks
from models.training.pictures import load_luma

RESULT = Path(__file__).with_name("results") / "default_network.json"
NETWORKS = ("evident-sr-x2", "evident-sr-x2-real")
SEED = 5
INPUTS: tuple[tuple[float, int | None], ...] = (
    (0, None), (0, 95), (0, 90), (0, 75), (0, 50), (2, None), (4, None), (2, 90),
)  # fmt: skip

Luma = NDArray[np.float32]


def main() -> None:
    """Measure, write the result, print it."""
    parser = argparse.ArgumentParser(description="Compare the weights that enlarge by 2.")
    parser.add_argument("--kodak", type=Path, required=True, help="the folder of Kodak pictures")
    pictures = dict(load_luma("judge", kodak=parser.parse_args().kodak))
    networks = WarmNetworks()
    measured = []
    for noise, quality in INPUTS:
        random = np.random.default_rng(SEED)
        sums = dict.fromkeys(("bicubic", *NETWORKS), 0.0)
        for full in pictures.values():
            even = full[: full.shape[0] // 2 * 2, : full.shape[1] // 2 * 2]
            small = _degraded(even, noise, quality, random)
            size = (even.shape[1], even.shape[0])
            bicubic = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
            sums["bicubic"] += _psnr(np.asarray(bicubic), even)
            for name in NETWORKS:
                sums[name] += _psnr(networks.network(name).run(small), even)
        means = {name: round(total / len(pictures), 2) for name, total in sums.items()}
        measured.append({"noise": noise, "jpeg_quality": quality, "mean_db": means})
        print(json.dumps(measured[-1]))
    found = {
        "machine": describe("numpy", "onnxruntime", "pillow"),
        "pictures": list(pictures),
        "measured": measured,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")


def _degraded(full: Luma, noise: float, quality: int | None, random: np.random.Generator) -> Luma:
    """Luma 0..1 reduced by 2, with Gaussian noise in 8-bit steps, as gray JPEG of a quality."""
    half = (full.shape[1] // 2, full.shape[0] // 2)
    small = np.asarray(Image.fromarray(full).resize(half, Image.Resampling.BICUBIC)) * 255
    codes = np.clip(np.rint(small + random.normal(0, noise, small.shape)), 0, 255)
    picture = Image.fromarray(codes.astype(np.uint8))
    if quality is not None:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        picture = Image.open(file)
    return np.asarray(picture, np.float32) / 255


def _psnr(made: Luma, full: Luma) -> float:
    error = (np.clip(made, 0, 1) - full)[2:-2, 2:-2]
    return float(-10 * np.log10(np.mean(error**2)))


if __name__ == "__main__":
    main()
