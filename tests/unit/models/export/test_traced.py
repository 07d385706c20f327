"""Networks written as ONNX from the module that runs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.catalog import Catalog
from models.errors import ExportError, MissingWeightsError
from models.export.traced import LARGEST_DIFFERENCE, traced
from models.spec import NetworkCard, PReluArchitecture
from tests.unit.models.field_kit import field_folder, small_file
from tests.unit.models.foreign_kit import (
    CASES,
    NAFNET,
    SWINIR,
    Case,
    card_of,
    installed,
    random_weights,
    require_library,
)

SMALL_NAFNET = {
    **NAFNET,
    "width": 8,
    "middle_blk_num": 1,
    "enc_blk_nums": [1, 1],
    "dec_blk_nums": [1, 1],
}
SMALL_SWINIR = {
    **SWINIR,
    "depths": [2],
    "num_heads": [2],
    "embed_dim": 16,
    "upscale": 2,
    "upsampler": "pixelshuffle",
}
# The library calls torch in a way that a later torch will refuse.
pytestmark = pytest.mark.filterwarnings("ignore:torch.meshgrid")


def test_the_traced_graph_is_the_one_that_we_write(tmp_path: Path) -> None:
    """Two ways to ONNX, torch's tracer and ours node by node, give the same function."""
    import onnxruntime as ort

    from models import weights
    from models.spec import WeightsFormat

    field = field_folder(tmp_path / "field", names=("tiny-a",))
    described = Catalog(field).card("tiny-a")
    assert isinstance(described.architecture, PReluArchitecture)
    made = installed(
        tmp_path,
        replace(described, blend=None, copies=(), files={}),
        small_file(tmp_path / "a.safetensors"),
    )
    found = traced(made)
    assert found.largest_difference <= LARGEST_DIFFERENCE
    picture = np.random.default_rng(1).random((1, 3, 9, 14), dtype=np.float32)
    answers = [
        ort.InferenceSession(content, providers=["CPUExecutionProvider"]).run(
            ["output"], {"input": picture}
        )[0]
        for content in (found.content, weights.read_verified(made, WeightsFormat.ONNX))
    ]
    assert np.abs(answers[0] - answers[1]).max() < 1e-5


def test_what_is_not_installed_cannot_be_exported(tmp_path: Path) -> None:
    """A card alone is no network to write."""
    field = field_folder(tmp_path / "field", names=("tiny-a",))
    with pytest.raises(MissingWeightsError):
        traced(Catalog(field).card("tiny-a"))


def imported(tmp_path: Path, case: Case) -> NetworkCard:
    """Install random weights of an architecture of the optional library."""
    require_library()
    path = tmp_path / "net.safetensors"
    path.write_bytes(random_weights(case))
    return installed(tmp_path, card_of(case), path)


@pytest.mark.parametrize(
    "case",
    [
        CASES["SPAN x4"],
        replace(CASES["Real-ESRGAN x4plus"], sizes={"num_blocks": 1, "num_filters": 8}),
        replace(CASES["NAFNet for noise, narrower"], sizes=SMALL_NAFNET),
    ],
    ids=["SPAN", "RRDB of one block", "NAFNet of a block a level"],
)
def test_a_foreign_network_is_exported_for_every_size(tmp_path: Path, case: Case) -> None:
    """The graph is the network at every size that is tried, and its card stays what it was."""
    made = imported(tmp_path, case)
    found = traced(made)
    assert found.largest_difference <= LARGEST_DIFFERENCE
    assert found.card == made


def test_windows_are_exported_for_one_size_and_run_at_any(tmp_path: Path) -> None:
    """SwinIR's graph takes one size; by its card's rule ONNX Runtime gives what torch gives."""
    from models.engines import choice
    from models.engines.tiled import TiledNetwork
    from models.engines.torch_engine import TorchEngine
    from models.errors import EngineError
    from models.spec import Precision, TilingKind

    case = replace(CASES["SwinIR classical x2"], sizes=SMALL_SWINIR)
    made = imported(tmp_path, case)
    found = traced(made, windows=3)
    assert (found.card.tiling.kind, found.card.tiling.window) == (TilingKind.FIXED, 24)
    assert found.largest_difference <= LARGEST_DIFFERENCE
    settings: dict[str, Any] = {"threads": 1, "precision": Precision.FP32}
    graph = choice.resolve("onnxruntime").load(found.card, found.content, **settings)
    other = TorchEngine().load(made, random_weights(case), **settings)
    for height, width in ((7, 20), (24, 24), (50, 61)):
        picture = np.random.default_rng(3).random((3, height, width), dtype=np.float32)
        answers = [TiledNetwork(one, found.card).run(picture) for one in (graph, other)]
        assert answers[0].shape == (3, 2 * height, 2 * width)
        assert np.abs(answers[0] - answers[1]).max() <= LARGEST_DIFFERENCE
    with pytest.raises(EngineError):
        graph.run(np.zeros((1, 3, 32, 32), np.float32))


def test_a_graph_that_holds_at_one_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that makes a table for the size that it meets is another function elsewhere."""
    import torch

    class OneSize(torch.nn.Module):
        """Adds a ramp whose length is a constant in any traced graph."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """(N, 3, H, W) to the same size."""
            ramp = torch.from_numpy(np.linspace(0, 1, int(x.shape[-1]), dtype=np.float32))
            return x + ramp

    field = field_folder(tmp_path / "field", names=("tiny-a",))
    small = installed(
        tmp_path, Catalog(field).card("tiny-a"), small_file(tmp_path / "a.safetensors")
    )
    monkeypatch.setattr("models.export.traced.built", lambda *_: OneSize())
    with pytest.raises(ExportError, match=r"does not run at|differ") as refused:
        traced(small)
    assert "Run it with torch" in refused.value.next_step
