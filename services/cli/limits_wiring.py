"""Chooses where requests are counted: in the Redis that gateways share, or in this process."""

from __future__ import annotations

from services.gateway.rate_limits import Counting, Counts, RateLimit, own_counts
from services.settings.settings import Settings
from services.telemetry.metrics import Metrics

_REDIS = ("redis://", "rediss://")


def counting(settings: Settings, metrics: Metrics) -> Counting:
    """Return what makes counts: shared ones where the broker is a Redis."""
    if settings.broker is None or not settings.broker.startswith(_REDIS):
        return own_counts
    # The broker was opened before: its extra is there.
    from services.gateway.shared_limits import SharedRateLimits, connect  # noqa: PLC0415

    client, breaker = connect(settings.broker), metrics.breakers.of("limits")

    def shared(purpose: str, limit: RateLimit) -> Counts:
        return SharedRateLimits(client, purpose, limit, breaker)

    return shared
