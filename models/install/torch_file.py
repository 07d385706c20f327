"""Reads tensors, and nothing else, out of a file that torch saved.

Such a file is a zip archive with a pickle in it, and a pickle is a program. Only a handful of
names are known to the reader below, all of them stand-ins written here: what torch calls to make
a tensor makes a description of one, and any other name ends the reading. No class of torch or of
anybody else is ever looked up. Tensors are then read from the archive by these descriptions, with
their bounds checked. This runs in a child process with limits (`torch_child`), never in ours.

The older form (before torch 1.6, no zip) is refused.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_ENTRIES = 100_000
MOST_PICKLE_BYTES = 64 << 20
MOST_DIMENSIONS = 8
WRAPPERS = ("params_ema", "params", "state_dict")
"""What training programs call the tensors, the preferred one first."""

_TYPES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "bf16",
    "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "<i1",
    "ByteStorage": "<u1", "BoolStorage": "?",
}  # fmt: skip


class TorchFileError(Exception):
    """The file holds something else than tensors, or is not what it claims; one line."""


@dataclass(frozen=True, slots=True)
class _StorageType:
    dtype: str


@dataclass(frozen=True, slots=True)
class _Storage:
    dtype: str
    key: str


@dataclass(frozen=True, slots=True)
class _Described:
    """One tensor: where it starts in its storage, and its sizes and strides, in numbers."""

    storage: _Storage
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(storage: Any, offset: Any, sizes: Any, strides: Any, *_rest: Any) -> _Described:
    numbers = (offset, *sizes, *strides)
    sound = isinstance(storage, _Storage) and len(sizes) == len(strides) <= MOST_DIMENSIONS
    if not sound or not all(type(one) is int and one >= 0 for one in numbers):
        raise TorchFileError("a tensor is described by what is no number")
    return _Described(storage, offset, tuple(sizes), tuple(strides))


def _rebuild_parameter(described: Any, *_rest: Any) -> Any:
    return described


_KNOWN: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): _StorageType(dtype) for name, dtype in _TYPES.items()},
}


class _Reader(pickle.Unpickler):
    """Knows the names above and refuses all others."""

    def find_class(self, module: str, name: str) -> Any:
        """Look a name up in our own table, never in a module."""
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise TorchFileError(f"it asks for {module}.{name}, which is no tensor") from None

    def persistent_load(self, found: Any) -> _Storage:
        """Read a storage's name: ("storage", type, key, device, count)."""
        try:
            word, kind, key, _device, _count = found
        except (TypeError, ValueError):
            raise TorchFileError("a storage is not named as torch names one") from None
        if word != "storage" or not isinstance(kind, _StorageType) or not isinstance(key, str):
            raise TorchFileError("a storage is not named as torch names one")
        return _Storage(kind.dtype, key)


def read_torch_file(content: bytes) -> dict[str, NDArray[Any]]:
    """Read every tensor of the network in `content`, by name.

    Raises TorchFileError. bfloat16 becomes float32, which holds all of it.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise TorchFileError("it is no archive of torch 1.6 or later") from error
    with archive:
        members = _members(archive)
        tops = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(tops) != 1:
            raise TorchFileError("it is an archive, and not one that torch wrote")
        top = tops[0].removesuffix("data.pkl")
        described = _tensors(_unpickled(archive, members[tops[0]]))
        storages: dict[_Storage, NDArray[Any]] = {}
        made = {}
        for name, one in described.items():
            if one.storage not in storages:
                member = members.get(f"{top}data/{one.storage.key}")
                if member is None:
                    raise TorchFileError(f"the numbers of {name!r} are missing")
                storages[one.storage] = _numbers(archive.read(member), one.storage.dtype)
            made[name] = _viewed(storages[one.storage], one, name)
        return made


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    listed = archive.infolist()
    if len(listed) > MOST_ENTRIES:
        raise TorchFileError(f"its archive has more than {MOST_ENTRIES} entries")
    for one in listed:
        # torch stores without compression; anything else could swell.
        if one.compress_type != zipfile.ZIP_STORED or one.file_size != one.compress_size:
            raise TorchFileError("its archive is compressed, which torch never does")
    members = {one.filename: one for one in listed}
    if len(members) != len(listed):
        raise TorchFileError("its archive holds one name twice")
    return members


def _unpickled(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Any:
    if member.file_size > MOST_PICKLE_BYTES:
        raise TorchFileError(f"its pickle is larger than {MOST_PICKLE_BYTES} bytes")
    try:
        return _Reader(io.BytesIO(archive.read(member))).load()
    except TorchFileError:
        raise
    except Exception as error:
        raise TorchFileError(f"its pickle cannot be read ({type(error).__name__})") from error


def _tensors(found: Any) -> dict[str, _Described]:
    """Pick the tensors out of what training programs put around them."""
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
            break
    if not isinstance(found, dict) or not found:
        raise TorchFileError("it holds no table of tensors")
    for name, one in found.items():
        if not isinstance(name, str) or not isinstance(one, _Described):
            raise TorchFileError("it holds something else beside tensors")
    return dict(found)


def _numbers(content: bytes, dtype: str) -> NDArray[Any]:
    if dtype == "bf16":
        if len(content) % 2:
            raise TorchFileError("a storage is cut off")
        wide = np.frombuffer(content, "<u2").astype(np.uint32) << np.uint32(16)
        return wide.view(np.float32)
    if len(content) % np.dtype(dtype).itemsize:
        raise TorchFileError("a storage is cut off")
    return np.frombuffer(content, dtype)


def _viewed(storage: NDArray[Any], one: _Described, name: str) -> NDArray[Any]:
    """Lay a tensor out of its storage; every number that it reads lies inside."""
    empty = 0 in one.sizes
    last = one.offset + sum((n - 1) * s for n, s in zip(one.sizes, one.strides, strict=True))
    if not empty and last >= storage.size:
        raise TorchFileError(f"{name!r} reaches beyond its numbers")
    if empty:
        return np.zeros(one.sizes, storage.dtype)
    strides = tuple(step * storage.itemsize for step in one.strides)
    view = np.lib.stride_tricks.as_strided(
        storage[one.offset :], one.sizes, strides, writeable=False
    )
    if view.size > storage.size:
        raise TorchFileError(f"{name!r} repeats its numbers")
    return np.ascontiguousarray(view).reshape(one.sizes)
