"""The safetensors format, read with bounds and written in one canonical form.

A file is a little-endian 64-bit length, a JSON header of that length, and the tensors' bytes
(https://huggingface.co/docs/safetensors). Nothing in it can run. The header is checked before a
byte of data is looked at: tensors lie side by side from 0 to the end, without gap or overlap,
and each takes exactly the bytes that its type and shape need.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import UnsafeWeightsError

Tensors = Mapping[str, NDArray[np.float32]]

MOST_HEADER_BYTES = 16 << 20
MOST_TENSORS = 100_000
_LENGTH_BYTES = 8
_ALIGNMENT = 8
_METADATA = "__metadata__"
_SIZES = MappingProxyType(
    {
        "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1,
        "BOOL": 1,
    }
)  # fmt: skip
_REAL = MappingProxyType({"F64": "<f8", "F32": "<f4", "F16": "<f2"})


@dataclass(frozen=True, slots=True)
class Described:
    """One tensor as the header describes it: where its bytes lie after the header."""

    kind: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read_header(content: bytes, *, name: str) -> Mapping[str, Described]:
    """Read and check the header of a whole file. Raises UnsafeWeightsError."""
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    room = len(content) - _LENGTH_BYTES - length
    if not 2 <= length <= MOST_HEADER_BYTES or room < 0:
        raise _refused(name, "its header does not fit")
    try:
        document = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
    except (ValueError, RecursionError) as error:
        raise _refused(name, "its header is no JSON") from error
    if not isinstance(document, dict) or len(document) > MOST_TENSORS:
        raise _refused(name, "its header is no table of tensors")
    found = {key: _described(value, name) for key, value in document.items() if key != _METADATA}
    at = 0
    for one in sorted(found.values(), key=lambda each: (each.start, each.stop)):
        if one.start != at:
            raise _refused(name, "its tensors overlap or leave gaps")
        at = one.stop
    if at != room:
        raise _refused(name, f"it holds {room} bytes of data and describes {at}")
    return found


def _described(value: Any, name: str) -> Described:
    try:
        kind, shape = value["dtype"], value["shape"]
        start, stop = value["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise _refused(name, "a tensor is not described") from error
    numbers = [*shape, start, stop] if isinstance(shape, list) else [None]
    if kind not in _SIZES or not all(type(one) is int and one >= 0 for one in numbers):
        raise _refused(name, "a tensor is described by what is no number")
    if stop - start != math.prod(shape) * _SIZES[kind]:
        raise _refused(name, "a tensor does not take the bytes that its shape needs")
    return Described(kind, tuple(shape), start, stop)


def read_tensors(content: bytes, *, name: str) -> Tensors:
    """Read every tensor of real numbers as float32. Raises UnsafeWeightsError."""
    header = read_header(content, name=name)
    data = memoryview(content)[_LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little") :]
    return {key: _values(one, data[one.start : one.stop], name) for key, one in header.items()}


def _values(one: Described, data: memoryview, name: str) -> NDArray[np.float32]:
    if one.kind == "BF16":
        # bfloat16 is the upper half of a float32.
        wide = np.frombuffer(data, "<u2").astype(np.uint32) << np.uint32(16)
        return wide.view(np.float32).reshape(one.shape)
    if one.kind not in _REAL:
        raise _refused(name, f"it holds {one.kind} where real numbers belong")
    return np.frombuffer(data, _REAL[one.kind]).astype(np.float32).reshape(one.shape)


def write_tensors(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Write tensors in their own types, sorted by name; the same tensors give the same bytes.

    Raises ValueError for a type that the format does not have.
    """
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    at = 0
    for key in sorted(tensors):
        values = np.ascontiguousarray(tensors[key]).reshape(tensors[key].shape)
        content = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
        stop = at + len(content)
        header[key] = {
            "dtype": _kind_of(values.dtype),
            "shape": list(values.shape),
            "data_offsets": [at, stop],
        }
        parts.append(content)
        at = stop
    spelt = json.dumps(header, separators=(",", ":")).encode()
    spelt += b" " * (-len(spelt) % _ALIGNMENT)
    return b"".join([len(spelt).to_bytes(_LENGTH_BYTES, "little"), spelt, *parts])


def _kind_of(dtype: np.dtype[Any]) -> str:
    """Name a type as the format does: `F32` for float32."""
    letter = {"f": "F", "i": "I", "u": "U"}.get(dtype.kind, "")
    kind = "BOOL" if dtype.kind == "b" else f"{letter}{8 * dtype.itemsize}"
    if kind not in _SIZES:
        raise ValueError(f"safetensors has no {dtype}")
    return kind


def _refused(name: str, why: str) -> UnsafeWeightsError:
    return UnsafeWeightsError(f"{name} is no sound safetensors file: {why}")
