"""What the records tell at a scrape: lanes, jobs, errors, waiting entries, the work path's age.

The records are the truth of the whole deployment, so every gateway tells the same values. Where
they cannot be asked, `evident_records_unanswered` is 1 and everything else here is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipelines.errors import EvidentError


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """How a lane stands."""

    name: str
    ready: int
    running: int
    oldest_at: datetime | None
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """How often attempts failed with a class of errors, and how often for the last time."""

    name: str
    failures: int
    given_up: int


@dataclass(frozen=True, slots=True)
class WaitingFacts:
    """Entries that are not sealed yet, and since when the oldest waits."""

    entries: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """The last probe of the work path that ended well, and how long it took from end to end."""

    done_at: datetime
    seconds: float


class RecordsSource(Protocol):
    """Whom a scrape asks. Every call may raise ResourceError."""

    def lanes(self) -> Iterable[LaneFacts]:
        """Return how every lane stands, an idle one too."""

    def unfinished(self) -> Mapping[str, int]:
        """Return how many jobs that are not over are in each state."""

    def late(self) -> int:
        """Return how many jobs that are not over were said to be late."""

    def errors(self) -> Iterable[ErrorFacts]:
        """Return how often errors of each class came up."""

    def lost_leases(self) -> int:
        """Return how often a lease ran out."""

    def dead_letters(self) -> int:
        """Return how many stages were given up and not sent back."""

    def unsealed(self) -> WaitingFacts:
        """Return what waits to be sealed."""

    def probe(self) -> ProbeFacts | None:
        """Return the last probe that ended well; None where there was none."""


class RecordsCollector(Collector):
    """Asks `source` at every scrape."""

    def __init__(self, source: RecordsSource) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        """Yield the families of values; none but the last where the records do not answer."""
        try:
            found = [*self._lanes(), *self._jobs(), *self._errors(), *self._evidence()]
        except EvidentError:
            found = []
        yield from found
        yield _gauge(
            "evident_records_unanswered", "1 where the records could not be asked.", not found
        )

    def _lanes(self) -> Iterator[Metric]:
        labels = ["lane"]
        ready = GaugeMetricFamily(
            "evident_lane_ready_stages", "Stages that could begin now.", labels=labels
        )
        running = GaugeMetricFamily(
            "evident_lane_running_stages", "Stages that run.", labels=labels
        )
        wait = GaugeMetricFamily(
            "evident_lane_oldest_wait_seconds",
            "How long the stage has waited that waits longest.",
            labels=labels,
        )
        paused = GaugeMetricFamily(
            "evident_lane_paused", "1 where a person paused the lane.", labels=labels
        )
        for lane in self._source.lanes():
            ready.add_metric([lane.name], lane.ready)
            running.add_metric([lane.name], lane.running)
            wait.add_metric([lane.name], _since(lane.oldest_at))
            paused.add_metric([lane.name], lane.is_paused)
        yield from (ready, running, wait, paused)

    def _jobs(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily(
            "evident_unfinished_jobs", "Jobs that are not over, by state.", labels=["state"]
        )
        for state, count in self._source.unfinished().items():
            jobs.add_metric([state], count)
        yield jobs
        yield _gauge(
            "evident_late_jobs", "Jobs that are not over and will be late.", self._source.late()
        )
        yield _gauge(
            "evident_dead_letters",
            "Stages that were given up and not sent back.",
            self._source.dead_letters(),
        )

    def _errors(self) -> Iterator[Metric]:
        failures = CounterMetricFamily(
            "evident_attempt_failures",
            "Attempts at stages that failed, by class of error.",
            labels=["error"],
        )
        retries = CounterMetricFamily(
            "evident_retries",
            "Failed attempts after which the stage was not given up, by class of error.",
            labels=["error"],
        )
        for one in self._source.errors():
            failures.add_metric([one.name], one.failures)
            retries.add_metric([one.name], max(0, one.failures - one.given_up))
        leases = CounterMetricFamily(
            "evident_lease_expiries", "Leases that ran out: the worker died or was cut off."
        )
        leases.add_metric([], self._source.lost_leases())
        yield from (failures, retries, leases)

    def _evidence(self) -> Iterator[Metric]:
        waiting = self._source.unsealed()
        yield _gauge("evident_unsealed_entries", "Entries that wait to be sealed.", waiting.entries)
        yield _gauge(
            "evident_unsealed_oldest_seconds",
            "How long the entry has waited that waits longest.",
            _since(waiting.oldest_at),
        )
        probe = self._source.probe()
        if probe is not None:
            yield _gauge(
                "evident_probe_age_seconds",
                "Since the last probe of the work path that ended well; absent without probes.",
                _since(probe.done_at),
            )
            yield _gauge(
                "evident_probe_seconds",
                "What that probe took, from its submission to its end.",
                probe.seconds,
            )


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _since(moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.0, (datetime.now(UTC) - moment).total_seconds())
