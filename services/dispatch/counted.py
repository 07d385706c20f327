"""A dispatch whose wake-ups are counted, those that could not be sent too, behind a breaker."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

from pipelines.errors import ResourceError
from services.dispatch.port import Dispatch, Heard
from services.telemetry.breaker import Breaker


class WakeTally(Protocol):
    """Who counts."""

    def woken(self) -> None:
        """A wake-up was sent."""

    def not_woken(self) -> None:
        """A wake-up could not be sent."""


class CountedDispatch:
    """A `Dispatch` over another."""

    def __init__(self, dispatch: Dispatch, tally: WakeTally, breaker: Breaker) -> None:
        self._dispatch = dispatch
        self._tally = tally
        self._breaker = breaker

    def wake(self, lane: str) -> None:
        """Have a listener of the lane look. Raises ResourceError where the broker is away."""
        try:
            with self._breaker.call():
                self._dispatch.wake(lane)
        except ResourceError:
            self._tally.not_woken()
            raise
        self._tally.woken()

    def listening(self, lanes: Collection[str], heard: Heard) -> AbstractContextManager[None]:
        """Hear of wake-ups of these lanes while the context is open."""
        return self._dispatch.listening(lanes, heard)
