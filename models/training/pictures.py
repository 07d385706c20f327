"""The pictures that our networks are trained on and judged on, pinned by digest.

A picture is in one list only, so no network is ever judged on what it was trained on.
The pictures are not part of this repository: the Kodak suite is read from a folder that
the caller names, the others from scikit-image's wheel.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SPLIT_FILE = Path(__file__).with_name("split.toml")

Luma = NDArray[np.float32]


class PictureError(RuntimeError):
    """A picture is missing, or is not the one that the split pins."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One picture of the split: where it comes from and the SHA-256 of its file."""

    name: str
    source: str
    sha256: str


def read_split(part: str) -> list[Pinned]:
    """Return the pictures of `part` ("train" or "judge"), in the order of the split file."""
    table = tomllib.loads(SPLIT_FILE.read_text("utf-8"))
    return [Pinned(**row) for row in table[part]]


def load_luma(part: str, *, kodak: Path) -> Iterator[tuple[str, Luma]]:
    """Yield (name, luma (H, W) float32 in 0..1) of every picture of `part`.

    Raises PictureError when a file is absent or differs from its pinned digest.
    """
    for pinned in read_split(part):
        path = _locate(pinned, kodak)
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != pinned.sha256:
            raise PictureError(f"{path}: absent, or not the picture that the split pins")
        with Image.open(path) as picture:
            yield pinned.name, luma_of(np.asarray(picture.convert("RGB")))


def luma_of(rgb: NDArray[np.uint8]) -> Luma:
    """Full-range BT.601 luma (H, W) float32 in 0..1 of (H, W, 3) samples (JFIF, 2011)."""
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float64)
    return np.asarray((rgb.astype(np.float64) @ weights) / 255.0, dtype=np.float32)


def _locate(pinned: Pinned, kodak: Path) -> Path:
    if pinned.source == "kodak":
        return kodak / pinned.name
    if pinned.source == "scikit-image":
        return Path(str(resources.files("skimage") / "data" / pinned.name))
    raise PictureError(f"{pinned.name}: unknown source {pinned.source!r}")
