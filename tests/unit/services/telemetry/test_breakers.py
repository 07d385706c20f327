"""The breakers of a process: one per service, asked in one place, told to log and counts."""

from __future__ import annotations

import logging

import pytest

from pipelines.errors import DiskFullError, ResourceError
from services.telemetry.breaker import BreakerRule, BreakerState, CircuitOpenError
from services.telemetry.breakers import Breakers
from services.telemetry.metrics import Metrics


def fail(breakers: Breakers, service: str) -> None:
    """Have a service not answer once."""
    with pytest.raises(ResourceError), breakers.of(service).call():
        raise ResourceError("away")


def test_a_service_has_one_breaker() -> None:
    """Whoever asks for a service's breaker gets the same one, and others stay as they are."""
    breakers = Breakers(rule=BreakerRule(failures=2))
    fail(breakers, "store")
    breakers.of("broker")
    fail(breakers, "store")
    assert breakers.states() == {"store": "open", "broker": "closed"}


def test_every_change_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The log says which service is left alone, and when it is back."""
    now = [0.0]
    breakers = Breakers(rule=BreakerRule(failures=1), clock=lambda: now[0])
    with caplog.at_level(logging.WARNING, "evident.breaker"):
        fail(breakers, "store")
        assert not breakers.of("store").admits
        now[0] += 100
        assert breakers.of("store").admits
        with breakers.of("store").call():
            pass
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"breaker service=store state={state}" for state in ("open", "trial", "closed")]


def test_a_full_disk_is_an_answer() -> None:
    """A store that has no room answers: what it holds can still be read."""
    breaker = Breakers(rule=BreakerRule(failures=1)).of("store")
    for _ in range(3):
        with pytest.raises(DiskFullError), breaker.call():
            raise DiskFullError("full")
    assert breaker.state is BreakerState.CLOSED


def test_states_are_counted() -> None:
    """The metrics of a process have a value for each breaker that it made."""
    metrics = Metrics()
    breaker = metrics.breakers.of("store")
    assert b'evident_breaker_state{service="store",state="closed"} 1.0' in metrics.text()
    for _ in range(5):
        fail(metrics.breakers, "store")
    with pytest.raises(CircuitOpenError), breaker.call():
        pass
    assert b'evident_breaker_state{service="store",state="open"} 1.0' in metrics.text()
    assert b'evident_breaker_openings_total{service="store"} 1.0' in metrics.text()
