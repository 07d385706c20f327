"""Networks that no thresholds name: judged by task and class, by one's own file, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models import catalog
from models.spec import NetworkCard, NetworkClass, Task
from pipelines.errors import InputError, RequestError
from pipelines.gates.judge import judge
from pipelines.gates.results import CaseScore, Misread, Results
from pipelines.gates.thresholds import CLASS_FILE, Thresholds, read_thresholds
from tests.unit.pipelines.gates.gate_kit import THRESHOLDS, of, results

GOLDEN = Path(__file__).resolve().parents[4] / "golden_set"
FOREIGN = "realesr-animevideov3"

CLASSES = """
[super-resolve.generative.psnr]
clean = { gain = -3 }
[super-resolve.generative.consistency]
clean = { gain = -12 }
[super-resolve.generative.misread]
clean = { rise = 0.05 }
"""


@pytest.fixture
def card() -> NetworkCard:
    """A generative network that no thresholds name."""
    return catalog.card(FOREIGN)


def asked(folder: Path, card: NetworkCard, classes: str = CLASSES) -> Thresholds:
    """What is asked of `card` where a set states these classes."""
    (folder / "thresholds.toml").write_text(THRESHOLDS)
    (folder / CLASS_FILE).write_text(classes)
    return read_thresholds(folder).asked_of(card)[0]


def of_foreign(
    *, psnr: float = 28.0, consistency: float = 30.0, misread: int = 12, interpolated: int = 10
) -> Results:
    """What a gate of it measured, beside 30 dB and 36 dB of interpolation."""
    scores = (
        CaseScore("photo-0", "clean", 4, "psnr", psnr, 30.0),
        CaseScore("photo-0", "clean", 4, "consistency", consistency, 36.0),
    )
    sheet = Misread("sheet", "clean", 4, 5, 72, misread, interpolated, 1)
    return of(replace(results(), scores=scores, misread=(sheet,)), network=FOREIGN)


def test_a_network_that_is_not_named_is_judged_by_its_class(
    tmp_path: Path, card: NetworkCard
) -> None:
    """Task and class decide what is asked; the record says which file that was."""
    limits = asked(tmp_path, card)
    judgement = judge(of_foreign(), limits, limits="of a class")
    assert judgement.passed
    assert [line.metric for line in judgement.lines] == ["psnr", "consistency", "misread"]
    named = read_thresholds(tmp_path)
    assert limits.sha256 == named.classes_sha256 != named.sha256
    own, words = named.asked_of(replace(card, name="net-x2"))
    assert (own, words) == (named, "those stated for net-x2")


@pytest.mark.parametrize(
    ("found", "metric"),
    [
        (of_foreign(psnr=26.9), "psnr"),
        (of_foreign(consistency=23.0), "consistency"),
        (of_foreign(misread=14), "misread"),
        (of_foreign(misread=4, interpolated=0), "misread"),
    ],
)
def test_an_invention_fails_where_it_is_seen(
    tmp_path: Path, card: NetworkCard, found: Results, metric: str
) -> None:
    """Far from the truth, at odds with the input, or misreading what was legible."""
    judgement = judge(found, asked(tmp_path, card))
    assert [line.metric for line in judgement.lines if not line.holds] == [metric]


def test_where_nothing_is_asked_nothing_is_passed(tmp_path: Path, card: NetworkCard) -> None:
    """A class without thresholds is refused in words, before anything runs."""
    faces = replace(card, task=Task.RESTORE_FACES)
    for other in (faces, replace(card, network_class=NetworkClass.TRAINED)):
        with pytest.raises(RequestError, match="Nothing is asked of") as refused:
            asked(tmp_path, other)
        assert "--thresholds" in refused.value.next_step
    (tmp_path / CLASS_FILE).unlink()
    with pytest.raises(RequestError, match="Nothing is asked of"):
        read_thresholds(tmp_path).asked_of(card)


def test_a_laboratory_states_its_own(tmp_path: Path, card: NetworkCard) -> None:
    """A file of one's own replaces the set's, and names the network that it is for."""
    mine = tmp_path / "mine.toml"
    mine.write_text(THRESHOLDS.replace("net-x2", FOREIGN).replace("gain = 1", "gain = -4"))
    limits, words = read_thresholds(GOLDEN, mine).asked_of(card)
    assert words == f"those stated for {FOREIGN}"
    judgement = judge(of_foreign(psnr=31.0, misread=4), limits)
    assert judgement.passed
    assert len(judgement.lines) == 3


@pytest.mark.parametrize(
    "text",
    [
        CLASSES.replace("rise", "raise"),
        CLASSES.replace("super-resolve", "super-resolution"),
        CLASSES.replace("generative", "learnt"),
        CLASSES + "more = 1",
        "not TOML",
    ],
)
def test_classes_are_read_strictly(tmp_path: Path, card: NetworkCard, text: str) -> None:
    """A misspelt task, class or limit is refused; it does not silently ask for nothing."""
    with pytest.raises(InputError, match="does not state thresholds"):
        asked(tmp_path, card, text)


def test_the_set_asks_something_of_every_network_that_enlarges_or_takes_noise() -> None:
    """No network of these tasks can be gated against nothing."""
    thresholds = read_thresholds(GOLDEN)
    for kind in NetworkClass:
        for task in (Task.SUPER_RESOLVE, Task.DENOISE):
            foreign = replace(catalog.card(FOREIGN), network_class=kind, task=task)
            assert thresholds.asked_of(foreign)[0].limits(of_foreign().subject)
