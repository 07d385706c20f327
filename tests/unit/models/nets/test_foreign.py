"""Architectures that the optional library defines, with random weights of the official layout.

That proves loading, sizes and tiling, and nothing about what the official weights make of a
picture.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models import weights
from models.engines.tiled import TiledNetwork
from models.errors import EngineError, EngineUnavailableError
from models.spec import NetworkCard, Precision, SampleRange, TilingRule, Use, WeightsFormat
from tests.unit.models.foreign_kit import (
    CASES,
    card_of,
    installed,
    random_tensors,
    random_weights,
    require_library,
)

# The library calls torch in a way that a later torch will refuse.
pytestmark = pytest.mark.filterwarnings("ignore:torch.meshgrid")
FACES = tuple(name for name, case in CASES.items() if case.samples is SampleRange.SIGNED)
PICTURES = tuple(name for name in CASES if name not in FACES)


@pytest.fixture(autouse=True)
def library() -> None:
    """The library of the field's architectures."""
    require_library()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is emptied at once: the largest weights have 350 MB."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def session_of(described: NetworkCard, content: bytes) -> Any:
    """Load a network with torch."""
    from models.engines.torch_engine import TorchEngine

    return TorchEngine().load(described, content, threads=2, precision=Precision.FP32)


def picture(side: int, width: int) -> np.ndarray:
    """Random colours of 0..1."""
    return np.random.default_rng(1).random((3, side, width), dtype=np.float32)


def imported(name: str, folder: Path) -> tuple[NetworkCard, Any]:
    """Import random weights of a layout; give the card and the loaded network."""
    case = CASES[name]
    file = folder / "received.safetensors"
    file.write_bytes(random_weights(case))
    described = installed(folder, card_of(case), file)
    content = weights.read_verified(described, WeightsFormat.SAFETENSORS)
    return described, session_of(described, content)


@pytest.mark.parametrize("name", PICTURES)
def test_an_official_layout_is_imported_and_runs_in_tiles(name: str, folder: Path) -> None:
    """Weights of the layout pass our importer, load by the card alone and run by its rule."""
    case = CASES[name]
    described, session = imported(name, folder)
    source = picture(case.side, case.side + 3)
    made = TiledNetwork(session, described, tile_pixels=32).run(source)
    assert made.shape == (3, case.side * case.scale, (case.side + 3) * case.scale)
    assert np.isfinite(made).all()
    assert made.std() > 0


def test_a_torch_file_of_the_layout_is_imported(folder: Path) -> None:
    """The makers' form, a torch file, gives the same tensors as the safetensors file."""
    import torch
    from safetensors.torch import load

    case = CASES["SPAN x4"]
    file = folder / "received.pth"
    tensors = random_tensors(case)
    torch.save({"params_ema": tensors}, file)
    described = installed(folder, card_of(case), file)
    found = load(weights.read_verified(described, WeightsFormat.SAFETENSORS))
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("name", FACES)
def test_a_network_of_faces_is_handed_samples_of_both_signs(name: str, folder: Path) -> None:
    """What reaches the imported network is -1..1, and the same picture gives the same face."""
    side = CASES[name].side
    described, session = imported(name, folder)
    handed: list[np.ndarray] = []
    session._network.model.register_forward_pre_hook(
        lambda _network, inputs: handed.append(inputs[0].numpy().copy())
    )
    source = picture(side, side)
    source[0, 0, :3] = 0, 0.5, 1
    tiled = TiledNetwork(session, described)
    made, again = tiled.run(source), tiled.run(source)
    np.testing.assert_array_equal(handed[0][0], source * 2 - 1)
    assert handed[0][0, 0, 0, :3].tolist() == [-1, 0, 1]
    assert made.shape == source.shape
    assert made.std() > 0
    np.testing.assert_array_equal(made, again)


def test_a_card_that_states_other_samples_is_refused() -> None:
    """A network of faces whose card says 0..1 would be handed the wrong picture."""
    import torch

    from models.nets.build import built

    wrong = replace(card_of(CASES["RestoreFormer"]), samples=SampleRange.UNIT)
    with pytest.raises(EngineError, match=r"samples of -1\.\.1, its card says 0\.\.1"):
        built(wrong, {"x": torch.zeros(1)})


def test_span_tiles_equal_the_whole() -> None:
    """The reach that SPAN's rule states is enough: its tiles equal the whole picture."""
    case = CASES["SPAN x4"]
    described = card_of(case)
    session = session_of(described, random_weights(case))
    source = picture(case.side, case.side)
    tiled = TiledNetwork(session, described, tile_pixels=32).run(source)
    whole = TiledNetwork(session, described, tile_pixels=4096).run(source)
    assert np.abs(tiled - whole).max() < 1e-4


def test_other_tensors_and_other_scales_are_refused() -> None:
    """Tensors of another architecture, or of another scale than the card's, do not load."""
    import torch

    from models.nets.build import built

    span = card_of(CASES["SPAN x4"])
    with pytest.raises(EngineError, match="are no SPAN"):
        built(span, {"nothing": torch.zeros(1)})
    with pytest.raises(EngineError, match="its card says"):
        built(replace(span, scale=2), random_tensors(CASES["SPAN x4"]))


def codeformer(use: Use) -> NetworkCard:
    """A card of an architecture under non-commercial terms."""
    face = card_of(replace(CASES["RestoreFormer"], architecture="CodeFormer"))
    return replace(face, use=use, tiling=TilingRule.whole_frame())


def test_a_non_commercial_architecture_is_not_installed() -> None:
    """CodeFormer is in no library that we require, and the refusal says where it is."""
    import torch

    from models.nets.build import built

    with pytest.raises(EngineUnavailableError, match="no library that is installed") as refused:
        built(codeformer(Use.NON_COMMERCIAL), {"x": torch.zeros(1)})
    assert "by hand" in refused.value.next_step


def test_the_package_of_such_architectures_is_touched_for_such_cards_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is asked for its architectures for a non-commercial card, and for no other."""
    from importlib.machinery import ModuleSpec

    from models.nets.foreign import NON_COMMERCIAL, _library

    asked: list[bool] = []
    package = SimpleNamespace(
        __spec__=ModuleSpec(NON_COMMERCIAL, None),
        install=lambda *, ignore_duplicates: asked.append(ignore_duplicates),
    )
    monkeypatch.setitem(sys.modules, NON_COMMERCIAL, package)
    _library(codeformer(Use.FREE))
    assert asked == []
    _library(codeformer(Use.NON_COMMERCIAL))
    assert asked == [True]
