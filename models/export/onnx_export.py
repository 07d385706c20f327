"""Writes our compact network as an ONNX file and proves that it is the same function.

The graph is written node by node from the trained kernels (ONNX opset 17,
https://onnx.ai/onnx/operators), so the same kernels give the same bytes whatever tool trained
them, and the parity check compares two independent statements of the network: this graph and
the torch module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from models.errors import ExportError
from models.nets.compact import CompactShape, PlainCompactNet

OPSET = 17
IR_VERSION = 8
PRODUCER = "evident"
LARGEST_DIFFERENCE = 1e-5
"""The parity limit, in units of full scale: a 400th of an 8-bit step."""
PARITY_SIZES = ((1, 1), (3, 7), (24, 24), (25, 31), (67, 101))
"""Heights and widths that are tried: below, at and beyond the reach, most of them odd."""

Kernels = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the ONNX file is from torch: the largest difference, in units of full scale."""

    largest_difference: float
    planes: int


def to_onnx(network: PlainCompactNet) -> bytes:
    """Write `network` as ONNX: `input` (N, 1, H, W) to `output` (N, 1, scale*H, scale*W).

    All of N, H and W are free. The same kernels give the same bytes.
    """
    shape = network.shape
    kernels: Kernels = {
        name: np.asarray(tensor.detach().cpu().numpy(), dtype=np.float32)
        for name, tensor in network.state_dict().items()
    }
    nodes = [_convolution(kernels, "head", "input", "head"), _rectifier("head", "first")]
    features = "first"
    for index in range(shape.depth):
        nodes.append(_convolution(kernels, f"body.{index}", features, f"sum.{index}"))
        nodes.append(_rectifier(f"sum.{index}", f"features.{index}"))
        features = f"features.{index}"
    nodes.append(helper.make_node("Add", [features, "first"], ["joined"], name="join"))
    nodes.append(_convolution(kernels, "tail", "joined", "detail"))
    nodes.append(_convolution(kernels, "skip", "input", "base"))
    last = "output" if shape.scale == 1 else "phases"
    nodes.append(helper.make_node("Add", ["detail", "base"], [last], name="add"))
    if shape.scale > 1:
        shuffle = helper.make_node("DepthToSpace", [last], ["output"], name="shuffle")
        shuffle.attribute.append(helper.make_attribute("blocksize", shape.scale))
        shuffle.attribute.append(helper.make_attribute("mode", "CRD"))
        nodes.append(shuffle)
    graph = helper.make_graph(
        nodes,
        "compact",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", 1, "sh", "sw"])],
        [numpy_helper.from_array(kernels[name], name) for name in sorted(kernels)],
    )
    made = helper.make_model(
        graph,
        producer_name=PRODUCER,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString(deterministic=True))


def _convolution(kernels: Kernels, layer: str, source: str, result: str) -> onnx.NodeProto:
    """Write a convolution that keeps the size: zero padding of half the kernel."""
    height, width = kernels[f"{layer}.weight"].shape[2:]
    return helper.make_node(
        "Conv",
        [source, f"{layer}.weight", f"{layer}.bias"],
        [result],
        name=layer,
        kernel_shape=[height, width],
        pads=[height // 2, width // 2, height // 2, width // 2],
    )


def _rectifier(source: str, result: str) -> onnx.NodeProto:
    return helper.make_node("Relu", [source], [result], name=f"relu.{source}")


def shape_of(kernels: Mapping[str, torch.Tensor]) -> CompactShape:
    """Tell the size of a compact network from its kernels. Raises ExportError."""
    try:
        features = kernels["head.weight"].shape[0]
        phases = kernels["tail.weight"].shape[0]
    except KeyError as error:
        raise ExportError(
            f"these are not a compact network's kernels: {error} is missing"
        ) from error
    depth = sum(name.startswith("body.") and name.endswith(".weight") for name in kernels)
    scale = round(phases**0.5)
    if scale**2 != phases:
        raise ExportError(f"{phases} output phases are no square of a scale")
    return CompactShape(features=features, depth=depth, scale=scale)


def check_parity(
    content: bytes,
    network: nn.Module,
    *,
    seed: int = 1,
    planes: int = 1,
) -> Parity:
    """Compare the ONNX file with torch on random pictures of many sizes, both in fp32.

    `planes` go in together. Raises ExportError when they differ by more than
    `LARGEST_DIFFERENCE` of full scale.
    """
    rng = np.random.default_rng(seed)
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    largest = 0.0
    for height, width in PARITY_SIZES:
        plane = rng.random((1, planes, height, width), dtype=np.float32)
        (exported,) = session.run(["output"], {"input": plane})
        with torch.inference_mode():
            trained = network(torch.from_numpy(plane)).numpy()
        if exported.shape != trained.shape:
            raise ExportError(f"the ONNX file gives {exported.shape}, torch {trained.shape}")
        difference = float(np.abs(exported - trained).max())
        if not difference <= LARGEST_DIFFERENCE:
            raise ExportError(
                f"the ONNX file and torch differ by {difference:.3g} at {width}x{height}",
                next_step=f"The limit is {LARGEST_DIFFERENCE:g}; look at the exported graph.",
            )
        largest = max(largest, difference)
    return Parity(largest_difference=largest, planes=len(PARITY_SIZES))
