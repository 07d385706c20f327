"""A/B: two networks or two engines, case by case on the same golden set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import RequestError
from pipelines.evidence.json_value import Json
from pipelines.gates.judge import (
    LOWER_IS_BETTER,
    groups,
    misread_rate,
    sheets_by_degradation,
)
from pipelines.gates.results import Results, real
from pipelines.gates.statistics import Interval, mean_interval, rate_difference
from pipelines.gates.thresholds import MISREAD


@dataclass(frozen=True, slots=True)
class Contrast:
    """How much better B is than A in one metric; `change` is positive where B is better."""

    metric: str
    degradation: str
    change: Interval

    @property
    def words(self) -> str:
        """The contrast for a person; an interval that holds zero decides nothing."""
        found = self.change
        verdict = "no difference shown"
        if found.low > 0:
            verdict = "B better"
        elif found.high < 0:
            verdict = "A better"
        return (
            f"{self.metric} ({self.degradation}): {found.value:+.4g} "
            f"[{found.low:+.4g} to {found.high:+.4g}, n = {found.count}]  {verdict}"
        )

    def as_json(self) -> dict[str, Json]:
        """Spell the contrast."""
        found = self.change
        return {
            "metric": self.metric,
            "degradation": self.degradation,
            "change": real(found.value),
            "low": real(found.low),
            "high": real(found.high),
            "n": found.count,
        }


def contrasts(first: Results, second: Results) -> tuple[Contrast, ...]:
    """Compare B (`second`) with A (`first`); raises RequestError where they had other cases."""
    if first.set_sha256 != second.set_sha256:
        raise RequestError("A and B were judged on different golden sets.")
    shared = sorted(set(first.fingerprints) & set(second.fingerprints))
    unlike = [name for name in shared if first.fingerprints[name] != second.fingerprints[name]]
    if unlike:
        raise RequestError(
            f"A and B were measured differently in {', '.join(unlike)} and cannot be compared.",
            next_step="Measure both in one command.",
        )
    return (*_contrasts(first, second), *_characters(first, second))


def _contrasts(first: Results, second: Results) -> Iterator[Contrast]:
    known = {(one.metric, one.case): one.value for one in first.scores}
    for metric, degradation, scores in groups(second):
        if metric not in first.fingerprints:
            continue
        sign = -1 if metric in LOWER_IS_BETTER else 1
        try:
            changes = [sign * (one.value - known[metric, one.case]) for one in scores]
        except KeyError as error:
            raise RequestError(
                "A and B were judged on different cases.",
                next_step="Compare networks of the same task and scale.",
            ) from error
        yield Contrast(metric, degradation, mean_interval(changes))


def _characters(first: Results, second: Results) -> Iterator[Contrast]:
    """Shares of characters misread; sheets that only one of them read are left out."""
    known = {one.case: one for one in first.misread}
    for degradation, sheets in sheets_by_degradation(second):
        earlier = [known[one.case] for one in sheets if one.case in known]
        if len(earlier) == len(sheets):
            change = rate_difference(misread_rate(earlier), misread_rate(sheets))
            yield Contrast(MISREAD, degradation, change)
