"""A dispatch whose wake-ups are counted: those that were sent, and those that could not be."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

from pipelines.errors import ResourceError
from services.dispatch.port import Dispatch, Heard


class WakeTally(Protocol):
    """Who counts."""

    def woken(self) -> None:
        """A wake-up was sent."""

    def not_woken(self) -> None:
        """A wake-up could not be sent."""


class CountedDispatch:
    """A `Dispatch` over another."""

    def __init__(self, dispatch: Dispatch, tally: WakeTally) -> None:
        self._dispatch = dispatch
        self._tally = tally

    def wake(self, lane: str) -> None:
        """Have a listener of the lane look. Raises ResourceError where the broker is away."""
        try:
            self._dispatch.wake(lane)
        except ResourceError:
            self._tally.not_woken()
            raise
        self._tally.woken()

    def listening(self, lanes: Collection[str], heard: Heard) -> AbstractContextManager[None]:
        """Hear of wake-ups of these lanes while the context is open."""
        return self._dispatch.listening(lanes, heard)
