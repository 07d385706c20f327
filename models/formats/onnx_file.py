"""Writes small ONNX graphs, byte for byte, with nothing but numpy.

A user's machine has an engine that reads ONNX and no library that writes it. What is needed of
the format (https://onnx.ai/onnx/repo-docs/IR.html, onnx.proto) is a handful of messages in
protobuf's wire form (https://protobuf.dev/programming-guides/encoding/): a tag is the field's
number times 8 plus the wire type, 0 for varints, 2 for anything with a length. The same graph
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IR_VERSION = 8
OPSET = 17
PRODUCER = "evident"

Attribute = int | str | Sequence[int]
Dimension = int | str
"""A size, or the name of a size that is free."""

_FLOAT = 1
_INT, _STRING, _INTS = 2, 3, 7
"""AttributeProto.AttributeType."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator with its inputs, outputs and attributes; an empty input is left out."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph with one input and one output, both float32."""

    name: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[np.float32]]
    source: tuple[str, tuple[Dimension, ...]]
    result: tuple[str, tuple[Dimension, ...]]


def write_graph(graph: Graph) -> bytes:
    """Write a ModelProto."""
    body = b"".join(_message(1, _node(node)) for node in graph.nodes)
    body += _text(2, graph.name)
    for name in sorted(graph.constants):
        body += _message(5, _tensor(name, graph.constants[name]))
    body += _message(11, _value(*graph.source)) + _message(12, _value(*graph.result))
    opset = _message(8, _text(1, "") + _number(2, OPSET))
    return _number(1, IR_VERSION) + _text(2, PRODUCER) + _message(7, body) + opset


def _node(node: Node) -> bytes:
    made = b"".join(_text(1, name) for name in node.inputs)
    made += b"".join(_text(2, name) for name in node.outputs)
    made += _text(3, node.outputs[0]) + _text(4, node.operator)
    return made + b"".join(
        _message(5, _attribute(name, value)) for name, value in node.attributes.items()
    )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _STRING)
    ints = b"".join(_number(8, one) for one in value)
    return _text(1, name) + ints + _number(20, _INTS)


def _tensor(name: str, values: NDArray[np.float32]) -> bytes:
    made = b"".join(_number(1, size) for size in values.shape)
    made += _number(2, _FLOAT) + _text(8, name)
    return made + _message(9, np.ascontiguousarray(values, "<f4").tobytes())


def _value(name: str, shape: tuple[Dimension, ...]) -> bytes:
    sizes = b"".join(_message(1, _dimension(size)) for size in shape)
    kind = _message(1, _number(1, _FLOAT) + _message(2, sizes))
    return _text(1, name) + _message(2, kind)


def _dimension(size: Dimension) -> bytes:
    return _number(1, size) if isinstance(size, int) else _text(2, size)


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    if value < 0:
        raise ValueError("only sizes and codes are written here, and none is negative")
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
