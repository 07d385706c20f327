"""Networks that give known answers, in the layouts of detectors, as real ONNX files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 640
PLACES = sum((SIDE // grid) ** 2 for grid in (8, 16, 32))
"""Places that YOLOv8 answers for, over a square of 640 samples."""


def answering(answers: Mapping[str, np.ndarray], *, taken: str) -> bytes:
    """Write a network that gives these arrays for any picture; its one input is called `taken`."""
    shape = [1, 3, "h", "w"]
    nodes = [helper.make_node("ReduceMean", [taken], ["mean"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["mean", "nothing"], ["none"]))
    nodes += [helper.make_node("Add", [f"{name}_", "none"], [name]) for name in answers]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(taken, TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(one.shape))
            for name, one in answers.items()
        ],
        [
            numpy_helper.from_array(np.float32(0), "nothing"),
            *(numpy_helper.from_array(one, f"{name}_") for name, one in answers.items()),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def yolo_answer(numbers: int, places: Mapping[int, list[float]]) -> np.ndarray:
    """The one output of the layout, nothing but these numbers at these places."""
    answer = np.zeros((1, numbers, PLACES), np.float32)
    for place, values in places.items():
        answer[0, : len(values), place] = values
    return answer
