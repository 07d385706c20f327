"""The field's compact network as an ONNX graph, node by node from its tensors.

It is the second statement of `models.nets.prelu_compact`, made without torch; the tests hold the
two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.errors import UnsafeWeightsError
from models.formats.onnx_file import Attribute, Graph, Node, write_graph
from models.formats.safetensors_file import Tensors
from models.spec import PReluArchitecture

_COLOURS = 3
_KERNEL = 3
_PADDING = (1, 1, 1, 1)


def layout(architecture: PReluArchitecture, scale: int) -> dict[str, tuple[int, ...]]:
    """Name every tensor of such a network with its shape, as they are published."""
    features, last = architecture.features, 2 * (architecture.depth + 1)
    shapes: dict[str, tuple[int, ...]] = {}
    for index in range(0, last + 1, 2):
        inputs = _COLOURS if index == 0 else features
        outputs = _COLOURS * scale**2 if index == last else features
        shapes[f"body.{index}.weight"] = (outputs, inputs, _KERNEL, _KERNEL)
        shapes[f"body.{index}.bias"] = (outputs,)
        if index < last:
            shapes[f"body.{index + 1}.weight"] = (features,)
    return shapes


def to_onnx(tensors: Tensors, architecture: PReluArchitecture, scale: int) -> bytes:
    """Write `input` (N, 3, H, W) to `output` (N, 3, scale*H, scale*W); N, H and W are free.

    Raises UnsafeWeightsError where the tensors are not those of `layout`.
    """
    expected = layout(architecture, scale)
    if {name: values.shape for name, values in tensors.items()} != expected:
        raise UnsafeWeightsError("these are not the tensors of the network on the card")
    nodes: list[Node] = []
    constants = {name: values for name, values in tensors.items() if values.ndim != 1}
    features = "input"
    for index in range(2 * architecture.depth + 3):
        name = f"body.{index}"
        if f"{name}.bias" in tensors:
            constants[f"{name}.bias"] = tensors[f"{name}.bias"]
            kernel = (features, f"{name}.weight", f"{name}.bias")
            sizes: Mapping[str, Attribute] = {"kernel_shape": (_KERNEL, _KERNEL), "pads": _PADDING}
            nodes.append(Node("Conv", kernel, (name,), sizes))
        else:
            # A slope per channel, spread over rows and columns.
            constants[f"{name}.weight"] = tensors[f"{name}.weight"].reshape(-1, 1, 1)
            nodes.append(Node("PRelu", (features, f"{name}.weight"), (name,)))
        features = name
    constants["scales"] = np.array([1, 1, scale, scale], np.float32)
    shuffle: Mapping[str, Attribute] = {"blocksize": scale, "mode": "CRD"}
    repeat: Mapping[str, Attribute] = {
        "coordinate_transformation_mode": "asymmetric",
        "mode": "nearest",
        "nearest_mode": "floor",
    }
    nodes += [
        Node("DepthToSpace", (features,), ("detail",), shuffle),
        Node("Resize", ("input", "", "scales"), ("repeated",), repeat),
        Node("Add", ("detail", "repeated"), ("output",)),
    ]
    return write_graph(
        Graph(
            name="prelu-compact",
            nodes=tuple(nodes),
            constants=constants,
            source=("input", ("n", _COLOURS, "h", "w")),
            result=("output", ("n", _COLOURS, "sh", "sw")),
        )
    )
