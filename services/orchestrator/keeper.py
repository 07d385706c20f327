"""Keeps the queue in order: wake-ups, lost leases, late jobs, entries to seal, and what is given.

Any number of keepers may run; what one has done the others find done. Each duty runs by itself
at its own pace, and what one cannot do now does not hold up the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from pipelines.errors import ResourceError
from services.dispatch.port import Dispatch
from services.jobs.jobs import Jobs
from services.jobs.outbox import Outbox
from services.provenance.local_log import LocalLog
from services.provenance.pending import PendingEntries
from services.telemetry.work_metrics import WorkMetrics


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that is done again and again, this long after it was done before."""

    name: str
    do: Callable[[], object]
    every_seconds: float


@dataclass(frozen=True, slots=True)
class KeeperPace:
    """How often each of the queue's own duties is done."""

    relay_seconds: float = 0.05
    poll_seconds: float = 5.0
    sweep_seconds: float = 5.0
    warn_seconds: float = 15.0
    seal_seconds: float = 2.0
    forget_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of duties: `trouble` what cannot be done now, `metrics` what was done when."""

    trouble: Callable[[str], None] = lambda _said: None
    metrics: WorkMetrics = field(default_factory=WorkMetrics)


class Keeper:
    """Does the queue's duties, and those `also` given, on threads of its own until `stop`.

    `fault` is what a duty did not understand.
    """

    def __init__(
        self,
        jobs: Jobs,
        outbox: Outbox,
        dispatch: Dispatch,
        pending: PendingEntries,
        log: LocalLog,
        *,
        also: Iterable[Chore] = (),
        pace: KeeperPace | None = None,
        told: Told | None = None,
    ) -> None:
        self._jobs = jobs
        self._outbox = outbox
        self._dispatch = dispatch
        self._pending = pending
        self._log = log
        self._told = told or Told()
        self._ending = threading.Event()
        self.fault: Exception | None = None
        pace = pace or KeeperPace()
        duties = (
            Chore("relay", self.relay, pace.relay_seconds),
            Chore("poll", self.poll, pace.poll_seconds),
            Chore("sweep", jobs.sweep, pace.sweep_seconds),
            Chore("warn", jobs.warn, pace.warn_seconds),
            Chore("seal", self.seal, pace.seal_seconds),
            Chore("forget", outbox.forget, pace.forget_seconds),
            *also,
        )
        self._threads = [
            threading.Thread(target=self._again, args=(duty,), daemon=True) for duty in duties
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after what is being done now; what was committed until then is sealed."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        with suppress(ResourceError):
            self.seal()

    def relay(self) -> int:
        """Send the wake-ups that are due, each lane once; return how many rows that answers."""
        due = self._outbox.due()
        for lane in sorted({wake.lane for wake in due}):
            self._dispatch.wake(lane)
        self._outbox.done(due)
        return len(due)

    def poll(self) -> None:
        """Wake every lane that has work, whatever became of earlier messages."""
        for lane in self._outbox.ready_lanes():
            self._dispatch.wake(lane)

    def seal(self) -> None:
        """Carry pending entries into the log; publish a head where there are new ones."""
        if self._pending.drain():
            self._log.publish()

    def _again(self, duty: Chore) -> None:
        try:
            while not self._ending.wait(duty.every_seconds):
                begun = time.monotonic()
                try:
                    duty.do()
                    self._told.metrics.duty_done(duty.name)
                except ResourceError as error:
                    self._told.metrics.duty_refused(duty.name)
                    self._told.trouble(str(error))
                    # What does not answer is asked less often while it does not.
                    self._ending.wait(min(5.0, 1.0 + time.monotonic() - begun))
        except Exception as error:  # noqa: BLE001 - whoever started us asks for it and ends
            self.fault = error
