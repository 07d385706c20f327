"""What a gate concludes: thresholds, baselines, margins, speed, and what is never compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import InputError, RequestError
from pipelines.gates.compare import contrasts
from pipelines.gates.judge import Judgement, judge
from pipelines.gates.results import Agreement, from_json, to_json
from tests.unit.pipelines.gates.gate_kit import THRESHOLDS, of, results, thresholds

NEAR = (Agreement("photo-0", 60.0, 1.5), Agreement("photo-1", 50.25, 2.0))


def failed(judgement: Judgement) -> list[tuple[str, str]]:
    """Metric and question of every line that does not hold."""
    return [(line.metric, line.what) for line in judgement.lines if not line.holds]


def test_what_keeps_its_thresholds_passes(tmp_path: Path) -> None:
    """Means above their limits pass, and each line says its number, interval and limit."""
    judgement = judge(results(), thresholds(tmp_path))
    assert judgement.passed
    assert [line.metric for line in judgement.lines] == ["psnr", "psnr", "flicker", "misread"]
    assert judgement.lines[0].words.startswith("holds  psnr (clean), mean: 33 [31 to 35, n = 3]")


@pytest.mark.parametrize(
    ("changed", "metric"),
    [
        (results(psnr=(29.0, 29.5, 30.0)), "psnr"),
        (results(flicker=4.1), "flicker"),
        (results(misread=20), "misread"),
    ],
)
def test_each_threshold_fails_alone(tmp_path: Path, changed: object, metric: str) -> None:
    """A mean beyond its limit fails the gate, whatever the other lines say."""
    judgement = judge(changed, thresholds(tmp_path))  # type: ignore[arg-type]
    assert not judgement.passed
    assert {one for one, _ in failed(judgement)} == {metric}


def test_no_line_is_no_pass(tmp_path: Path) -> None:
    """A network for which nothing is asked has not passed anything."""
    assert not judge(of(results(), network="other"), thresholds(tmp_path)).passed


def test_limits_of_an_engine_win(tmp_path: Path) -> None:
    """What is stated for an engine, precision and device replaces what is stated for all."""
    lower = results(psnr=(29.0, 29.2, 29.4))
    limits = thresholds(tmp_path)
    assert not judge(lower, limits).passed
    other = of(lower, engine="torch", precision="bf16")
    assert judge(replace(other, agreement=NEAR), limits).passed


def test_a_reduced_precision_is_judged_by_its_worst_case(tmp_path: Path) -> None:
    """One case that strays from fp32 fails the gate; a precision without a limit is refused."""
    limits, half = thresholds(tmp_path), of(results(), precision="bf16")
    assert judge(replace(half, agreement=NEAR), limits).passed
    strays = (*NEAR, Agreement("photo-2", 44.9, 9.0))
    judgement = judge(replace(half, agreement=strays), limits)
    assert failed(judgement) == [("agreement", "least of a case beside fp32, dB")]
    with pytest.raises(RequestError, match="nothing was compared"):
        judge(half, limits)
    with pytest.raises(RequestError, match="no limit"):
        judge(of(replace(half, agreement=NEAR), precision="fp16"), limits)


def test_a_lower_mean_than_the_baseline_fails(tmp_path: Path) -> None:
    """A drop of every case beyond the margin of the mean fails against the baseline."""
    limits = thresholds(tmp_path)
    assert judge(results(), limits, baseline=results(), baseline_sha256="x").passed
    slightly = results(psnr=(30.96, 32.96, 34.96))
    assert judge(slightly, limits, baseline=results()).passed
    judgement = judge(results(psnr=(30.9, 32.9, 34.9)), limits, baseline=results())
    assert failed(judgement) == [("psnr", "mean change from the baseline, better is positive")]


def test_one_broken_case_fails_behind_a_good_mean(tmp_path: Path) -> None:
    """A mean that rose does not hide a single case that fell by more than its margin."""
    judgement = judge(results(psnr=(30.4, 34.0, 36.0)), thresholds(tmp_path), baseline=results())
    assert failed(judgement) == [("psnr", "worst change of one case")]


def test_more_flicker_is_a_fall(tmp_path: Path) -> None:
    """Where lower is better, a rise beyond the margin fails and a drop does not."""
    limits = thresholds(tmp_path)
    assert judge(results(flicker=2.0), limits, baseline=results()).passed
    found = failed(judge(results(flicker=3.25), limits, baseline=results()))
    assert {metric for metric, _ in found} == {"flicker"}


def test_more_misread_characters_fail_beyond_chance(tmp_path: Path) -> None:
    """Misread characters may vary within the baseline's interval and no further."""
    limits = thresholds(tmp_path, THRESHOLDS.replace("most = 0.2 ", "most = 1.0 "))
    assert judge(results(misread=13), limits, baseline=results()).passed
    judgement = judge(results(misread=25), limits, baseline=results())
    assert {metric for metric, _ in failed(judgement)} == {"misread"}


def test_slower_than_its_budget_fails(tmp_path: Path) -> None:
    """A network that takes more than its budget of the baseline's time fails, good or not."""
    limits = thresholds(tmp_path)
    assert judge(results(ratio=1.5), limits, baseline=results()).passed
    judgement = judge(results(ratio=1.6), limits, baseline=results())
    assert [metric for metric, _ in failed(judgement)] == ["speed"]
    unmeasured = judge(results(ratio=1.6), limits, baseline=results(ratio=0.0))
    assert "speed" not in {line.metric for line in unmeasured.lines}


@pytest.mark.parametrize(
    "baseline",
    [
        of(results(), engine="torch"),
        of(results(), precision="bf16"),
        of(results(), network="other"),
        replace(results(), set_sha256="00" * 32),
        replace(results(), fingerprints={"psnr": "00" * 32}),
    ],
)
def test_unlike_baselines_are_refused(tmp_path: Path, baseline: object) -> None:
    """Another set, engine, precision, network or fingerprint is never compared with."""
    with pytest.raises(RequestError, match="cannot be compared"):
        judge(results(), thresholds(tmp_path), baseline=baseline)  # type: ignore[arg-type]


def test_a_baseline_without_a_case_is_refused(tmp_path: Path) -> None:
    """Cases are compared one by one; a baseline that lacks one is another baseline."""
    with pytest.raises(RequestError, match="lacks cases"):
        judge(results(), thresholds(tmp_path), baseline=results(psnr=(31.0, 33.0)))


def test_a_contrast_decides_only_where_its_interval_does() -> None:
    """Two networks differ where the interval over the cases leaves zero out."""
    better = {one.metric: one for one in contrasts(results(), results(psnr=(32.0, 34.5, 36.2)))}
    assert better["psnr"].words.endswith("B better")
    assert better["flicker"].change.value == 0
    mixed = contrasts(results(), results(psnr=(30.0, 34.0, 35.0)))
    assert mixed[0].words.endswith("no difference shown")
    fewer = contrasts(results(misread=60), results(misread=5))[-1]
    assert (fewer.metric, fewer.degradation) == ("misread", "clean")
    assert fewer.words.endswith("B better")
    assert contrasts(results(misread=10), results(misread=12))[-1].words.endswith(
        "no difference shown"
    )
    other = replace(results(), fingerprints={**results().fingerprints, "psnr": "99" * 32})
    with pytest.raises(RequestError, match="measured differently in psnr"):
        contrasts(results(), other)
    with pytest.raises(RequestError, match="different cases"):
        contrasts(results(psnr=(31.0,)), results())


def test_results_come_back_as_they_were() -> None:
    """Results spelt as JSON and read again are the same results."""
    assert from_json(to_json(results())) == results()
    half = replace(results(), agreement=NEAR)
    assert from_json(to_json(half)) == half
    for spoilt in ({}, {**to_json(results()), "version": 2}, {**to_json(results()), "scores": [1]}):
        with pytest.raises(InputError, match="not the results"):
            from_json(spoilt)


@pytest.mark.parametrize(
    "text",
    [
        "",
        THRESHOLDS + "[more]\n",
        THRESHOLDS.replace("least", "leats"),
        THRESHOLDS.replace("[precisions.bf16]", "[precisions.bf17]"),
        THRESHOLDS.replace("slower = 1.5", ""),
    ],
)
def test_thresholds_are_read_strictly(tmp_path: Path, text: str) -> None:
    """A misspelt or missing limit is refused; it does not silently ask for nothing."""
    with pytest.raises(InputError):
        thresholds(tmp_path, text)
