"""The in-process twin: a wake-up is a call. For one process that submits, keeps and works."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from services.dispatch.port import Heard, lane_name


class InProcessDispatch:
    """A `Dispatch` among the threads of this process; of several listeners one is called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[str, list[Heard]] = {}
        self._turns = itertools.count()

    def wake(self, lane: str) -> None:
        """Call one of the lane's listeners; without one, nothing happens."""
        with self._lock:
            listeners = self._listeners.get(lane_name(lane), [])
            if not listeners:
                return
            heard = listeners[next(self._turns) % len(listeners)]
        heard(lane)

    @contextmanager
    def listening(self, lanes: Collection[str], heard: Heard) -> Iterator[None]:
        """Hear of wake-ups of these lanes while the context is open."""
        with self._lock:
            for lane in lanes:
                self._listeners.setdefault(lane_name(lane), []).append(heard)
        try:
            yield
        finally:
            with self._lock:
                for lane in lanes:
                    self._listeners[lane].remove(heard)
