"""The field's networks with their real weights, which lie beside the checkout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.catalog import CARDS_FOLDER, FIELD_FOLDER, Catalog
from models.engines.residency import WarmNetworks
from models.formats.safetensors_file import read_tensors
from models.install.importing import import_file
from tests.unit.models.foreign_kit import require_library

pytestmark = pytest.mark.shared_data

NETWORKS = ("realesr-general-x4v3", "realesr-general-wdn-x4v3", "realesr-animevideov3")
STEP = 1 / 255


@pytest.fixture(scope="module")
def networks(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The three networks, imported and recognised by digest."""
    folder = tmp_path_factory.mktemp("models")
    for name in NETWORKS:
        path = shared / "weights" / f"{name}.safetensors"
        import_file(path, Catalog(CARDS_FOLDER, field=FIELD_FOLDER), folder, wanted=None)
    return Catalog(CARDS_FOLDER, field=FIELD_FOLDER, installed=folder)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A part of the sample photograph, (3, 40, 56) in 0..1."""
    with Image.open(Path(__file__).parents[2] / "samples" / "photo.jpg") as photo:
        pixels = np.asarray(photo.convert("RGB"))[60:100, 80:136]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32) / 255


@pytest.mark.parametrize("name", [*NETWORKS, "realesr-general-x4v3-denoise-0.50"])
def test_two_engines_give_the_same_picture(
    networks: Catalog, picture: np.ndarray, name: str
) -> None:
    """ONNX Runtime over our graph and torch over our module agree far below an 8-bit step."""
    made = [
        WarmNetworks(engine, threads=1, networks=networks).network(name).run(picture)
        for engine in ("onnxruntime", "torch")
    ]
    assert made[0].shape == (3, 160, 224)
    assert np.abs(made[0] - made[1]).max() < STEP / 20


def test_the_networks_enlarge_the_picture(networks: Catalog, picture: np.ndarray) -> None:
    """Reduced again, what comes out is near to what went in, in each colour."""
    for name in NETWORKS:
        made = WarmNetworks("onnxruntime", threads=1, networks=networks).network(name).run(picture)
        reduced = made.reshape(3, 40, 4, 56, 4).mean(axis=(2, 4))
        apart = np.abs(reduced - picture)[:, 4:-4, 4:-4].mean(axis=(1, 2))
        assert (apart < 8 * STEP).all(), (name, apart)
        assert np.abs(reduced[0] - picture[2]).mean() > 2 * np.abs(reduced[0] - picture[0]).mean()


def test_less_strength_leaves_more_of_the_noise(networks: Catalog, picture: np.ndarray) -> None:
    """Between the network and its twin the noise that stays rises as the strength falls."""
    noise = np.random.default_rng(2).normal(0, 6 * STEP, picture.shape).astype(np.float32)
    warm = WarmNetworks("onnxruntime", threads=1, networks=networks)
    rough = []
    for strength in ("1.00", "0.50", "0.00"):
        made = warm.network(f"realesr-general-x4v3-denoise-{strength}").run(picture + noise)
        rough.append(float(np.abs(np.diff(made, axis=1)).mean()))
    assert rough[0] < rough[1] < rough[2]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_field_s_own_library_gives_the_same_answer(
    shared: Path, networks: Catalog, picture: np.ndarray, name: str
) -> None:
    """Spandrel's statement of the network, over the same weights, gives our samples."""
    require_library()
    import torch

    from models.nets.foreign import _library

    registry, identity = _library(networks.card(name))
    content = (shared / "weights" / f"{name}.safetensors").read_bytes()
    tensors = {k: torch.from_numpy(v) for k, v in read_tensors(content, name=name).items()}
    described = registry.get(identity("Compact")).architecture.load(tensors)
    with torch.inference_mode():
        expected = described(torch.from_numpy(picture[None])).numpy()[0]
    made = WarmNetworks("onnxruntime", threads=1, networks=networks).network(name).run(picture)
    assert np.abs(np.clip(made, 0, 1) - expected).max() < STEP / 20
