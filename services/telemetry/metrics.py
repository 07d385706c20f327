"""What is counted, for Prometheus: requests, bytes, lanes, entries that wait to be sealed.

Counters live in a registry that whoever starts a process makes. What the records know better is
asked of them at the moment of a scrape; what cannot be asked then is counted as an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipelines.errors import EvidentError

TEXT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """How a lane stands."""

    name: str
    ready: int
    running: int
    oldest_at: datetime | None


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "evident_http_requests_total",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "evident_http_request_seconds",
            "Seconds until a request's answer began.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._in_hand = Gauge(
            "evident_http_requests_in_hand",
            "Requests that are being answered.",
            registry=self._registry,
        )
        self._bytes = Counter(
            "evident_artifact_bytes_total",
            "Bytes of artifacts, in and out.",
            ("way",),
            registry=self._registry,
        )

    def begun(self) -> None:
        """A request came in."""
        self._in_hand.inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is its pattern, so that names stay few."""
        self._in_hand.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def moved(self, way: str, count: int) -> None:
        """Bytes of artifacts went `in` or `out`."""
        self._bytes.labels(way).inc(count)

    def watch_records(
        self, lanes: Callable[[], Iterable[LaneFacts]], unsealed: Callable[[], int]
    ) -> None:
        """Ask the records at every scrape."""
        self._registry.register(_Records(lanes, unsealed))

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)


class _Records(Collector):
    def __init__(
        self, lanes: Callable[[], Iterable[LaneFacts]], unsealed: Callable[[], int]
    ) -> None:
        self._lanes = lanes
        self._unsealed = unsealed

    def collect(self) -> Iterator[Metric]:
        ready = GaugeMetricFamily("evident_lane_ready", "Stages that could run.", labels=["lane"])
        running = GaugeMetricFamily("evident_lane_running", "Stages that run.", labels=["lane"])
        age = GaugeMetricFamily(
            "evident_lane_oldest_seconds", "How long the oldest waits.", labels=["lane"]
        )
        unsealed = GaugeMetricFamily("evident_unsealed_entries", "Entries that wait to be sealed.")
        failed = GaugeMetricFamily(
            "evident_records_unanswered", "1 where the records could not be asked."
        )
        try:
            for lane in self._lanes():
                ready.add_metric([lane.name], lane.ready)
                running.add_metric([lane.name], lane.running)
                waits = 0.0 if lane.oldest_at is None else _since(lane.oldest_at)
                age.add_metric([lane.name], waits)
            unsealed.add_metric([], self._unsealed())
            failed.add_metric([], 0)
        except EvidentError:
            failed.add_metric([], 1)
        yield from (ready, running, age, unsealed, failed)


def _since(moment: datetime) -> float:
    return max(0.0, (datetime.now(UTC) - moment).total_seconds())
