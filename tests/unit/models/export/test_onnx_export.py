"""The ONNX file is the trained network: same bytes each time, same numbers as torch."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from safetensors.torch import load as load_safetensors

from models import catalog, weights
from models.errors import ExportError
from models.export.onnx_export import (
    LARGEST_DIFFERENCE,
    OPSET,
    check_parity,
    shape_of,
    to_onnx,
)
from models.nets.compact import CompactNet, CompactShape, PlainCompactNet
from models.spec import WeightsFormat


def network(scale: int, *, features: int = 5, depth: int = 3) -> PlainCompactNet:
    """Make a small network with random kernels."""
    torch.manual_seed(scale)
    made = CompactNet(CompactShape(features, depth, scale), wide=8).collapsed()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return made


def shipped(name: str) -> PlainCompactNet:
    """Load the torch form of a network that ships."""
    content = weights.read_verified(catalog.card(name), WeightsFormat.SAFETENSORS)
    kernels = load_safetensors(content)
    made = PlainCompactNet(shape_of(kernels))
    made.load_state_dict(kernels)
    return made.eval()


@pytest.mark.parametrize("name", catalog.names())
def test_what_ships_is_the_same_in_both_forms(name: str) -> None:
    """Shipped ONNX and shipped safetensors agree on planes of many sizes, most of them odd."""
    content = weights.read_verified(catalog.card(name), WeightsFormat.ONNX)
    assert check_parity(content, shipped(name)).largest_difference <= LARGEST_DIFFERENCE


@pytest.mark.parametrize("name", catalog.names())
def test_what_ships_is_what_the_exporter_writes(name: str) -> None:
    """The shipped ONNX file is byte for byte the export of the shipped safetensors."""
    content = weights.read_verified(catalog.card(name), WeightsFormat.ONNX)
    assert to_onnx(shipped(name)) == content


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_graph_takes_any_size_and_number(scale: int) -> None:
    """One file serves any height, width and batch, and gives scale times the size."""
    content = to_onnx(network(scale))
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    for count, height, width in ((1, 1, 1), (3, 2, 9), (2, 31, 17)):
        batch = np.random.default_rng(0).random((count, 1, height, width), dtype=np.float32)
        (result,) = session.run(["output"], {"input": batch})
        assert result.shape == (count, 1, height * scale, width * scale)


def test_the_same_kernels_give_the_same_bytes() -> None:
    """Exporting is deterministic, and one changed kernel changes the bytes."""
    first = network(2)
    assert to_onnx(first) == to_onnx(network(2))
    with torch.no_grad():
        first.head.weight[0, 0, 0, 0] += 1e-3
    assert to_onnx(first) != to_onnx(network(2))


def test_the_file_is_of_the_stated_opset_and_holds_no_path() -> None:
    """The opset is the documented one, and no trace of the machine is in the file."""
    made = onnx.load_from_string(to_onnx(network(2)))
    assert [entry.version for entry in made.opset_import] == [OPSET]
    assert made.producer_name == "evident"
    assert not made.metadata_props
    assert not made.doc_string


def test_a_difference_fails_the_parity_check() -> None:
    """A graph with one bent kernel is not shipped: the check names the difference."""
    trained = network(2)
    bent = network(2)
    with torch.no_grad():
        bent.tail.bias.add_(0.001)
    with pytest.raises(ExportError, match=r"differ by 0\.001"):
        check_parity(to_onnx(bent), trained)


def test_nan_fails_the_parity_check() -> None:
    """A network that gives NaN is never within the limit."""
    broken = network(2)
    with torch.no_grad():
        broken.tail.bias.add_(float("nan"))
    with pytest.raises(ExportError, match="nan"):
        check_parity(to_onnx(broken), broken)


def test_the_size_is_told_from_the_kernels() -> None:
    """Features, depth and scale follow from the kernels alone; other kernels are refused."""
    made = network(4, features=6, depth=2)
    assert shape_of(made.state_dict()) == CompactShape(features=6, depth=2, scale=4)
    with pytest.raises(ExportError, match="missing"):
        shape_of({"conv.weight": torch.zeros(1)})
    odd = dict(made.state_dict(), **{"tail.weight": torch.zeros(3, 6, 5, 5)})
    with pytest.raises(ExportError, match="no square"):
        shape_of(odd)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_multiplying_out_changes_nothing(scale: int) -> None:
    """The plain network that ships computes what the factored one that trains computes."""
    torch.manual_seed(3)
    factored = CompactNet(CompactShape(6, 3, scale), wide=16).eval()
    plane = torch.rand(1, 1, 23, 31)
    with torch.no_grad():
        assert torch.allclose(factored(plane), factored.collapsed()(plane), atol=1e-5)
