"""What there is to compute on: cores of the processor, and NVIDIA GPUs as their driver sees them.

GPUs are asked of the driver's own library (libcuda, the CUDA Driver API,
https://docs.nvidia.com/cuda/cuda-driver-api), so looking costs no import of an engine and no
subprocess. Where the driver's device file is missing nothing is loaded at all.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_DRIVER = "libcuda.so.1"
_DEVICE_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
_COMPUTE_MAJOR, _COMPUTE_MINOR = 75, 76
"""CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR."""
_NAME_BYTES = 256


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU. `compute` is its compute capability, for example (8, 9)."""

    index: int
    name: str
    compute: tuple[int, int]
    memory_bytes: int

    @property
    def device_class(self) -> str:
        """The kind of device in plans and gates: kernels are written per compute capability."""
        major, minor = self.compute
        return f"cuda-sm{major}{minor}"


class _Refused(Exception):  # noqa: N818 - it never leaves this file
    """The driver answered a call with an error."""


@lru_cache(maxsize=1)
def gpus() -> tuple[Gpu, ...]:
    """Every GPU that the driver offers this process; empty without a driver."""
    if not any(path.exists() for path in _DEVICE_FILES):
        return ()
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return ()
    return gpus_of(driver)


def gpus_of(driver: Any) -> tuple[Gpu, ...]:
    """Ask a loaded driver library; a driver that refuses offers nothing."""
    count = ctypes.c_int()
    try:
        _call(driver.cuInit, 0)
        _call(driver.cuDeviceGetCount, ctypes.byref(count))
        return tuple(_gpu(driver, index) for index in range(count.value))
    except _Refused:
        return ()


def _gpu(driver: Any, index: int) -> Gpu:
    device = ctypes.c_int()
    name = ctypes.create_string_buffer(_NAME_BYTES)
    memory = ctypes.c_size_t()
    _call(driver.cuDeviceGet, ctypes.byref(device), index)
    _call(driver.cuDeviceGetName, name, _NAME_BYTES, device)
    _call(driver.cuDeviceTotalMem_v2, ctypes.byref(memory), device)
    compute = []
    for attribute in (_COMPUTE_MAJOR, _COMPUTE_MINOR):
        value = ctypes.c_int()
        _call(driver.cuDeviceGetAttribute, ctypes.byref(value), attribute, device)
        compute.append(value.value)
    return Gpu(
        index=index,
        name=name.value.decode("utf-8", "replace"),
        compute=(compute[0], compute[1]),
        memory_bytes=memory.value,
    )


def _call(function: Any, *arguments: Any) -> None:
    """Call the driver; CUDA_SUCCESS is 0."""
    if function(*arguments) != 0:
        raise _Refused


@lru_cache(maxsize=1)
def processor() -> str:
    """Name the processor with a digest of its instruction sets, on which built code depends."""
    facts: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            facts.setdefault(key.strip(), value.strip())
    sets = facts.get("flags") or facts.get("Features") or ""
    named = [facts.get(key, "") for key in ("model name", "cpu family", "model", "stepping")]
    digest = hashlib.sha256(sets.encode()).hexdigest()[:16]
    return "/".join([platform.machine(), *named, digest])


def usable_cores() -> int:
    """Count the processor cores that this process may use, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
