"""Which engine runs: what is installed, what was asked for, what is best.

Looking costs no import of an engine; only the engine that was chosen is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from typing import TYPE_CHECKING

from models.errors import EngineUnavailableError

if TYPE_CHECKING:
    from models.engines.base import Engine

INSTALL = "Install the cpu extra: python -m pip install 'evident[cpu]'."


@dataclass(frozen=True, slots=True)
class EngineListing:
    """An engine that we know. `version` is None when it is not installed."""

    name: str
    version: str | None
    missing: tuple[str, ...]

    @property
    def is_available(self) -> bool:
        """Whether everything that it imports is installed."""
        return not self.missing


def _onnxruntime() -> Engine:
    from models.engines.onnxruntime_cpu import OnnxRuntimeEngine  # noqa: PLC0415 - heavy

    return OnnxRuntimeEngine()


def _torch() -> Engine:
    from models.engines.torch_cpu import TorchEngine  # noqa: PLC0415 - heavy

    return TorchEngine()


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    imports: tuple[str, ...]
    distributions: tuple[str, ...]
    make: Callable[[], Engine]


_BEST_FIRST = (
    _Known(
        name="onnxruntime",
        imports=("onnxruntime",),
        distributions=("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"),
        make=_onnxruntime,
    ),
    _Known(name="torch", imports=("torch", "safetensors"), distributions=("torch",), make=_torch),
)


def listing() -> tuple[EngineListing, ...]:
    """Every engine that we know, best first, installed or not."""
    listed = []
    for known in _BEST_FIRST:
        missing = tuple(name for name in known.imports if not _is_importable(name))
        version = None if missing else _version(known.distributions)
        listed.append(EngineListing(known.name, version, missing))
    return tuple(listed)


def resolve(name: str | None = None) -> Engine:
    """Return the engine called `name`, or the best one that is installed.

    Raises EngineUnavailableError when it is unknown, absent, or does not import.
    """
    available = {each.name: each.is_available for each in listing()}
    if name is not None and name not in available:
        raise EngineUnavailableError(
            f"there is no engine called {name!r}",
            next_step=f"Name one of: {', '.join(available)}.",
        )
    for known in _BEST_FIRST:
        if available[known.name] and name in (None, known.name):
            return _made(known)
    wanted = f"the {name} engine is" if name else "no engine that runs networks is"
    extra = INSTALL.replace("cpu", "torch") if name == "torch" else INSTALL
    raise EngineUnavailableError(f"{wanted} not installed", next_step=extra)


def conflicts() -> tuple[str, ...]:
    """Tell what is installed that harms: one sentence each, empty when all is well.

    Two distributions of ONNX Runtime overwrite each other's files, and the one without CUDA
    wins silently.
    """
    installed = [name for name in _BEST_FIRST[0].distributions if _version((name,))]
    if len(installed) < 2:
        return ()
    return (f"{' and '.join(installed)} overwrite each other; uninstall all but one.",)


def _made(known: _Known) -> Engine:
    try:
        return known.make()
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
