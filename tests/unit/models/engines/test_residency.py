"""Warm networks: loaded once, verified, and stated as they run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.catalog import Catalog
from models.engines import choice
from models.engines.base import Batch, Engine, Session
from models.engines.devices import usable_cores
from models.engines.residency import WarmNetworks
from models.errors import (
    AlteredWeightsError,
    EngineUnavailableError,
    OutOfMemoryError,
    PrecisionError,
    UnknownModelError,
)
from models.spec import NetworkCard, Precision


class Counting:
    """An engine that counts how often it loads, and runs with a real one."""

    def __init__(self) -> None:
        self._real: Engine = choice.resolve("onnxruntime")
        self.name = self._real.name
        self.version = self._real.version
        self.device_class = self._real.device_class
        self.weights_format = self._real.weights_format
        self.precisions = self._real.precisions
        self.loaded: list[str] = []

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> Session:
        """Load and count."""
        self.loaded.append(card.name)
        return self._real.load(card, weights, threads=threads, precision=precision)


def test_a_network_is_loaded_once_whoever_asks(tiny: Catalog) -> None:
    """Many threads that ask at once get the same network, read and loaded one time."""
    engine = Counting()
    warm = WarmNetworks(engine, threads=1, networks=tiny)
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(warm.network, ["tiny-x2"] * 16))
    assert all(each is given[0] for each in given)
    warm.network("tiny-x4")
    assert engine.loaded == ["tiny-x2", "tiny-x4"]


def test_building_costs_nothing(tiny: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine is looked for until the first network or the first facts are wanted."""
    asked: list[str | None] = []

    def resolve(name: str | None, *, cache: object) -> Engine:
        asked.append(name)
        raise EngineUnavailableError("none")

    monkeypatch.setattr(choice, "resolve", resolve)
    warm = WarmNetworks(threads=1, networks=tiny)
    assert asked == []
    with pytest.raises(EngineUnavailableError):
        warm.facts("tiny-x2")
    assert asked == [None]


@pytest.mark.parametrize("name", ["onnxruntime", "torch"])
def test_facts_state_what_runs(tiny: Catalog, name: str) -> None:
    """A plan gets the digest of the file that this engine loads, its version, and the settings."""
    warm = WarmNetworks(name, threads=1, tile_pixels=96, networks=tiny)
    facts = warm.facts("tiny-x2")
    engine = choice.resolve(name)
    card = tiny.card("tiny-x2")
    assert facts["weights_sha256"] == card.files[engine.weights_format].sha256
    assert (facts["engine"], facts["engine_version"]) == (name, engine.version)
    assert facts["engine_version"].count(".") == 2
    assert "+" not in facts["engine_version"]
    assert (facts["precision"], facts["tile_pixels"], facts["threads"]) == ("fp32", 96, 1)
    assert facts["device_class"] == "cpu"
    assert "gate" not in facts
    assert facts["tiling"] == "exact(reach 6)"


def test_facts_state_the_tiles_that_are_left(tiny: Catalog) -> None:
    """After memory ran out, the next plan is told the tiles that would be used now."""
    warm = WarmNetworks(threads=1, tile_pixels=96, networks=tiny)
    network = warm.network("tiny-x2")
    with pytest.raises(OutOfMemoryError):
        network._shrink(np.zeros((1, 70, 70), np.float32), 96, 1, MemoryError())
        network._shrink(np.zeros((1, 70, 70), np.float32), 64, 1, MemoryError())
    assert warm.facts("tiny-x2")["tile_pixels"] == 64


def test_altered_weights_are_never_warm(own_folder: Path) -> None:
    """A file that changed since the card was written is refused when it is first wanted."""
    path = own_folder / "tiny-x2.onnx"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    warm = WarmNetworks("onnxruntime", threads=1, networks=Catalog(own_folder))
    with pytest.raises(AlteredWeightsError):
        warm.network("tiny-x2")
    assert warm.network("tiny-x4").scale == 4


def test_unknown_networks_and_unproven_precisions_are_refused(own_folder: Path) -> None:
    """A name that no card has, and a precision that the card does not list, name what there is."""
    with pytest.raises(UnknownModelError):
        WarmNetworks("onnxruntime", networks=Catalog(own_folder)).network("tiny-x3")
    half = WarmNetworks("torch", precision=Precision.FP16, networks=Catalog(own_folder))
    with pytest.raises(PrecisionError) as caught:
        half.network("tiny-x2")
    assert "fp32, bf16" in caught.value.next_step


def test_a_result_that_is_not_finite_in_bf16_is_run_in_fp32(tiny: Catalog) -> None:
    """The safe session of a reduced precision is fp32, loaded only when it is needed."""

    class Overflowing(Counting):
        """Gives infinity in bf16."""

        precisions = frozenset(Precision)

        def load(
            self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
        ) -> Session:
            """Load, and spoil every result in bf16."""
            self.loaded.append(precision.value)
            real = self._real.load(card, weights, threads=threads, precision=Precision.FP32)
            return real if precision is Precision.FP32 else Spoilt(real)

    engine = Overflowing()
    warm = WarmNetworks(engine, threads=1, precision=Precision.BF16, networks=tiny)
    plane = np.random.default_rng(0).random((9, 9), dtype=np.float32)
    made = warm.network("tiny-x2").run(plane)
    assert engine.loaded == ["bf16", "fp32"]
    plain = WarmNetworks("onnxruntime", threads=1, networks=tiny).network("tiny-x2").run(plane)
    np.testing.assert_array_equal(made, plain)
    lines: Sequence[str] = warm.replans()
    assert len(lines) == 1
    assert "fp32" in lines[0]


class Spoilt:
    """A session whose results hold infinity."""

    def __init__(self, real: Session) -> None:
        self._real = real

    def run(self, batch: Batch) -> Batch:
        """Run and spoil."""
        made = self._real.run(batch)
        made[0, 0, 0, 0] = np.inf
        return made


def test_threads_are_counted_and_checked() -> None:
    """No threads cannot run anything; unset means the cores that this process may use."""
    with pytest.raises(ValueError, match="threads"):
        WarmNetworks(threads=0)
    assert WarmNetworks().threads == usable_cores() >= 1
