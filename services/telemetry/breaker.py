"""A circuit breaker: what does not answer is left alone for a while, instead of waited for.

After `failures` calls in a row that ended in one of the errors it counts, the breaker opens:
calls are refused at once with the reason, for `open_seconds`. Then one call goes through as a
trial; it closes the breaker or opens it again, for twice as long up to `longest_open_seconds`.
A full disk is an answer. Any other error, such as a refusal of the request or an interruption,
decides nothing.

Nygard, "Release It!", 2nd edition (2018), chapter 5.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from pipelines.errors import DiskFullError, ResourceError


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    """They do."""
    OPEN = "open"
    """None does."""
    TRIAL = "trial"
    """One does, and decides."""


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When a breaker opens and for how long."""

    failures: int = 5
    open_seconds: float = 5.0
    longest_open_seconds: float = 120.0


class CircuitOpenError(ResourceError):
    """The call was not made: the service did not answer the ones before it."""


class Breaker:
    """The breaker of one service, for all threads of a process.

    `counts` are the errors that mean "it does not answer"; `clock` is monotonic, in seconds;
    `changed` is told of every change of state.
    """

    def __init__(
        self,
        service: str,
        clock: Callable[[], float],
        *,
        counts: tuple[type[Exception], ...] = (ResourceError,),
        rule: BreakerRule | None = None,
        changed: Callable[[str, BreakerState], None] = lambda _service, _state: None,
    ) -> None:
        self._service = service
        self._clock = clock
        self._counts = counts
        self._rule = rule or BreakerRule()
        self._changed = changed
        self._lock = threading.Lock()
        self._state = BreakerState.CLOSED
        self._failures = 0
        self._opened = 0
        """How often in a row it opened."""
        self._until = 0.0

    @property
    def state(self) -> BreakerState:
        """Whether calls go through now."""
        with self._lock:
            return self._state

    @property
    def admits(self) -> bool:
        """Whether a call would be made now."""
        with self._lock:
            if self._state is BreakerState.OPEN:
                return self._clock() >= self._until
            return self._state is BreakerState.CLOSED

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make a call inside; raises `CircuitOpenError` instead where the breaker is open."""
        self._enter()
        try:
            yield
        except DiskFullError:
            self._answered()
            raise
        except self._counts:
            self._failed()
            raise
        except BaseException:
            self._undecided()
            raise
        self._answered()

    def _enter(self) -> None:
        with self._lock:
            if self._state is BreakerState.CLOSED:
                return
            left = self._until - self._clock()
            if self._state is BreakerState.OPEN and left <= 0:
                self._move(BreakerState.TRIAL)
                return
        raise CircuitOpenError(
            f"The {self._service} does not answer; it is left alone for a moment.",
            next_step=f"It is tried again in {max(left, 1):.0f} s.",
        )

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._state is BreakerState.TRIAL or self._failures >= self._rule.failures:
                pause = self._rule.open_seconds * 2 ** min(self._opened, 16)
                self._until = self._clock() + min(pause, self._rule.longest_open_seconds)
                self._opened += 1
                self._move(BreakerState.OPEN)

    def _answered(self) -> None:
        with self._lock:
            # A call that began before the breaker opened may end well after it: only a trial,
            # or a call in quiet times, says that the service is back.
            if self._state is not BreakerState.OPEN:
                self._failures = self._opened = 0
                self._move(BreakerState.CLOSED)

    def _undecided(self) -> None:
        with self._lock:
            if self._state is BreakerState.TRIAL:
                self._until = self._clock()
                self._move(BreakerState.OPEN)

    def _move(self, state: BreakerState) -> None:
        if state is not self._state:
            self._state = state
            self._changed(self._service, state)
