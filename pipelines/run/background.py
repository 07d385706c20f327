"""One thread that does pieces of work in order, with a bounded number of them waiting."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Work = Callable[[], None]

_POLL_SECONDS = 0.1


class Background:
    """A thread that works beside the caller.

    The first error stops the work; it is raised again in the caller at the next `submit` or
    `drain`. Both wait in short steps, so that a request to stop is heard.
    """

    def __init__(self, name: str, *, waiting: int) -> None:
        self._queue: queue.Queue[Work | None] = queue.Queue(waiting)
        self._error: BaseException | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> None:
        """Queue `work`; waits while as many pieces wait as may."""
        self._put(work)

    def drain(self) -> None:
        """Wait until everything is done, and end the thread."""
        self._put(None)
        while self._thread.is_alive():
            self._thread.join(_POLL_SECONDS)
        self._raise()

    def abandon(self, *, wait_seconds: float) -> None:
        """Drop what waits, and wait a moment for the piece that is being done."""
        self._stopped.set()
        self._thread.join(wait_seconds)

    def _put(self, work: Work | None) -> None:
        while True:
            self._raise()
            try:
                self._queue.put(work, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                work = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if work is None:
                return
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
                self._error = error
                return
