"""Networks written as ONNX from the module that runs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.catalog import Catalog
from models.errors import ExportError, MissingWeightsError
from models.export.traced import LARGEST_DIFFERENCE, traced
from models.spec import PReluArchitecture
from tests.unit.models.field_kit import field_folder, small_file
from tests.unit.models.foreign_kit import (
    CASES,
    card_of,
    installed,
    random_weights,
    require_library,
)


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


def test_a_foreign_network_is_exported_where_its_graph_holds(tmp_path: Path) -> None:
    """SPAN's graph is the network at every size that is tried."""
    require_library()
    case = CASES["SPAN x4"]
    path = tmp_path / "net.safetensors"
    path.write_bytes(random_weights(case))
    made = installed(tmp_path, card_of(case), path)
    assert traced(made).largest_difference <= LARGEST_DIFFERENCE


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
