"""Torch files: tensors come out, programs do not run."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog
from models.errors import UnsafeWeightsError
from models.formats.safetensors_file import read_tensors, write_tensors
from models.install.importing import import_file
from models.install.torch_child import tensors_of
from models.install.torch_file import read_torch_file
from models.install.torch_pickle import TorchFileError, read_contents
from tests.unit.models.field_kit import field_folder, prelu_tensors


def saved(value: Any) -> bytes:
    """What torch.save makes of a value."""
    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def archive(**members: bytes) -> bytes:
    """A zip like torch's, with members of our own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in members.items():
            made.writestr(f"a/{name.replace('_', '/', 1) if name[0] == 'd' else name}", content)
    return buffer.getvalue()


def pickled(value: Any) -> bytes:
    """An archive whose pickle holds `value`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("a/data.pkl", pickle.dumps(value, protocol=2))
    return buffer.getvalue()


@pytest.mark.parametrize("wrapper", ["params_ema", "params", "state_dict", None])
def test_tensors_come_out_as_torch_put_them_in(wrapper: str | None) -> None:
    """Every type, stride and offset gives the numbers that torch itself would read."""
    import torch

    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
    tensors = OrderedDict(
        plain=base,
        turned=base.t(),
        part=base[1:3, 2:5],
        half=base.half(),
        brain=base.bfloat16(),
        double=base.double(),
        count=torch.tensor(7),
        nothing=torch.zeros(0, 3),
        learnt=torch.nn.Parameter(base + 1),
    )
    content = saved(tensors if wrapper is None else {wrapper: tensors, "iter": 5})
    read = read_torch_file(content)
    assert list(read) == list(tensors)
    for name, tensor in tensors.items():
        expected = tensor.detach()
        wide = expected.float() if expected.dtype is torch.bfloat16 else expected
        np.testing.assert_array_equal(read[name], wide.numpy())


def test_the_child_gives_the_same_tensors() -> None:
    """What comes back from the child is the same, as a safetensors file."""
    tensors = prelu_tensors(scale=4)
    import torch

    content = saved({name: torch.from_numpy(values) for name, values in tensors.items()})
    made = tensors_of(content, name="x.pth")
    assert made == write_tensors(tensors)
    assert set(read_tensors(made, name="x")) == set(tensors)


class Runs:
    """A pickle that runs a program when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {self.path}",))


class Opens:
    """A pickle that calls a built-in function."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (eval, ("1 + 1",))


def test_a_program_is_refused_and_does_not_run(tmp_path: Path) -> None:
    """A pickle that names anything but tensors ends the reading before the name is looked up."""
    path = tmp_path / "it-ran"
    for value in (Runs(path), {"params": Runs(path)}, [Opens()], {"w": np.zeros(2)}):
        with pytest.raises(TorchFileError, match="which is no tensor"):
            read_torch_file(pickled(value))
        with pytest.raises(UnsafeWeightsError, match="which is no tensor"):
            tensors_of(pickled(value), name="x.pth")
    assert not path.exists()


def test_an_attribute_of_a_known_name_is_refused() -> None:
    """A dotted name cannot lead from a name that is known to one that is not."""
    program = b"\x80\x04\x8c\x0bcollections\x94\x8c\x20OrderedDict.__init__.__globals__\x93."
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("a/data.pkl", program)
    with pytest.raises(TorchFileError, match="which is no tensor"):
        read_torch_file(buffer.getvalue())


PROGRAMS = {
    "a call of a table": b"\x80\x02}).R.",
    "a call of a type of numbers": b"\x80\x02ctorch\nFloatStorage\n)R.",
    "an object": b"\x80\x02ccollections\nOrderedDict\n)\x81.",
    "an instance": b"(icollections\nOrderedDict\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "bytes": b"\x80\x03C\x01a.",
    "no end": b"\x80\x02}",
    "nothing on the stack": b"\x80\x02.",
    "two things": b"\x80\x02}}.",
    "a list without a beginning": b"\x80\x02}u.",
    "a memory that is empty": b"\x80\x02h\x05.",
    "a word that is none": b"\x80\x02\xff.",
    "filling a number": b"\x80\x02K\x01K\x02a.",
    "a storage of nothing": b"\x80\x02)Q.",
    "a tuple of more than there is": b"\x80\x02\x87.",
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_program_of_any_other_kind_is_refused(case: str) -> None:
    """Words that describe no tensor, and words out of place, end the reading."""
    with pytest.raises(TorchFileError):
        read_contents(PROGRAMS[case])


@given(content=st.binary(max_size=60))
def test_no_bytes_do_anything_else_than_be_refused_or_read(content: bytes) -> None:
    """Whatever the bytes are, they are read or refused; nothing else is raised."""
    with suppress(TorchFileError):
        read_contents(b"\x80\x02" + content + b".")


def _with(content: bytes, change: Any) -> bytes:
    """An archive with its members changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as made:
        for one in source.infolist():
            change(made, one.filename, source.read(one))
    return out.getvalue()


def _compressed(made: zipfile.ZipFile, name: str, content: bytes) -> None:
    made.writestr(name, content, zipfile.ZIP_DEFLATED)


def _shorter(made: zipfile.ZipFile, name: str, content: bytes) -> None:
    made.writestr(name, content[:-4] if "/data/" in name else content)


def _without(made: zipfile.ZipFile, name: str, content: bytes) -> None:
    if "/data/" not in name:
        made.writestr(name, content)


@pytest.mark.parametrize(
    ("change", "reason"),
    [(_compressed, "compressed"), (_shorter, "beyond its numbers"), (_without, "are missing")],
)
def test_an_archive_that_was_changed_is_refused(change: Any, reason: str) -> None:
    """Compression, cut numbers and missing numbers are refused by name."""
    import torch

    content = _with(saved({"w": torch.arange(8.0)}), change)
    with pytest.raises(TorchFileError, match=reason):
        read_torch_file(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        archive(readme=b"nothing"),
        pickled({}),
        pickled([1, 2]),
        pickled({"w": 1}),
        pickled({"params": {"w": "text"}}),
    ],
)
def test_what_holds_no_tensors_is_refused(content: bytes) -> None:
    """A file without tensors, or with anything beside them, is no network."""
    with pytest.raises(TorchFileError):
        read_torch_file(content)


def test_the_older_form_is_refused() -> None:
    """Torch's form before 1.6 is a bare pickle and is not read."""
    import torch

    buffer = io.BytesIO()
    torch.save({"w": torch.zeros(2)}, buffer, _use_new_zipfile_serialization=False)
    with pytest.raises(UnsafeWeightsError, match=r"torch 1\.6"):
        tensors_of(buffer.getvalue(), name="x.pth")


def test_a_tensor_that_repeats_its_numbers_is_refused() -> None:
    """A stride of nothing could make a small file fill the memory; it is refused."""
    import torch

    content = saved({"w": torch.zeros(1).expand(1 << 20, 1 << 20)})
    with pytest.raises(TorchFileError, match="repeats"):
        read_torch_file(content)


def test_a_torch_file_is_imported_by_its_layout(tmp_path: Path) -> None:
    """Of a torch file the tensors are installed, and the record names the file itself."""
    import hashlib

    import torch

    field = field_folder(tmp_path / "field", names=("tiny-a",))
    networks = Catalog(tmp_path / "none", field=field)
    tensors = {name: torch.from_numpy(v) for name, v in prelu_tensors(scale=4).items()}
    path = tmp_path / "tiny.pth"
    path.write_bytes(saved({"params_ema": tensors}))
    record = import_file(path, networks, tmp_path / "models", wanted=None)
    assert record.network == "tiny-a"
    assert record.received.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert {str(form) for form in record.files} == {"onnx", "safetensors"}
