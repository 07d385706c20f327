"""How often somebody may ask, counted by name: a bucket that empties by one and refills with time.

Two kinds of counts keep one contract (`tests/contract/test_rate_limits.py`): those of this
process, and those that several gateways share (`services/gateway/shared_limits.py`).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_MOST_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How often somebody may ask: `per_second` for good, `burst` at once."""

    per_second: float = 100.0
    burst: int = 400


class Counts(Protocol):
    """Counts requests by name under one limit; safe for threads."""

    def take(self, name: str) -> float:
        """Count one request; return 0, or the seconds after which the next one is admitted."""


Counting = Callable[[str, RateLimit], Counts]
"""Makes the counts of one purpose, such as `requests`, under a limit."""


class RateLimits:
    """The counts of this process, of bounded memory; `clock` is monotonic, in seconds."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Count one request; see `Counts`."""
        now = self._clock()
        with self._lock:
            left, at = self._buckets.pop(name, (float(self._limit.burst), now))
            left = min(float(self._limit.burst), left + (now - at) * self._limit.per_second)
            admitted = left >= 1
            self._buckets[name] = (left - 1 if admitted else left, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        return 0.0 if admitted else (1 - left) / self._limit.per_second


def own_counts(purpose: str, limit: RateLimit) -> Counts:
    """Count in this process alone."""
    del purpose
    return RateLimits(limit)
