"""From the file that was received to the files that engines read.

ONNX and safetensors are kept as they came. From safetensors the ONNX form is written here where
the architecture is one that we can state ourselves.
"""

from __future__ import annotations

from collections.abc import Mapping

from models.errors import UnsafeWeightsError
from models.formats import prelu_graph
from models.formats.safetensors_file import read_header, read_tensors
from models.install.recognise import FileKind, kind_of
from models.spec import DetectorArchitecture, NetworkCard, PReluArchitecture, WeightsFormat
from models.weights import refuse_unsafe

Contents = Mapping[WeightsFormat, bytes]


def converted(content: bytes, card: NetworkCard, *, name: str) -> Contents:
    """Make every form of `card`'s weights that can be made from an ONNX or safetensors file.

    Raises UnsafeWeightsError where the file is not what it claims, or not this network.
    """
    if kind_of(content, name=name) is FileKind.ONNX:
        refuse_unsafe(content, name=name, form=WeightsFormat.ONNX)
        return {WeightsFormat.ONNX: content}
    read_header(content, name=name)
    if isinstance(card.architecture, DetectorArchitecture):
        raise UnsafeWeightsError(
            f"{card.name} is used as ONNX, and {name} is safetensors",
            next_step="Import its ONNX file.",
        )
    made = {WeightsFormat.SAFETENSORS: content}
    if isinstance(card.architecture, PReluArchitecture):
        tensors = read_tensors(content, name=name)
        made[WeightsFormat.ONNX] = prelu_graph.to_onnx(tensors, card.architecture, card.scale)
    return made
