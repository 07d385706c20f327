"""Weights in the layouts of the field's networks, small enough for a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.card_file import parse
from models.card_text import render
from models.catalog import FIELD_FOLDER, Catalog
from models.formats.prelu_graph import layout
from models.formats.safetensors_file import Tensors, write_tensors
from models.spec import PReluArchitecture

SMALL = PReluArchitecture(features=4, depth=2)


def prelu_tensors(architecture: PReluArchitecture = SMALL, *, scale: int, seed: int = 1) -> Tensors:
    """Random tensors in the published layout."""
    rng = np.random.default_rng(seed)
    return {
        name: (0.2 * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in layout(architecture, scale).items()
    }


def field_folder(folder: Path, *, names: tuple[str, ...], scale: int = 4) -> Path:
    """Write cards like those of the field, of small networks, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = render(Catalog(FIELD_FOLDER).card("realesr-animevideov3"))
    for name in names:
        small = text.replace('"realesr-animevideov3"', f'"{name}"')
        small = small.replace("features = 64", "features = 4").replace("depth = 16", "depth = 2")
        small = small.replace("reach = 18", "reach = 4").split("[[copies]]")[0]
        small = small.replace("scale = 4", f"scale = {scale}")
        (folder / f"{name}.toml").write_text(render(parse(small, source=folder / "x.toml")))
    return folder


def small_file(path: Path, *, scale: int = 4, seed: int = 1) -> Path:
    """Write the weights of a small network as safetensors."""
    path.write_bytes(write_tensors(prelu_tensors(scale=scale, seed=seed)))
    return path
