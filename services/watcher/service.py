"""Rounds of a watch, one after another, until told to stop.

A round begins every `every_seconds`, and at once when somebody calls `wake`: a notification of a
bucket or of an uploader is a hint, and losing one costs a wait, no file. What a hint was about has
to settle, so another round follows when it has. However many hints come, rounds keep a distance.
A place or book that cannot be used now is said, and tried again with a growing pause.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipelines.errors import ResourceError
from services.watcher.book import Tally
from services.watcher.watch import Say

LONGEST_PAUSE_SECONDS = 300.0
LEAST_PAUSE_SECONDS = 0.5


class WatchService:
    """Runs `round` until `stop`; `say` is told of faults and of every completeness line.

    `settle_seconds` is how long a file must not change before a round takes it.
    """

    def __init__(
        self,
        round_: Callable[[], Tally],
        *,
        every_seconds: float,
        settle_seconds: float = 0.0,
        say: Say,
    ) -> None:
        self._round = round_
        self._every_seconds = every_seconds
        self._settle_seconds = settle_seconds
        self._say = say
        self._changed = threading.Event()
        self._ending = threading.Event()

    def wake(self) -> None:
        """Begin a round soon; from any thread or signal handler."""
        self._changed.set()

    def stop(self) -> None:
        """End after the round in hand; from any thread or signal handler."""
        self._ending.set()
        self._changed.set()

    def run(self) -> Tally | None:
        """Do rounds until stopped; return the last tally, None where no round ended."""
        tally: Tally | None = None
        faults, is_hinted = 0, False
        while not self._ending.is_set():
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
            pause = self._pause(faults)
            if is_hinted and not faults:
                pause = min(pause, self._settle_seconds)
            # A hint that came meanwhile waits for the distance between rounds, and no longer.
            if not self._ending.wait(min(pause, LEAST_PAUSE_SECONDS)):
                is_hinted = self._changed.wait(max(0.0, pause - LEAST_PAUSE_SECONDS))
        return tally

    def _pause(self, faults: int) -> float:
        return min(self._every_seconds * (1 << min(faults, 16)), LONGEST_PAUSE_SECONDS)
