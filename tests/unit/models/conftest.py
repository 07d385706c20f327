"""Networks small enough to be made by the tests, with real files and real cards."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from models.card_file import SUFFIX
from models.card_text import render
from models.catalog import Catalog
from models.spec import (
    Channels,
    CompactArchitecture,
    MemoryNeed,
    ModelId,
    NetworkCard,
    NetworkClass,
    Precision,
    Score,
    Sha256,
    Task,
    TilingRule,
    Training,
    WeightsFile,
    WeightsFormat,
)

FEATURES = 4
DEPTH = 2


def make_card(contents: dict[WeightsFormat, bytes], *, name: str, scale: int) -> NetworkCard:
    """Make a complete card for the given file contents."""
    return NetworkCard(
        name=ModelId(name),
        version="0.1.0",
        title='Tiny, with "quotes" and ünïcode',
        task=Task.SUPER_RESOLVE,
        scale=scale,
        channels=Channels.LUMA,
        network_class=NetworkClass.TRAINED,
        licence="Apache-2.0",
        origin="Made by a test.",
        architecture=CompactArchitecture(features=FEATURES, depth=DEPTH),
        parameters=1000,
        tiling=TilingRule.exact(2 + DEPTH + 2),
        precisions=frozenset({Precision.FP32, Precision.BF16}),
        memory=MemoryNeed(per_input_pixel_bytes=200, fixed_bytes=1000),
        training=Training(data="None.", degradation="None.", known_failures=("All.",)),
        files={
            form: WeightsFile(
                name=f"{name}{SUFFIX[form]}",
                sha256=Sha256(hashlib.sha256(content).hexdigest()),
                size_bytes=len(content),
            )
            for form, content in contents.items()
        },
        scores=(Score("a set", 7, 30.5, -0.25, "bicubic"),),
    )


def write_network(folder: Path, card: NetworkCard, contents: dict[WeightsFormat, bytes]) -> None:
    """Put the card and its files into `folder`."""
    for form, content in contents.items():
        (folder / card.files[form].name).write_bytes(content)
    (folder / f"{card.name}.toml").write_text(render(card), encoding="utf-8")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Make the networks tiny-x1, tiny-x2 and tiny-x4: random kernels, in both formats."""
    import torch
    from safetensors.torch import save

    from models.export.onnx_export import to_onnx
    from models.nets.compact import CompactNet, CompactShape

    folder = tmp_path_factory.mktemp("cards")
    for scale in (1, 2, 4):
        torch.manual_seed(scale)
        network = CompactNet(CompactShape(FEATURES, DEPTH, scale), wide=8).collapsed()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
        contents = {
            WeightsFormat.ONNX: to_onnx(network),
            WeightsFormat.SAFETENSORS: save(network.state_dict()),
        }
        card = make_card(contents, name=f"tiny-x{scale}", scale=scale)
        write_network(folder, card, contents)
    return Catalog(folder)


@pytest.fixture
def own_folder(tiny: Catalog, tmp_path: Path) -> Path:
    """Copy the tiny networks' folder, for a test to spoil."""
    return Path(shutil.copytree(tiny.folder, tmp_path / "cards"))
