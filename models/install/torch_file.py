"""Reads tensors, and nothing else, out of a file that torch saved.

Such a file is a zip archive with a table in it that is a pickle, and a pickle is a program. It is
interpreted by a machine of our own that makes descriptions of tensors and can do nothing else
(`torch_pickle`). The numbers are then read from the archive by these descriptions, with their
bounds checked. This runs in a child process with limits (`torch_child`), never in ours.

The older form (before torch 1.6, no zip) is refused.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.install.torch_pickle import Described, Storage, TorchFileError, read_contents

MOST_ENTRIES = 100_000
MOST_TABLE_BYTES = 64 << 20
WRAPPERS = ("params_ema", "params", "state_dict")
"""What training programs call the tensors, the preferred one first."""


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
        described = _tensors(_contents(archive, members[tops[0]]))
        storages: dict[Storage, NDArray[Any]] = {}
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


def _contents(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Any:
    if member.file_size > MOST_TABLE_BYTES:
        raise TorchFileError(f"its table is larger than {MOST_TABLE_BYTES} bytes")
    return read_contents(archive.read(member))


def _tensors(found: Any) -> dict[str, Described]:
    """Pick the tensors out of what training programs put around them."""
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
            break
    if not isinstance(found, dict) or not found:
        raise TorchFileError("it holds no table of tensors")
    for name, one in found.items():
        if not isinstance(name, str) or not isinstance(one, Described):
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


def _viewed(storage: NDArray[Any], one: Described, name: str) -> NDArray[Any]:
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
