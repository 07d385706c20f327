"""Which way of running is taken: what gates admit, then what was measured, then the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from models.catalog import Catalog
from models.engines import choice
from models.engines.choice import EngineListing
from models.engines.measured import MeasuredFile, Timing, time_runs
from models.engines.residency import ChosenNetworks, WarmNetworks
from models.engines.selection import WORTH_SAMPLES, Selector, Way, Workload, side_of
from models.engines.trial import measure_with, run_on
from models.errors import EngineUnavailableError, PrecisionError
from models.spec import NetworkCard, Precision, WeightsFormat

LONG = Workload(1000, 1000, WORTH_SAMPLES // 1_000_000)
SHORT = Workload(1000, 1000, 1)


def listed(name: str, *precisions: Precision, device_class: str = "cpu") -> EngineListing:
    """An engine that is installed."""
    return EngineListing(name, "1.2.3", (), WeightsFormat.ONNX, frozenset(precisions), device_class)


FIRST = listed("first", Precision.FP32)
SECOND = listed("second", Precision.FP32, Precision.BF16)


class Bench:
    """A selector whose gates and times a test decides; it counts what was measured."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *,
        admitted: Sequence[str] = (),
        seconds: Mapping[str, float] | None = None,
        engines: Sequence[EngineListing] = (FIRST, SECOND),
        path: Path | None = None,
    ) -> None:
        self.measured: list[tuple[list[str], int, int]] = []
        self.admitted = admitted
        self.seconds = dict(seconds or {})
        monkeypatch.setattr(choice, "listing", lambda: tuple(engines))
        self.selector = Selector(
            admits=lambda facts, _run: f"{facts['engine']} {facts['precision']}" in self.admitted,
            runs=lambda card, way: lambda plane: plane,
            measure=self._measure,
            kept=MeasuredFile(path),
        )

    def _measure(
        self, card: NetworkCard, ways: Sequence[Way], side: int, threads: int
    ) -> Mapping[str, float]:
        captions = [way.caption for way in ways]
        self.measured.append((captions, side, threads))
        return {name: each for name, each in self.seconds.items() if name in captions}


@pytest.fixture
def card(tiny: Catalog) -> NetworkCard:
    """A card that lists fp32 and bf16."""
    return tiny.card("tiny-x2")


def test_what_was_asked_for_is_taken(card: NetworkCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's engine is taken without a look at gates or times; the gate speaks later."""
    bench = Bench(monkeypatch)
    taken = replace(bench.selector, engine="second").choose(card, LONG, threads=2)
    assert (taken.engine, taken.precision) == ("second", Precision.FP32)
    assert bench.measured == []


def test_without_a_gate_the_first_installed_runs_in_fp32(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ungated way is never preferred, however fast: the order decides, in fp32."""
    bench = Bench(monkeypatch, seconds={"second bf16": 0.001, "first fp32": 1.0})
    taken = bench.selector.choose(card, LONG, threads=2)
    assert (taken.engine, taken.precision) == ("first", Precision.FP32)
    assert bench.measured == []
    assert "No gate" in taken.reason


def test_the_only_gated_way_is_taken(card: NetworkCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a gate admits one way alone, it runs, and nothing is measured."""
    bench = Bench(monkeypatch, admitted=["second fp32"])
    taken = bench.selector.choose(card, LONG, threads=2)
    assert (taken.engine, taken.precision) == ("second", Precision.FP32)
    assert bench.measured == []


def test_a_reduced_precision_counts_with_its_fallback_only(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tile that is lost is run again in fp32, so bf16 needs a gate in both on one engine."""
    fast = {"first fp32": 1.0, "second fp32": 0.9, "second bf16": 0.1}
    lone = Bench(monkeypatch, admitted=["first fp32", "second bf16"], seconds=fast)
    assert lone.selector.choose(card, LONG, threads=2).engine == "first"
    both = Bench(monkeypatch, admitted=["first fp32", "second bf16", "second fp32"], seconds=fast)
    taken = both.selector.choose(card, LONG, threads=2)
    assert (taken.engine, taken.precision) == ("second", Precision.BF16)


def test_the_precision_of_a_graph_goes_before_that_of_the_process(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that names its precision gets it, however fast another is and whatever is set."""
    bench = Bench(
        monkeypatch,
        admitted=["first fp32", "second fp32", "second bf16"],
        seconds={"first fp32": 1.0, "second fp32": 0.8, "second bf16": 0.1},
    )
    exact = replace(LONG, precision=Precision.FP32)
    assert bench.selector.choose(card, exact, threads=2).precision is Precision.FP32
    half = replace(bench.selector, precision=Precision.BF16)
    assert half.choose(card, exact, threads=2).precision is Precision.FP32
    named = replace(half, engine="second")
    assert named.choose(card, exact, threads=2).precision is Precision.FP32
    assert named.choose(card, LONG, threads=2).precision is Precision.BF16


def test_a_precision_that_the_card_lacks_is_not_taken(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a gate admits still has to be on the card."""
    bench = Bench(monkeypatch, admitted=["first fp32", "second bf16"])
    exact = replace(card, precisions=frozenset({Precision.FP32}))
    assert bench.selector.choose(exact, LONG, threads=2).engine == "first"


def test_the_fastest_gated_way_is_taken_and_kept(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A long job measures what gates admit, once; later jobs of its size read the file."""
    path = tmp_path / "engines" / "measured.json"
    bench = Bench(
        monkeypatch,
        admitted=["first fp32", "second fp32"],
        seconds={"first fp32": 0.2, "second fp32": 0.1, "second bf16": 0.01},
        path=path,
    )
    taken = bench.selector.choose(card, LONG, threads=2)
    assert (taken.engine, taken.precision) == ("second", Precision.FP32)
    assert "first fp32 200.0 ms, second fp32 100.0 ms" in taken.reason
    assert bench.measured == [(["first fp32", "second fp32"], 1024, 2)]
    again = replace(bench.selector, kept=MeasuredFile(path))
    assert again.choose(card, SHORT, threads=2) == taken
    assert len(bench.measured) == 1
    again.choose(card, LONG, threads=1)
    again.choose(card, Workload(100, 100, WORTH_SAMPLES), threads=2)
    assert [one[1:] for one in bench.measured[1:]] == [(1024, 1), (128, 2)]


def test_a_short_job_measures_nothing(card: NetworkCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where measuring would cost more than it can earn the first way runs, unless asked for."""
    bench = Bench(
        monkeypatch,
        admitted=["first fp32", "second fp32"],
        seconds={"first fp32": 0.2, "second fp32": 0.1},
    )
    assert bench.selector.choose(card, SHORT, threads=2).engine == "first"
    assert bench.measured == []
    assert bench.selector.choose(card, SHORT, threads=2, measure=True).engine == "second"
    assert bench.selector.choose(card, SHORT, threads=2).engine == "second"
    assert len(bench.measured) == 1


@pytest.mark.parametrize(("seconds", "taken"), [(0.95, "first"), (0.89, "second")])
def test_a_hair_s_breadth_changes_nothing(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch, seconds: float, taken: str
) -> None:
    """The first way stays unless another is faster by a tenth at least."""
    bench = Bench(
        monkeypatch,
        admitted=["first fp32", "second fp32"],
        seconds={"first fp32": 1.0, "second fp32": seconds},
    )
    assert bench.selector.choose(card, LONG, threads=2).engine == taken


def test_a_way_that_does_not_run_is_not_taken(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be measured is passed over."""
    bench = Bench(monkeypatch, admitted=["first fp32", "second fp32"], seconds={"second fp32": 1.0})
    assert bench.selector.choose(card, LONG, threads=2).engine == "second"


def test_a_gpu_is_tried_in_batches(card: NetworkCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU several tiles at once are a way of their own, and the choice says how many."""
    gpu = listed("gpu", Precision.FP32, device_class="cuda-sm89")
    bench = Bench(
        monkeypatch,
        admitted=["gpu fp32"],
        engines=(gpu,),
        seconds={"gpu fp32": 0.2, "gpu fp32, 4 at once": 0.1},
    )
    assert bench.selector.choose(card, LONG, threads=2).batch == 4


def test_a_wished_precision_narrows_the_choice(
    card: NetworkCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A precision that was named is kept, by a gated way first; none means an error."""
    bench = Bench(monkeypatch, admitted=["first fp32"])
    half = replace(bench.selector, precision=Precision.BF16)
    assert half.choose(card, LONG, threads=2).engine == "second"
    with pytest.raises(PrecisionError, match="no engine that is installed"):
        replace(half, precision=Precision.FP16).choose(
            replace(card, precisions=frozenset(Precision)), LONG, threads=2
        )
    with pytest.raises(PrecisionError, match="not proven in fp16"):
        replace(half, precision=Precision.FP16).choose(card, LONG, threads=2)


def test_no_engine_is_said(card: NetworkCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any engine the error says how to get one."""
    bench = Bench(monkeypatch, engines=())
    with pytest.raises(EngineUnavailableError):
        bench.selector.choose(card, LONG, threads=2)


@pytest.mark.parametrize(
    ("height", "width", "side"), [(1, 1, 64), (100, 100, 128), (128, 128, 128), (5000, 9000, 1024)]
)
def test_jobs_of_like_sizes_share_a_measurement(height: int, width: int, side: int) -> None:
    """The plane that is measured is a power of two between 64 and 1024 a side."""
    assert side_of(Workload(height, width)) == side


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"not json",
        b'{"version": 2, "timings": {"k": {"side": 1, "threads": 1, "seconds": {"a": 1.0}}}}',
        b'{"version": 1, "timings": {"k": {"side": "1", "threads": 1, "seconds": {}}}}',
        b'{"version": 1, "timings": {"k": {"side": 1, "threads": 1, "seconds": {"a": -1.0}}}}',
    ],
)
def test_a_file_that_is_not_ours_is_passed_over(tmp_path: Path, content: bytes) -> None:
    """Kept times are hints: whatever is wrong with the file, it is measured again."""
    path = tmp_path / "measured.json"
    path.write_bytes(content)
    assert MeasuredFile(path).read("k") is None
    MeasuredFile(path).write("k", Timing(64, 2, {"a": 0.5}))
    assert MeasuredFile(path).read("k") == Timing(64, 2, {"a": 0.5})


def test_the_shortest_time_counts() -> None:
    """Runs take turns, the first of each is not counted, and the shortest of the rest is."""
    ticks = iter([0.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 7.0])
    ran: list[str] = []
    runs = {"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}
    assert time_runs(runs, rounds=2, clock=lambda: next(ticks)) == {"a": 1.0, "b": 1.0}
    assert ran == ["a", "b"] * 3


def test_real_ways_are_measured_and_run(tiny: Catalog) -> None:
    """The engines that are installed are timed on the network itself, and give its result."""
    card = tiny.card("tiny-x2")
    ways = [
        Way(each, Precision.FP32) for each in choice.listing() if each.name in ("torch", "openvino")
    ]
    unknown = Way(replace(ways[0].engine, name="gone"), Precision.FP32)
    seconds = measure_with()(card, [*ways, unknown], 64, 1)
    assert set(seconds) == {"torch fp32", "openvino fp32"}
    assert all(each > 0 for each in seconds.values())
    import numpy as np

    plane = np.random.default_rng(0).random((20, 30), dtype=np.float32)
    made = [run_on()(card, way)(plane) for way in ways]
    np.testing.assert_allclose(made[0], made[1], atol=1e-5)


def test_a_job_s_view_runs_what_was_chosen(tiny: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The view's networks and facts are those of the way that was taken, and it says why."""
    admitted = {("torch", "bf16"), ("torch", "fp32")}
    selector = Selector(
        admits=lambda facts, _run: (facts["engine"], facts["precision"]) in admitted,
        runs=lambda card, way: lambda plane: plane,
        measure=lambda card, ways, side, threads: {"torch fp32": 1.0, "torch bf16": 0.4},
        kept=MeasuredFile(None),
    )
    warm = WarmNetworks(threads=1, networks=tiny, selector=selector)
    view = warm.for_work(["tiny-x2"], LONG)
    assert isinstance(view, ChosenNetworks)
    facts = view.facts("tiny-x2")
    assert (facts["engine"], facts["precision"], facts["batch"]) == ("torch", "bf16", 1)
    assert view.network("tiny-x2") is warm.for_work(["tiny-x2"], LONG).network("tiny-x2")
    assert view.fallback("tiny-x2") is warm.running(
        "tiny-x2", warm.engine_called("torch"), Precision.FP32, 1
    )
    assert warm.facts("tiny-x2")["engine"] == "onnxruntime"
    assert "torch fp32 1000.0 ms, torch bf16 400.0 ms" in view.reasons()["tiny-x2"]
    assert warm.reasons() == {}
