"""Which engines there are: what is installed, what was asked for, what comes first.

Looking costs no import of an engine; only the engine that was chosen is imported. Engines of a
GPU are known by names of their own and are there only where the driver offers a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from typing import TYPE_CHECKING

from models.engines import devices
from models.errors import EngineUnavailableError
from models.spec import NetworkCard, Precision, WeightsFormat

if TYPE_CHECKING:
    from models.engines.base import Engine
    from models.engines.plan_cache import PlanCache

INSTALL = "Install the cpu extra: python -m pip install 'evident[cpu]'."
A_GPU = "an NVIDIA GPU"
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")


@dataclass(frozen=True, slots=True)
class EngineListing:
    """An engine that we know. `version` is None when something that it needs is missing.

    `precisions` are those that the engine can be asked for; a processor may lack one of them.
    """

    name: str
    version: str | None
    missing: tuple[str, ...]
    weights_format: WeightsFormat
    precisions: frozenset[Precision]
    device_class: str

    @property
    def is_available(self) -> bool:
        """Whether everything that it needs is there."""
        return not self.missing


_MEMORY_PERCENT = {"openvino": 150}
"""Memory against what cards state, which was measured with ONNX Runtime; see benchmarks.residency.

OpenVINO keeps copies in layouts of its own. Others stay below the card."""

Maker = Callable[["PlanCache | None"], "Engine"]


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    imports: tuple[str, ...]
    distributions: tuple[str, ...]
    make: Maker
    weights_format: WeightsFormat
    precisions: frozenset[Precision]
    extra: str = ""
    on_gpu: bool = False


def _onnxruntime(_cache: PlanCache | None) -> Engine:
    from models.engines.onnxruntime_engine import OnnxRuntimeEngine  # noqa: PLC0415 - heavy

    return OnnxRuntimeEngine()


def _torch(_cache: PlanCache | None) -> Engine:
    from models.engines.torch_engine import TorchEngine  # noqa: PLC0415 - heavy

    return TorchEngine()


def _openvino(cache: PlanCache | None) -> Engine:
    from models.engines.openvino_engine import OpenVinoEngine  # noqa: PLC0415 - heavy

    return OpenVinoEngine(cache=cache)


def _tensorrt(cache: PlanCache | None) -> Engine:
    from models.engines.tensorrt_engine import TensorRtEngine  # noqa: PLC0415 - heavy

    gpu = devices.gpus()[0]
    return TensorRtEngine(
        index=gpu.index, device_class=gpu.device_class, device=gpu.name, cache=cache
    )


def _onnxruntime_on(provider: str) -> Maker:
    def make(_cache: PlanCache | None) -> Engine:
        from models.engines import onnxruntime_engine as known  # noqa: PLC0415 - heavy

        gpu = devices.gpus()[0]
        return known.OnnxRuntimeEngine(
            provider={"cuda": known.CUDA, "tensorrt": known.TENSORRT}[provider],
            device=gpu.index,
            device_class=gpu.device_class,
        )

    return make


def _torch_cuda(*, compiled: bool) -> Maker:
    def make(_cache: PlanCache | None) -> Engine:
        from models.engines.torch_engine import TorchEngine  # noqa: PLC0415 - heavy

        gpu = devices.gpus()[0]
        return TorchEngine(
            device=f"cuda:{gpu.index}", device_class=gpu.device_class, compiled=compiled
        )

    return make


_ONNX, _SAFETENSORS = WeightsFormat.ONNX, WeightsFormat.SAFETENSORS
_EXACT = frozenset({Precision.FP32})
_WITH_BF16 = frozenset({Precision.FP32, Precision.BF16})
_ALL = frozenset(Precision)
_TORCH = ("torch", "safetensors")

_BEST_FIRST = (
    _Known("onnxruntime", ("onnxruntime",), _RUNTIMES, _onnxruntime, _ONNX, _EXACT, extra="cpu"),
    _Known("torch", _TORCH, ("torch",), _torch, _SAFETENSORS, _WITH_BF16, extra="torch"),
    _Known(
        "openvino", ("openvino",), ("openvino",), _openvino, _ONNX, _WITH_BF16, extra="openvino"
    ),
    _Known("tensorrt", ("tensorrt", "torch"), ("tensorrt",), _tensorrt, _ONNX, _ALL, on_gpu=True),
    _Known(
        "onnxruntime-tensorrt",
        ("onnxruntime", "tensorrt"),
        ("onnxruntime-gpu",),
        _onnxruntime_on("tensorrt"),
        _ONNX,
        _ALL,
        on_gpu=True,
    ),
    _Known(
        "onnxruntime-cuda",
        ("onnxruntime",),
        ("onnxruntime-gpu",),
        _onnxruntime_on("cuda"),
        _ONNX,
        _EXACT,
        on_gpu=True,
    ),
    _Known(
        "torch-cuda-compiled",
        _TORCH,
        ("torch",),
        _torch_cuda(compiled=True),
        _SAFETENSORS,
        _ALL,
        on_gpu=True,
    ),
    _Known(
        "torch-cuda",
        _TORCH,
        ("torch",),
        _torch_cuda(compiled=False),
        _SAFETENSORS,
        _ALL,
        on_gpu=True,
    ),
)
"""The order without a measurement: engines of the processor, of which two have shipped gates,
then those of a GPU, which nobody but this machine's own gate can admit."""


def listing() -> tuple[EngineListing, ...]:
    """Every engine that we know, best first, installed or not."""
    return tuple(_listed(known) for known in _BEST_FIRST)


def resolve(name: str | None = None, *, cache: PlanCache | None = None) -> Engine:
    """Return the engine called `name`, or the best one that is installed.

    `cache` keeps what the engine builds. Raises EngineUnavailableError when it is unknown,
    absent, or does not import.
    """
    available = {each.name: each.is_available for each in listing()}
    if name is not None and name not in available:
        raise EngineUnavailableError(
            f"there is no engine called {name!r}",
            next_step=f"Name one of: {', '.join(available)}.",
        )
    for known in _BEST_FIRST:
        if available[known.name] and name in (None, known.name):
            return _made(known, cache)
    raise unavailable(name)


def need_bytes(card: NetworkCard, engine: str, *, pixels: int) -> int:
    """Return what a network needs at most on an engine for a tile of so many input samples."""
    return card.memory.total_bytes(pixels) * _MEMORY_PERCENT.get(engine, 100) // 100


def conflicts() -> tuple[str, ...]:
    """Tell what is installed that harms: one sentence each, empty when all is well.

    Two distributions of ONNX Runtime overwrite each other's files, and the one without CUDA
    wins silently.
    """
    installed = [name for name in _RUNTIMES if _version((name,))]
    if len(installed) < 2:
        return ()
    return (f"{' and '.join(installed)} overwrite each other; uninstall all but one.",)


def _listed(known: _Known) -> EngineListing:
    missing = [name for name in known.imports if not _is_importable(name)]
    if not missing and known.on_gpu:
        missing = [f"the package {known.distributions[0]}"] * (not _version(known.distributions))
    if known.on_gpu and not devices.gpus():
        missing.append(A_GPU)
    gpu = next(iter(devices.gpus()), None) if known.on_gpu else None
    return EngineListing(
        name=known.name,
        version=None if missing else _version(known.distributions),
        missing=tuple(missing),
        weights_format=known.weights_format,
        precisions=known.precisions,
        device_class="cpu" if gpu is None else gpu.device_class,
    )


def unavailable(name: str | None = None) -> EngineUnavailableError:
    """Return the error that says that an engine, or any at all, is missing, and how to get it."""
    if name is None:
        return EngineUnavailableError(
            "no engine that runs networks is installed", next_step=INSTALL
        )
    known = next(each for each in _BEST_FIRST if each.name == name)
    lacks = ", ".join(_listed(known).missing)
    return EngineUnavailableError(
        f"the {name} engine is not installed (it lacks {lacks})",
        next_step=INSTALL.replace("cpu", known.extra)
        if known.extra
        else "Install what it lacks, or leave the engine to the product.",
    )


def _made(known: _Known, cache: PlanCache | None) -> Engine:
    try:
        return known.make(cache)
    except (ImportError, OSError) as error:
        raise EngineUnavailableError(
            f"{known.name} is installed but does not import: {error}", next_step=INSTALL
        ) from error


def _is_importable(name: str) -> bool:
    """Tell whether `name` imports; a folder left by an uninstall is found but has no origin."""
    found = util.find_spec(name)
    return found is not None and found.origin is not None


def _version(distributions: tuple[str, ...]) -> str | None:
    for name in distributions:
        try:
            return metadata.version(name).partition("+")[0]
        except metadata.PackageNotFoundError:
            continue
    return None
