"""A gate over the real pipeline: it repeats, and it notices a worse and a slower network."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models import catalog
from models.engines.selection import Workload
from pipelines.evidence.canonical import parse_object
from pipelines.gates.golden_set import GoldenSet, read_set
from pipelines.gates.judge import judge
from pipelines.gates.measure import Measured, measure
from pipelines.gates.report import report_html, report_json
from pipelines.gates.results import Results, from_json
from pipelines.gates.speed import measure_speed
from pipelines.gates.thresholds import read_thresholds
from pipelines.operations.base import Network
from pipelines.ports import SilentProgress
from pipelines.quality.metrics.fingerprint import Unavailable
from pipelines.run.job import Networks, Tools
from services.cli.wiring import tools
from services.settings.settings import Settings

GOLDEN = Path(__file__).resolve().parents[2] / "golden_set"
NETWORK = "evident-sr-x2"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """The tools of a machine of its own."""
    with tools(Settings(home=tmp_path_factory.mktemp("home"))) as made:
        yield made


@pytest.fixture(scope="module")
def golden() -> GoldenSet:
    """Two photographs and a sheet of the small set."""
    whole = read_set(GOLDEN)
    wanted = {"coffee-clean-x2", "chelsea-clean-x2"}
    photos = [case for case in whole.photos if case.name in wanted]
    sheets = [case for case in whole.characters if case.name == "characters-5px-x2-real"]
    return replace(whole, photos=tuple(photos), characters=tuple(sheets), clips=())


class Changed:
    """Networks of which each is made worse or slower before it is handed out."""

    def __init__(self, inner: Networks, *, sharpen: float = 0.0, seconds: float = 0.0) -> None:
        self._inner = inner
        self._sharpen = sharpen
        self._seconds = seconds
        self.threads = inner.threads

    def facts(self, model: str) -> dict[str, str | int]:
        """What the real one says."""
        return self._inner.facts(model)

    def fallback(self, model: str) -> Network:
        """The real one; no reduced precision runs here."""
        return self._inner.fallback(model)

    def replans(self) -> tuple[str, ...]:
        """What the real one says."""
        return self._inner.replans()

    def for_work(self, models: Iterable[str], work: Workload) -> Networks:
        """Decide nothing."""
        return self

    def reasons(self) -> Mapping[str, str]:
        """Nothing was decided."""
        return {}

    def network(self, model: str) -> Network:
        """The real network with something wrong."""
        return _Worse(self._inner.network(model), self._sharpen, self._seconds)


class _Worse:
    def __init__(self, inner: Network, sharpen: float, seconds: float) -> None:
        self._inner, self._sharpen, self._seconds = inner, sharpen, seconds
        self.scale, self.reach, self.planes = inner.scale, inner.reach, inner.planes

    def run(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        time.sleep(self._seconds)
        result = self._inner.run(plane)
        softened = result.copy()
        softened[:, 1:-1] = (result[:, :-2] + 2 * result[:, 1:-1] + result[:, 2:]) / 4
        return np.asarray(result + self._sharpen * (result - softened), np.float32)


def gated(bench: Tools, golden: GoldenSet, networks: Networks) -> Measured:
    """Measure the network with these networks behind it."""
    card = catalog.card(NETWORK)
    return measure(
        card,
        golden,
        replace(bench, networks=networks, frame_networks=networks),
        SilentProgress(),
        learnt=[Unavailable("niqe", "no file")],
        speedometer=lambda name: measure_speed(card, networks.network(name), rounds=3),
    )


@pytest.fixture(scope="module")
def first(bench: Tools, golden: GoldenSet) -> Measured:
    """What the network as it ships measures."""
    return gated(bench, golden, bench.networks)


def test_a_gate_repeats_to_the_last_digit(bench: Tools, golden: GoldenSet, first: Measured) -> None:
    """The same network on the same machine scores the same, so any change is its own."""
    again = gated(bench, golden, bench.networks).results
    assert again.scores == first.results.scores
    assert again.misread == first.results.misread
    assert again.unavailable == {"niqe": "no file"}


def test_a_network_that_was_made_worse_fails(
    bench: Tools, golden: GoldenSet, first: Measured
) -> None:
    """A planted sharpening that pleases the eye is below the baseline and fails the gate."""
    worse = gated(bench, golden, Changed(bench.networks, sharpen=0.3)).results
    judgement = judge(worse, read_thresholds(GOLDEN), baseline=first.results)
    assert not judgement.passed
    assert {line.metric for line in judgement.lines if not line.holds} >= {"psnr"}


def test_a_network_that_was_made_slow_fails(bench: Tools, first: Measured) -> None:
    """A planted delay breaks the budget of speed and nothing else."""
    card = catalog.card(NETWORK)
    slowed = Changed(bench.networks, seconds=1.0).network(NETWORK)
    slow = replace(first.results, speed=measure_speed(card, slowed, rounds=3))

    def broken(results: Results) -> list[str]:
        judgement = judge(results, read_thresholds(GOLDEN), baseline=first.results)
        return [line.metric for line in judgement.lines if not line.holds]

    assert broken(slow) == [*broken(first.results), "speed"]


def test_the_report_shows_what_was_judged(first: Measured) -> None:
    """Page and facts come from the same values; the page needs nothing from anywhere."""
    judgement = judge(first.results, read_thresholds(GOLDEN), baseline=first.results)
    facts = parse_object(report_json(first.results, judgement))
    assert from_json(facts["results"]) == first.results  # type: ignore[arg-type]
    page = report_html(first.results, judgement, first.pictures).decode()
    assert "<h2>Worst cases</h2>" in page
    assert page.count("data:image/png;base64,") == 2 * 4
    assert "not an error rate for any image" in page
    for word in ("http://", "https://", "<script", "@import"):
        assert word not in page
