"""The field's compact network is one function in torch and in every engine that reads ONNX."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models import catalog
from models.engines import choice
from models.errors import ExportError
from models.export.onnx_export import check_parity
from models.formats.prelu_graph import to_onnx
from models.nets.prelu_compact import COLOURS, PReluCompactNet, PReluShape
from models.spec import Precision, PReluArchitecture


def network(scale: int) -> PReluCompactNet:
    """Make a small network with random kernels and slopes."""
    torch.manual_seed(scale)
    made = PReluCompactNet(PReluShape(features=6, depth=3, scale=scale)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made


def exported(made: PReluCompactNet) -> bytes:
    """Write a network as ONNX."""
    tensors = {name: np.asarray(one, np.float32) for name, one in made.state_dict().items()}
    return to_onnx(tensors, PReluArchitecture(features=6, depth=3), made.shape.scale)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_parity_check_takes_colours(scale: int) -> None:
    """Three planes at once are compared on the same sizes as one."""
    made = network(scale)
    assert check_parity(exported(made), made, planes=COLOURS).largest_difference <= 1e-5


def test_the_parity_check_notices_another_network() -> None:
    """A file of other kernels does not pass for this network."""
    other = network(2)
    with torch.no_grad():
        next(other.parameters()).mul_(1.01)
    with pytest.raises(ExportError, match="differ by"):
        check_parity(exported(other), network(2), planes=COLOURS)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_engines_run_colours_as_torch_does(engine: str) -> None:
    """Every engine of the processor that reads ONNX gives what torch gives."""
    made = network(4)
    card = catalog.card("realesr-general-x4v3")
    session = choice.resolve(engine).load(card, exported(made), threads=1, precision=Precision.FP32)
    batch = np.random.default_rng(2).random((2, COLOURS, 19, 23), dtype=np.float32)
    with torch.inference_mode():
        expected = made(torch.from_numpy(batch)).numpy()
    np.testing.assert_allclose(session.run(batch), expected, atol=1e-5)
