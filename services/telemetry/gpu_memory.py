"""How much memory of each NVIDIA GPU is taken, as the driver's management library tells it.

NVML (https://docs.nvidia.com/deploy/nvml-api) is asked through ctypes: no subprocess, no engine,
no context on the GPU. A machine without the library, or whose library refuses, has no GPU here.
"""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from typing import Any

_LIBRARY = "libnvidia-ml.so.1"
_NAME_BYTES = 96
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """One GPU by NVML's index: all processes' use of it, not only ours."""

    index: int
    name: str
    used_bytes: int
    total_bytes: int


class _Memory(ctypes.Structure):
    """`nvmlMemory_t`, bytes."""

    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _Refused(Exception):  # noqa: N818 - it never leaves this file
    """The library answered a call with an error."""


def gpu_memory() -> tuple[GpuMemory, ...]:
    """Return every GPU of this machine; empty where there is none."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return ()
    return gpu_memory_of(library)


def gpu_memory_of(library: Any) -> tuple[GpuMemory, ...]:
    """Ask a loaded library; one that refuses has nothing."""
    with _LOADING:
        try:
            _call(library.nvmlInit_v2)
        except _Refused:
            return ()
        try:
            count = ctypes.c_uint()
            _call(library.nvmlDeviceGetCount_v2, ctypes.byref(count))
            return tuple(_gpu(library, index) for index in range(count.value))
        except _Refused:
            return ()
        finally:
            library.nvmlShutdown()


def _gpu(library: Any, index: int) -> GpuMemory:
    device = ctypes.c_void_p()
    name = ctypes.create_string_buffer(_NAME_BYTES)
    memory = _Memory()
    _call(library.nvmlDeviceGetHandleByIndex_v2, index, ctypes.byref(device))
    _call(library.nvmlDeviceGetName, device, name, _NAME_BYTES)
    _call(library.nvmlDeviceGetMemoryInfo, device, ctypes.byref(memory))
    text = name.value.decode("utf-8", "replace")
    return GpuMemory(index, text, int(memory.used), int(memory.total))


def _call(function: Any, *arguments: Any) -> None:
    """Call the library; NVML_SUCCESS is 0."""
    if function(*arguments) != 0:
        raise _Refused
