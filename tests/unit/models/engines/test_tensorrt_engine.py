"""What TensorRT is told, and that a plan is built once. A double stands in for the library.

No GPU is needed for that, and none is used: the double has the names of the library that the
engine calls, and remembers what it was told.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from models import weights
from models.catalog import Catalog
from models.engines.plan_cache import PlanCache
from models.errors import EngineError, PrecisionError
from models.spec import Precision, WeightsFormat

SHAPE = (1, 1, 664, 664)


class Config:
    """Remembers flags and the workspace."""

    def __init__(self) -> None:
        self.flags = {"TF32"}

    def set_memory_pool_limit(self, pool: str, size: int) -> None:
        """Take the limit."""

    def set_flag(self, flag: str) -> None:
        """Set a flag."""
        self.flags.add(flag)

    def clear_flag(self, flag: str) -> None:
        """Clear a flag."""
        self.flags.discard(flag)

    def add_optimization_profile(self, profile: Profile) -> None:
        """Take the profile."""
        self.profile = profile


class Profile:
    """Remembers the shapes."""

    def set_shape(self, name: str, least: tuple, best: tuple, most: tuple) -> None:
        """Take the shapes."""
        self.shapes = (name, least, best, most)


class SilentLogger:
    """What the library asks for to be told of errors."""

    ERROR = 0

    def __init__(self, level: int) -> None:
        self.level = level


class Library(ModuleType):
    """TensorRT as far as the engine calls it."""

    __version__ = "10.9.0.34"
    float32 = "float32"

    def __init__(self, *, reads: bool = True, builds: bool = True) -> None:
        super().__init__("tensorrt")
        self.builds, self.reads = builds, reads
        self.built: list[Config] = []
        self.layers = [SimpleNamespace(name=name, precision=None) for name in ("head", "skip")]
        names = ("TF32", "FP16", "BF16", "OBEY_PRECISION_CONSTRAINTS")
        self.BuilderFlag = SimpleNamespace(**{name: name for name in names})
        self.MemoryPoolType = SimpleNamespace(WORKSPACE="workspace")
        self.Logger = SilentLogger
        self.Runtime = lambda logger: SimpleNamespace()
        self.OnnxParser = lambda network, logger: SimpleNamespace(
            parse=lambda content: self.reads, num_errors=1, get_error=lambda i: "a broken node"
        )

    def Builder(self, logger: int) -> SimpleNamespace:  # noqa: N802 - the library's name
        """Make a builder."""
        layers = SimpleNamespace(num_layers=2, get_layer=lambda i: self.layers[i])
        return SimpleNamespace(
            create_network=lambda flags: layers,
            create_builder_config=Config,
            create_optimization_profile=Profile,
            build_serialized_network=self._build,
        )

    def _build(self, network: object, config: Config) -> bytes | None:
        self.built.append(config)
        return f"plan {len(self.built)}".encode() if self.builds else None


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """Put the double where the engine imports the library from."""
    made = Library()
    monkeypatch.setitem(sys.modules, "tensorrt", made)
    monkeypatch.delitem(sys.modules, "models.engines.tensorrt_engine", raising=False)
    return made


def session(tiny: Catalog, precision: Precision, cache: PlanCache | None = None):
    """Load a network with the engine over the double."""
    module = importlib.import_module("models.engines.tensorrt_engine")
    engine = module.TensorRtEngine(
        index=0, device_class="cuda-sm89", device="a GPU of a test", cache=cache
    )
    card = tiny.card("tiny-x2")
    content = weights.read_verified(card, WeightsFormat.ONNX)
    return engine.load(card, content, threads=1, precision=precision)


def test_fp32_is_built_without_tf32(tiny: Catalog, library: Library) -> None:
    """fp32 means fp32: no TF32, no reduced precision, one shape."""
    session(tiny, Precision.FP32)._plan(SHAPE)
    (config,) = library.built
    assert config.flags == set()
    assert config.profile.shapes == ("input", SHAPE, SHAPE, SHAPE)


def test_a_reduced_precision_leaves_the_linear_path(tiny: Catalog, library: Library) -> None:
    """In fp16 the layer that carries the picture is pinned to fp32, and the pin is obeyed."""
    session(tiny, Precision.FP16)._plan(SHAPE)
    assert library.built[0].flags == {"FP16", "OBEY_PRECISION_CONSTRAINTS"}
    assert [layer.precision for layer in library.layers] == [None, "float32"]


def test_a_plan_is_built_once_per_shape(tiny: Catalog, library: Library, tmp_path: Path) -> None:
    """With a cache a second load builds nothing for a known shape, and builds for a new one."""
    cache = PlanCache(tmp_path / "plans")
    first = session(tiny, Precision.FP32, cache)._plan(SHAPE)
    again = session(tiny, Precision.FP32, cache)
    assert again._plan(SHAPE) == first
    assert len(library.built) == 1
    assert again._plan((1, 1, 32, 32)) != first
    assert session(tiny, Precision.BF16, cache)._plan(SHAPE) != first


def test_a_library_without_a_precision_is_refused(tiny: Catalog, library: Library) -> None:
    """A TensorRT that knows no bf16 is told apart before anything is built."""
    del library.BuilderFlag.BF16
    with pytest.raises(PrecisionError, match="bf16"):
        session(tiny, Precision.BF16)


@pytest.mark.parametrize(("lacking", "words"), [("reads", "broken node"), ("builds", "not build")])
def test_what_cannot_be_built_is_an_engine_error(
    tiny: Catalog, library: Library, lacking: str, words: str
) -> None:
    """A graph that is not read, or not built, is an error with the reason."""
    setattr(library, lacking, False)
    with pytest.raises(EngineError, match=words):
        session(tiny, Precision.FP32)._plan(SHAPE)
