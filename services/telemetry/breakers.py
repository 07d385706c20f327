"""The breakers of a process: one for each service that it calls, and one place to ask them all.

Every change of state is a line of the log and is told to whoever counts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from pipelines.errors import ResourceError
from services.telemetry.breaker import Breaker, BreakerRule, BreakerState

_LOG = logging.getLogger("evident.breaker")

Told = Callable[[str, BreakerState], None]


class Breakers:
    """Makes breakers and remembers them; safe for threads. `told` hears of every state."""

    def __init__(
        self,
        told: Told = lambda _service, _state: None,
        *,
        rule: BreakerRule | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._told = told
        self._rule = rule
        self._clock = clock
        self._lock = threading.Lock()
        self._made: dict[str, Breaker] = {}

    def of(
        self, service: str, *, counts: tuple[type[Exception], ...] = (ResourceError,)
    ) -> Breaker:
        """Return the breaker of a service, the same one to everybody who asks."""
        with self._lock:
            if service not in self._made:
                self._told(service, BreakerState.CLOSED)
                self._made[service] = Breaker(
                    service, self._clock, counts=counts, rule=self._rule, changed=self._changed
                )
            return self._made[service]

    def states(self) -> Mapping[str, str]:
        """Return how each of them stands."""
        with self._lock:
            made = dict(self._made)
        return {service: breaker.state.value for service, breaker in made.items()}

    def _changed(self, service: str, state: BreakerState) -> None:
        _LOG.warning("breaker service=%s state=%s", service, state.value)
        self._told(service, state)
