"""The safetensors format, read and written without its library."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.errors import UnsafeWeightsError
from models.formats.safetensors_file import read_header, read_tensors, write_tensors

TENSORS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
        lambda name: name != "__metadata__"
    ),
    arrays.arrays(
        np.float32, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats(width=32)
    ),
    max_size=4,
)


@given(tensors=TENSORS)
def test_tensors_read_back_as_they_were_written(tensors: dict[str, np.ndarray]) -> None:
    """Whatever the names, shapes and bits are, writing and reading gives the same tensors."""
    read = read_tensors(write_tensors(tensors), name="x")
    assert {key: value.tobytes() for key, value in read.items()} == {
        key: value.tobytes() for key, value in tensors.items()
    }
    assert {key: value.shape for key, value in read.items()} == {
        key: value.shape for key, value in tensors.items()
    }


def test_the_library_reads_the_same() -> None:
    """The format's own library and ours read each other's files alike, in every width."""
    import torch
    from safetensors.torch import load, save

    values = torch.arange(-6, 6, dtype=torch.float32).reshape(3, 4) / 7
    kinds = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
    content = save({str(kind): values.to(kind) for kind in kinds})
    read = read_tensors(content, name="x")
    for name, tensor in load(content).items():
        assert np.array_equal(read[name], tensor.float().numpy())
    assert torch.equal(load(write_tensors({"a": values.numpy()}))["a"], values)


def _file(header: object, data: bytes = b"") -> bytes:
    spelt = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(spelt).to_bytes(8, "little") + spelt + data


def _one(**changes: object) -> dict[str, object]:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


BROKEN = {
    "nothing": b"",
    "a header beyond the end": (1 << 40).to_bytes(8, "little") + b"{}",
    "a header that is no JSON": _file(b"{nothing}"),
    "a header that is a list": _file([1]),
    "a header nested without end": _file(b"[" * 100_000),
    "no description": _file({"a": 1}),
    "an unknown type": _file(_one(dtype="F8"), b"12345678"),
    "a negative size": _file(_one(shape=[-2]), b"12345678"),
    "a size that is true": _file(_one(shape=[True], data_offsets=[0, 4]), b"1234"),
    "too few bytes": _file(_one(), b"1234"),
    "too many bytes": _file(_one(), b"123456789"),
    "a gap": _file(_one(data_offsets=[4, 12]), b"123456789012"),
    "an overlap": _file({**_one(), "b": _one()["a"]}, b"12345678"),
    "offsets that run backwards": _file(_one(data_offsets=[8, 0]), b"12345678"),
    "a shape without its bytes": _file(_one(shape=[1 << 40, 1 << 40]), b"12345678"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_not_sound_is_refused(case: str) -> None:
    """A header that lies about the data is refused before any of the data is looked at."""
    with pytest.raises(UnsafeWeightsError, match="no sound safetensors file"):
        read_header(BROKEN[case], name="x")


def test_whole_numbers_are_no_weights() -> None:
    """A tensor of whole numbers has no place among weights and is refused by name."""
    content = _file(_one(dtype="I32"), b"12345678")
    with pytest.raises(UnsafeWeightsError, match="I32"):
        read_tensors(content, name="x")
