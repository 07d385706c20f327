"""How a low-quality input is made from a good picture: the degradations that we train against.

Two kinds. `clean` is the field's usual benchmark: an antialiased cubic reduction, rounded to
8 bit. `realistic` is what cameras and exports do: blur, reduction by one of several filters,
sensor noise and JPEG, each drawn at random.
"""

from __future__ import annotations

import io
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Luma = NDArray[np.float32]

MAX_CODE = 255.0


class Degradation(StrEnum):
    """What a network learns to undo."""

    CLEAN = "clean"
    REALISTIC = "realistic"
    NOISE = "noise"


def degrade(picture: Luma, kind: Degradation, scale: int, rng: np.random.Generator) -> Luma:
    """Return the (H/scale, W/scale) input in 0..1, on the 8-bit grid.

    `picture` is (H, W) float32 in 0..1, both sides divisible by `scale`.
    """
    if kind is Degradation.CLEAN:
        return round_to_8_bit(shrink(picture, scale, Image.Resampling.BICUBIC))
    if kind is Degradation.NOISE:
        noisy = add_noise(picture, rng, strongest=25.0)
        return jpeg(noisy, int(rng.integers(40, 99))) if rng.random() < 0.5 else noisy
    blurred = blur(picture, rng, widest=0.55 * scale)
    filters = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.BOX)
    small = shrink(blurred, scale, filters[int(rng.integers(len(filters)))])
    noisy = add_noise(small, rng, strongest=12.0)
    return jpeg(noisy, int(rng.integers(35, 97))) if rng.random() < 0.85 else noisy


def shrink(picture: Luma, scale: int, how: Image.Resampling) -> Luma:
    """Reduce by `scale` with Pillow's antialiased filters (its cubic has a = -0.5)."""
    height, width = picture.shape
    if height % scale or width % scale:
        raise ValueError(f"{width}x{height} does not divide by {scale}")
    size = (width // scale, height // scale)
    return np.asarray(Image.fromarray(picture).resize(size, how), dtype=np.float32)


def enlarge_cubic(picture: Luma, scale: int) -> Luma:
    """Enlarge by `scale` with Pillow's bicubic filter, which results are compared with."""
    height, width = picture.shape
    size = (width * scale, height * scale)
    enlarged = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(enlarged, dtype=np.float32)


def blur(picture: Luma, rng: np.random.Generator, *, widest: float) -> Luma:
    """Gaussian blur, of different width along the two axes in half of the draws."""
    first = float(rng.uniform(0.1, widest))
    second = float(rng.uniform(0.1, widest)) if rng.random() < 0.5 else first
    return np.asarray(ndimage.gaussian_filter(picture, (first, second)), dtype=np.float32)


def add_noise(picture: Luma, rng: np.random.Generator, *, strongest: float) -> Luma:
    """Read noise plus shot noise that grows with the signal, then the 8-bit grid.

    `strongest` is the largest standard deviation of the read noise, in 8-bit code values.
    """
    read = float(rng.uniform(0.0, strongest)) / MAX_CODE
    shot = float(rng.uniform(0.0, strongest / 2)) / MAX_CODE
    spread = np.sqrt(read**2 + shot**2 * np.clip(picture, 0, 1))
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    return round_to_8_bit((picture + noise * spread).astype(np.float32))


def jpeg(picture: Luma, quality: int) -> Luma:
    """Return what a baseline JPEG of this quality (IJG scale) leaves of the picture."""
    codes = np.rint(np.clip(picture, 0, 1) * MAX_CODE).astype(np.uint8)
    stored = io.BytesIO()
    Image.fromarray(codes).save(stored, "JPEG", quality=quality)
    with Image.open(stored) as decoded:
        return np.asarray(decoded, dtype=np.float32) / np.float32(MAX_CODE)


def round_to_8_bit(picture: Luma) -> Luma:
    """Clip to 0..1 and round to the 8-bit grid."""
    return np.asarray(np.rint(np.clip(picture, 0, 1) * MAX_CODE) / MAX_CODE, dtype=np.float32)
