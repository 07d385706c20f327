"""Rounds of a watch, one after another, until told to stop.

A round begins every `every_seconds`, and at once when somebody calls `wake`: a notification of a
bucket or of an uploader is a hint, and losing one costs a wait, no file. A place or book that
cannot be used now is said, and tried again with a growing pause.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipelines.errors import ResourceError
from services.watcher.book import Tally
from services.watcher.watch import Say

LONGEST_PAUSE_SECONDS = 300.0


class WatchService:
    """Runs `round` until `stop`; `say` is told of faults and of every completeness line."""

    def __init__(self, round_: Callable[[], Tally], *, every_seconds: float, say: Say) -> None:
        self._round = round_
        self._every_seconds = every_seconds
        self._say = say
        self._changed = threading.Event()
        self._stopping = False

    def wake(self) -> None:
        """Begin a round soon; from any thread or signal handler."""
        self._changed.set()

    def stop(self) -> None:
        """End after the round in hand; from any thread or signal handler."""
        self._stopping = True
        self._changed.set()

    def run(self) -> Tally | None:
        """Do rounds until stopped; return the last tally, None where no round ended."""
        tally: Tally | None = None
        faults = 0
        while not self._stopping:
            self._changed.clear()
            try:
                found = self._round()
            except ResourceError as error:
                faults += 1
                self._say("watch.fault", {"reason": str(error), "next_step": error.next_step})
            else:
                faults = 0
                if found != tally:
                    self._say("watch.complete", {"line": found.line})
                tally = found
            if not self._stopping:
                self._changed.wait(self._pause(faults))
        return tally

    def _pause(self, faults: int) -> float:
        return min(self._every_seconds * (1 << min(faults, 16)), LONGEST_PAUSE_SECONDS)
