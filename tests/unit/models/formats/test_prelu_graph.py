"""The field's compact network, stated twice: as an ONNX graph and as a torch module."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from models.errors import UnsafeWeightsError
from models.formats.prelu_graph import layout, to_onnx
from models.spec import PReluArchitecture
from tests.unit.models.field_kit import SMALL, prelu_tensors

SIZES = ((1, 1), (3, 7), (17, 12))


@pytest.mark.parametrize("scale", [2, 4])
def test_the_graph_and_the_module_are_the_same_function(scale: int) -> None:
    """ONNX Runtime over our bytes and torch over our module agree at sizes of every kind."""
    import onnxruntime as ort
    import torch

    from models.nets.prelu_compact import PReluCompactNet, PReluShape

    tensors = prelu_tensors(scale=scale)
    session = ort.InferenceSession(
        to_onnx(tensors, SMALL, scale), providers=["CPUExecutionProvider"]
    )
    network = PReluCompactNet(PReluShape(SMALL.features, SMALL.depth, scale))
    network.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})
    rng = np.random.default_rng(3)
    for height, width in SIZES:
        batch = rng.random((2, 3, height, width), dtype=np.float32)
        (ours,) = session.run(["output"], {"input": batch})
        with torch.inference_mode():
            theirs = network(torch.from_numpy(batch)).numpy()
        assert ours.shape == (2, 3, scale * height, scale * width)
        assert np.abs(ours - theirs).max() < 1e-5


def test_a_network_of_zeros_repeats_the_picture() -> None:
    """With every kernel zero, what comes out is the picture with each pixel repeated."""
    import onnxruntime as ort

    tensors = {key: np.zeros_like(value) for key, value in prelu_tensors(scale=4).items()}
    session = ort.InferenceSession(to_onnx(tensors, SMALL, 4), providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(1).random((1, 3, 5, 6), dtype=np.float32)
    (made,) = session.run(["output"], {"input": picture})
    assert np.array_equal(made, picture.repeat(4, axis=2).repeat(4, axis=3))


def test_the_bytes_are_sound_onnx_and_always_the_same() -> None:
    """The format's own checker takes the bytes, and the same tensors give the same bytes."""
    tensors = prelu_tensors(scale=4)
    content = to_onnx(tensors, SMALL, 4)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    assert content == to_onnx(dict(reversed(tensors.items())), SMALL, 4)
    assert content[0] == 0x08


def test_other_tensors_are_refused() -> None:
    """A missing, surplus or misshapen tensor is not the network on the card."""
    tensors = dict(prelu_tensors(scale=4))
    for changed in (
        {key: value for key, value in tensors.items() if key != "body.1.weight"},
        {**tensors, "extra": np.zeros(1, np.float32)},
        {**tensors, "body.0.bias": np.zeros(5, np.float32)},
    ):
        with pytest.raises(UnsafeWeightsError, match="not the tensors"):
            to_onnx(changed, SMALL, 4)


def test_the_layout_is_the_published_one() -> None:
    """The names and shapes are those of the published file with 64 features and 32 layers."""
    shapes = layout(PReluArchitecture(features=64, depth=32), 4)
    assert shapes["body.0.weight"] == (64, 3, 3, 3)
    assert shapes["body.65.weight"] == (64,)
    assert shapes["body.66.weight"] == (48, 64, 3, 3)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 1_213_296
