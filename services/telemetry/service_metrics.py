"""What a process counts of the services that it calls: the store, the broker, breakers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.telemetry.breaker import BreakerState

_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)


class ServiceMetrics:
    """Counters in `registry`; safe for threads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._store = Histogram(
            "evident_store_seconds",
            "Seconds of a call of the artifact store, whether it worked or not.",
            ("call",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._store_errors = Counter(
            "evident_store_errors_total",
            "Calls that the artifact store did not answer.",
            ("call",),
            registry=registry,
        )
        self._sent = Counter(
            "evident_broker_wakeups_total", "Wake-ups that were sent.", registry=registry
        )
        self._broker_errors = Counter(
            "evident_broker_errors_total", "Wake-ups that could not be sent.", registry=registry
        )
        self._breakers = Gauge(
            "evident_breaker_state",
            "1 for the state in which the breaker of a service is, 0 for the others.",
            ("service", "state"),
            registry=registry,
        )
        self._openings = Counter(
            "evident_breaker_openings_total",
            "How often the breaker of a service opened.",
            ("service",),
            registry=registry,
        )

    def store_called(self, call: str, seconds: float) -> None:
        """A call of the store came back, with or without what was asked for."""
        self._store.labels(call).observe(seconds)

    def store_failed(self, call: str) -> None:
        """The store did not answer a call."""
        self._store_errors.labels(call).inc()

    def woken(self) -> None:
        """A wake-up was sent."""
        self._sent.inc()

    def not_woken(self) -> None:
        """A wake-up could not be sent."""
        self._broker_errors.inc()

    def breaker(self, service: str, state: BreakerState) -> None:
        """Take note of a breaker's state; fits `Breaker(changed=…)`, and says so at the start."""
        for one in BreakerState:
            self._breakers.labels(service, one.value).set(one is state)
        if state is BreakerState.OPEN:
            self._openings.labels(service).inc()
