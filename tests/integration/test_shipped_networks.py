"""Every shipped network still does what its baseline says, case by case, and is not slower.

A part of the golden set, so that it runs with every change; `evident gate` runs all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models import catalog
from pipelines.evidence.canonical import parse_object
from pipelines.gates.golden_set import read_set
from pipelines.gates.judge import judge
from pipelines.gates.measure import measure
from pipelines.gates.results import from_json
from pipelines.gates.speed import measure_speed
from pipelines.gates.thresholds import read_thresholds
from pipelines.ports import SilentProgress
from pipelines.run.job import Tools
from services.cli.wiring import tools
from services.settings.settings import Settings

GOLDEN = Path(__file__).resolve().parents[2] / "golden_set"
PHOTOGRAPH = "coffee"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """The tools of a machine of its own."""
    with tools(Settings(home=tmp_path_factory.mktemp("home"))) as made:
        yield made


@pytest.mark.parametrize("name", catalog.names())
def test_a_shipped_network_keeps_its_baseline(bench: Tools, name: str) -> None:
    """No metric of any case falls beyond its margin, and the budget of speed is kept."""
    card = catalog.card(name)
    whole = read_set(GOLDEN)
    part = replace(
        whole,
        photos=tuple(case for case in whole.photos if case.name.startswith(PHOTOGRAPH)),
        characters=(),
        clips=(),
    )
    found = measure(
        card,
        part,
        bench,
        SilentProgress(),
        learnt=(),
        speedometer=lambda model: measure_speed(card, bench.networks.network(model)),
    ).results
    stored = (GOLDEN / "baselines" / f"{found.subject.key}.json").read_bytes()
    # Thresholds are means over the whole set; against the baseline every case stands alone.
    limits = replace(read_thresholds(GOLDEN), networks={})
    judgement = judge(found, limits, baseline=from_json(parse_object(stored)))
    assert judgement.passed, [line.words for line in judgement.lines if not line.holds]
    assert {line.metric for line in judgement.lines} == {"psnr", "ssim", "ms-ssim", "speed"}
