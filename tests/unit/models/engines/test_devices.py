"""What there is to compute on, as a driver tells it."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from models.engines import devices
from models.engines.devices import Gpu, gpus, gpus_of, processor, usable_cores


class Driver:
    """A driver library with two GPUs, or one that refuses a call."""

    def __init__(self, *, refuses: str = "") -> None:
        self._refuses = refuses

    def _answer(self, name: str) -> int:
        return 100 if name == self._refuses else 0

    def cuInit(self, flags: int) -> int:  # noqa: N802 - the driver's names
        """Begin."""
        return self._answer("cuInit")

    def cuDeviceGetCount(self, count) -> int:  # noqa: N802
        """Count."""
        count._obj.value = 2
        return self._answer("cuDeviceGetCount")

    def cuDeviceGet(self, device, index: int) -> int:  # noqa: N802
        """Hand out a device."""
        device._obj.value = index
        return self._answer("cuDeviceGet")

    def cuDeviceGetName(self, name, size: int, device) -> int:  # noqa: N802
        """Name it."""
        name.value = f"GPU of a test {device.value}".encode()
        return self._answer("cuDeviceGetName")

    def cuDeviceTotalMem_v2(self, memory, device) -> int:  # noqa: N802
        """Tell its memory."""
        memory._obj.value = 24 << 30
        return self._answer("cuDeviceTotalMem_v2")

    def cuDeviceGetAttribute(self, value, attribute: int, device) -> int:  # noqa: N802
        """Tell its compute capability."""
        value._obj.value = {75: 8, 76: 9}[attribute]
        return self._answer("cuDeviceGetAttribute")


def test_gpus_are_what_the_driver_says() -> None:
    """Name, memory and compute capability come from the driver, one entry per GPU."""
    first, second = gpus_of(Driver())
    assert first == Gpu(0, "GPU of a test 0", (8, 9), 24 << 30)
    assert second.index == 1
    assert first.device_class == "cuda-sm89"


@pytest.mark.parametrize("call", ["cuInit", "cuDeviceGetCount", "cuDeviceGetAttribute"])
def test_a_driver_that_refuses_offers_nothing(call: str) -> None:
    """An error of the driver means no GPU, not a failure of the program."""
    assert gpus_of(Driver(refuses=call)) == ()


def test_nothing_is_loaded_without_a_device_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the driver's device file is missing, its library is not looked for."""

    def load(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(devices, "_DEVICE_FILES", (tmp_path / "nvidiactl",))
    monkeypatch.setattr(ctypes, "CDLL", load)
    gpus.cache_clear()
    assert gpus() == ()
    gpus.cache_clear()


def test_a_missing_library_means_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A device file without the driver's library offers nothing."""
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(devices, "_DEVICE_FILES", (tmp_path / "nvidiactl",))
    monkeypatch.setattr(devices, "_DRIVER", "libcuda-of-no-machine.so.1")
    gpus.cache_clear()
    assert gpus() == ()
    gpus.cache_clear()


def test_the_processor_has_one_name() -> None:
    """Asked twice, the processor is called the same; it has a core that may be used."""
    assert processor() == processor()
    assert usable_cores() >= 1
