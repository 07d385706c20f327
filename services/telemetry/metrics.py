"""What one process counts, for Prometheus: requests, bytes, work, and the services it calls.

Counters live in a registry that whoever starts a process makes; nothing here is global. What the
records know better is asked of them at the moment of a scrape (`records_metrics`), and what a GPU
knows of the GPU (`gpu_memory`): a value that nobody can tell is absent, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.telemetry.breakers import Breakers
from services.telemetry.gpu_memory import GpuMemory, gpu_memory
from services.telemetry.records_metrics import RecordsCollector, RecordsSource
from services.telemetry.service_metrics import ServiceMetrics
from services.telemetry.work_metrics import WorkMetrics

TEXT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)


class Metrics:
    """The counters of one process. `work` counts stages, `services` calls of other services.

    `breakers` are those of the services that this process calls.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.work = WorkMetrics(self._registry)
        self.services = ServiceMetrics(self._registry)
        self.breakers = Breakers(self.services.breaker)
        ProcessCollector(registry=self._registry)
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

    def watch_records(self, source: RecordsSource) -> None:
        """Ask the records at every scrape."""
        self._registry.register(RecordsCollector(source))

    def watch_gpus(self, look: Callable[[], Iterable[GpuMemory]] = gpu_memory) -> None:
        """Ask the GPUs' driver at every scrape; without a GPU there are no such values."""
        self._registry.register(_Gpus(look))

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)


class _Gpus(Collector):
    def __init__(self, look: Callable[[], Iterable[GpuMemory]]) -> None:
        self._look = look

    def collect(self) -> Iterator[Metric]:
        used = GaugeMetricFamily(
            "evident_gpu_memory_used_bytes",
            "Memory of a GPU that is taken, by whichever process.",
            labels=["gpu", "name"],
        )
        total = GaugeMetricFamily(
            "evident_gpu_memory_total_bytes", "Memory of a GPU.", labels=["gpu", "name"]
        )
        for one in self._look():
            used.add_metric([str(one.index), one.name], one.used_bytes)
            total.add_metric([str(one.index), one.name], one.total_bytes)
        yield from (used, total)
