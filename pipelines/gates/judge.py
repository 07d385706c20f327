"""From what was measured to a verdict: thresholds, then the baseline, then speed.

A line holds or it does not, with its number, its interval over the cases and its limit. Against
the baseline the same cases are compared one by one: the mean may not fall by more than its
margin, nor any single case by more than a larger one, for a mean over few cases hides one that
broke. Unlike fingerprints, sets and cases are never compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.spec import Precision
from pipelines.errors import RequestError
from pipelines.evidence.json_value import Json
from pipelines.gates.results import CaseScore, Misread, Results, real
from pipelines.gates.statistics import Interval, mean_interval, rate_interval
from pipelines.gates.thresholds import FILE, MISREAD, Limit, Margin, Thresholds

LOWER_IS_BETTER = frozenset({"flicker", "niqe", "brisque", "lpips", "drift", MISREAD})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was judged. `degradation` is empty where it concerns all cases."""

    metric: str
    degradation: str
    what: str
    found: Interval
    limit: float
    holds: bool

    @property
    def words(self) -> str:
        """The line for a person."""
        place = f" ({self.degradation})" if self.degradation else ""
        state = "holds" if self.holds else "FAILED"
        found = self.found
        spread = f" [{found.low:.4g} to {found.high:.4g}, n = {found.count}]"
        single = "" if found.count == 1 else spread
        value = f"{found.value:.4g}{single}, limit {self.limit:.4g}"
        return f"{state}  {self.metric}{place}, {self.what}: {value}"

    def as_json(self) -> dict[str, Json]:
        """Spell the line for a record."""
        return {
            "metric": self.metric,
            "degradation": self.degradation,
            "what": self.what,
            "value": real(self.found.value),
            "low": real(self.found.low),
            "high": real(self.found.high),
            "n": self.found.count,
            "limit": real(self.limit),
            "holds": self.holds,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """All lines; `baseline_sha256` is empty where there was nothing to compare with.

    `limits` says for a person whose thresholds these are.
    """

    lines: tuple[Line, ...]
    baseline_sha256: str = ""
    limits: str = ""

    @property
    def passed(self) -> bool:
        """Whether every line holds, and there is at least one."""
        return bool(self.lines) and all(line.holds for line in self.lines)


def judge(
    results: Results,
    thresholds: Thresholds,
    *,
    baseline: Results | None = None,
    baseline_sha256: str = "",
    limits: str = "",
) -> Judgement:
    """Judge results; raises RequestError for a baseline that cannot be compared."""
    lines = [
        *_absolute(results, thresholds),
        *_characters(results, thresholds),
        *_agreement(results, thresholds),
    ]
    if baseline is not None:
        _require_comparable(results, baseline)
        lines += _regressions(results, baseline, thresholds)
        lines += _misread_regressions(results, baseline)
        lines += _speed(results, baseline, thresholds)
    return Judgement(tuple(lines), baseline_sha256, limits)


def _speed(results: Results, baseline: Results, thresholds: Thresholds) -> Iterator[Line]:
    """A baseline whose speed was never measured at rest sets no budget."""
    if baseline.speed.ratio > 0:
        limit, ratio = baseline.speed.ratio * thresholds.slower, results.speed.ratio
        single = Interval(ratio, ratio, ratio, 1)
        yield Line("speed", "", "time over a matrix product", single, limit, ratio <= limit)


def groups(results: Results) -> Iterator[tuple[str, str, tuple[CaseScore, ...]]]:
    """Go through the scores by metric and degradation, in order of first appearance."""
    found: dict[tuple[str, str], list[CaseScore]] = {}
    for score in results.scores:
        found.setdefault((score.metric, score.degradation), []).append(score)
    for (metric, degradation), scores in found.items():
        yield metric, degradation, tuple(scores)


def sheets_by_degradation(results: Results) -> Iterator[tuple[str, tuple[Misread, ...]]]:
    """Go through the sheets of characters by degradation, in order of first appearance."""
    for degradation in dict.fromkeys(one.degradation for one in results.misread):
        yield degradation, tuple(one for one in results.misread if one.degradation == degradation)


def misread_rate(sheets: Sequence[Misread]) -> Interval:
    """The share of characters that are misread on these sheets, with its interval."""
    return rate_interval(sum(one.misread for one in sheets), sum(one.characters for one in sheets))


def _absolute(results: Results, thresholds: Thresholds) -> Iterator[Line]:
    limits = thresholds.limits(results.subject)
    for metric, degradation, scores in groups(results):
        limit = limits.get((metric, degradation))
        if limit is not None:
            values = mean_interval([one.value for one in scores])
            gains = mean_interval([one.value - one.reference for one in scores])
            yield from _limited(metric, degradation, limit, values, gains)


def _limited(
    metric: str, degradation: str, limit: Limit, values: Interval, gains: Interval
) -> Iterator[Line]:
    if limit.least is not None:
        yield Line(metric, degradation, "mean", values, limit.least, values.value >= limit.least)
    if limit.most is not None:
        yield Line(metric, degradation, "mean", values, limit.most, values.value <= limit.most)
    if limit.gain is not None:
        yield Line(
            metric, degradation, "gain over the conventional method", gains, limit.gain,
            gains.value >= limit.gain,
        )  # fmt: skip
    if limit.drop is not None:
        yield Line(
            metric, degradation, "change from the conventional method", gains, -limit.drop,
            gains.value <= -limit.drop,
        )  # fmt: skip
    if limit.rise is not None:
        yield Line(
            metric, degradation, "change from the conventional method", gains, limit.rise,
            gains.value <= limit.rise,
        )  # fmt: skip


def _characters(results: Results, thresholds: Thresholds) -> Iterator[Line]:
    limits = thresholds.limits(results.subject)
    for degradation, sheets in sheets_by_degradation(results):
        limit = limits.get((MISREAD, degradation))
        if limit is None:
            continue
        total, rate = sum(one.characters for one in sheets), misread_rate(sheets)
        if limit.most is not None:
            yield Line(
                MISREAD, degradation, "share of characters", rate, limit.most,
                rate.value <= limit.most,
            )  # fmt: skip
        if limit.rise is not None:
            most = sum(one.interpolated for one in sheets) / total + limit.rise
            yield Line(
                MISREAD, degradation,
                f"share of characters, at most {limit.rise:g} above interpolation's", rate, most,
                rate.value <= most,
            )  # fmt: skip


def _agreement(results: Results, thresholds: Thresholds) -> Iterator[Line]:
    """A reduced precision is judged by its worst case, and only where a limit is stated for it."""
    precision = results.subject.precision
    if precision == Precision.FP32:
        return
    limit = thresholds.agreements.get(precision)
    if limit is None or not results.agreement:
        lacks = "no limit is stated for it" if limit is None else "nothing was compared with fp32"
        raise RequestError(
            f"{precision} cannot be judged: {lacks}.",
            next_step=f"State [precisions.{precision}] agreement in {FILE} of the golden set.",
        )
    least = min(one.decibels for one in results.agreement)
    single = Interval(least, least, least, 1)
    yield Line("agreement", "", "least of a case beside fp32, dB", single, limit, least >= limit)


def _require_comparable(results: Results, baseline: Results) -> None:
    unlike = [
        name
        for name, one, other in (
            ("golden set", results.set_sha256, baseline.set_sha256),
            ("network", results.subject.network, baseline.subject.network),
            ("engine", results.subject.engine, baseline.subject.engine),
            ("precision", results.subject.precision, baseline.subject.precision),
            ("kind of device", results.subject.device_class, baseline.subject.device_class),
        )
        if one != other
    ]
    shared = set(results.fingerprints) & set(baseline.fingerprints)
    unlike += [
        f"fingerprint of {name}"
        for name in sorted(shared)
        if results.fingerprints[name] != baseline.fingerprints[name]
    ]
    if unlike:
        raise RequestError(
            f"The baseline is of another {', '.join(unlike)} and cannot be compared.",
            next_step="Gate against a baseline of the same kind, or make one anew.",
        )


def _regressions(results: Results, baseline: Results, thresholds: Thresholds) -> Iterator[Line]:
    earlier = {(one.metric, one.case): one.value for one in baseline.scores}
    for metric, degradation, scores in groups(results):
        margin = thresholds.margins.get(metric)
        kept = [one for one in scores if (metric, one.case) in earlier]
        if margin is None or not kept:
            continue
        if len(kept) != len(scores):
            raise RequestError(f"The baseline lacks cases of {metric} ({degradation}).")
        sign = -1 if metric in LOWER_IS_BETTER else 1
        # Adding nothing turns a minus zero, which reads like a fall, into a plain one.
        changes = [sign * (one.value - earlier[metric, one.case]) + 0.0 for one in kept]
        yield from _regression(metric, degradation, margin, changes)


def _regression(
    metric: str, degradation: str, margin: Margin, changes: Sequence[float]
) -> Iterator[Line]:
    mean, worst = mean_interval(changes), min(changes)
    yield Line(
        metric, degradation, "mean change from the baseline, better is positive", mean,
        -margin.mean, mean.value >= -margin.mean,
    )  # fmt: skip
    yield Line(
        metric, degradation, "worst change of one case", Interval(worst, worst, worst, 1),
        -margin.case, worst >= -margin.case,
    )  # fmt: skip


def _misread_regressions(results: Results, baseline: Results) -> Iterator[Line]:
    """No more characters misread than before, beyond what chance would make of as many."""
    earlier = {one.case: one for one in baseline.misread}
    for degradation, sheets in sheets_by_degradation(results):
        known = [earlier[one.case] for one in sheets if one.case in earlier]
        if len(known) != len(sheets):
            continue
        limit, rate = misread_rate(known).high, misread_rate(sheets)
        yield Line(
            MISREAD, degradation, "share of characters, beside the baseline's upper bound", rate,
            limit, rate.value <= limit,
        )  # fmt: skip
