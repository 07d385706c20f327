"""Claims stages of its lanes while it has room, runs each on a thread, renews all their leases.

A stage takes room while its executor works; while its end is being committed the next one runs.

Promised:
- between claim and end a lease is renewed three times before it would run out;
- a worker that cannot renew, or hears that a lease is not its own, stops the work and commits
  nothing of it;
- what an executor made is committed under the token, or its bytes are removed;
- `drain` gives every stage back, and no attempt is counted as a failure for that.
"""

from __future__ import annotations

import os
import platform
import threading
import time
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from pipelines.errors import ResourceError
from pipelines.run.job import StopAsked
from services.database.words import AttemptEnd, Wanted
from services.jobs.errors import StaleTokenError, UnknownJobError
from services.jobs.failures import failure_of
from services.jobs.jobs import Jobs
from services.jobs.values import NewOutput, StageId
from services.orchestrator.executor import Executor
from services.orchestrator.lease_desk import HANDED_BACK, WORDS, LeaseDesk
from services.telemetry.work_metrics import WorkMetrics

POLL_SECONDS = 5.0
TIDY_SECONDS = 600.0
_RENEWALS = 3
_HELD_PER_SLOT = 3
"""So many stages are held at most for each that runs: beside it one whose end is being committed,
and one that is claimed in the same transaction."""
_AGAIN_SECONDS = 1.0


class Worker:
    """Works on `lanes`, `slots` stages at a time. `wake` makes it look at once.

    While it is not `is_able`, as with a store that does not answer, it claims nothing.
    What is kept for jobs that ended elsewhere it removes every `tidy_seconds`.
    Without a wake-up it looks every `poll_seconds`, so a lost message costs that much. `fault` is
    what ended its claiming, if something that it does not understand did. `metrics` count stages.
    """

    def __init__(
        self,
        jobs: Jobs,
        executor: Executor,
        *,
        lanes: Collection[str],
        slots: int = 1,
        poll_seconds: float = POLL_SECONDS,
        metrics: WorkMetrics | None = None,
        is_able: Callable[[], bool] = lambda: True,
        tidy_seconds: float = TIDY_SECONDS,
    ) -> None:
        self.name = f"{platform.node()[:30]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._jobs = jobs
        self._executor = executor
        self._lanes = tuple(lanes)
        self._slots = slots
        self._is_able = is_able
        self._tidy_seconds = tidy_seconds
        self._poll_seconds = poll_seconds
        self._metrics = metrics or WorkMetrics()
        self._desks: dict[StageId, LeaseDesk] = {}
        self._working = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._over = threading.Event()
        self.fault: Exception | None = None
        self._pool = ThreadPoolExecutor(_HELD_PER_SLOT * slots, thread_name_prefix="stage")
        self._threads = [
            threading.Thread(target=self._claims, name="claims", daemon=True),
            threading.Thread(target=self._renews, name="renews", daemon=True),
        ]

    def start(self) -> None:
        """Tidy up after earlier processes, then begin to work."""
        self._executor.tidy()
        for thread in self._threads:
            thread.start()

    def wake(self, lane: str) -> None:
        """Look for work now, if `lane` is one of ours."""
        if lane in self._lanes:
            self._wake.set()

    def drain(self) -> None:
        """Claim nothing more, have what runs stop, give it back, and return when all is done."""
        claims, renews = self._threads
        self._ending.set()
        self._wake.set()
        claims.join()
        with self._lock:
            for desk in self._desks.values():
                desk.stop(HANDED_BACK)
        self._pool.shutdown(wait=True)
        self._over.set()
        renews.join()

    def running(self) -> int:
        """Return how many stages are held here now: those that run, and those that end."""
        with self._lock:
            return len(self._desks)

    def _claims(self) -> None:
        tidied = time.monotonic()
        try:
            while not self._ending.is_set():
                self._wake.clear()
                if time.monotonic() - tidied > self._tidy_seconds:
                    self._tidy()
                    tidied = time.monotonic()
                if not self._room() or not self._claimed():
                    self._wake.wait(self._poll_seconds)
        except Exception as error:  # noqa: BLE001 - whoever started us asks for it and ends
            self.fault = error

    def _room(self) -> int:
        """Return how many more stages may be claimed."""
        if not self._is_able():
            return 0
        with self._lock:
            held = _HELD_PER_SLOT * self._slots - len(self._desks)
            return min(self._slots - self._working, held)

    def _claimed(self) -> bool:
        """Claim what there is room for and have it run; False where there is nothing to claim."""
        try:
            claims = self._jobs.claims(self._lanes, self.name, self._room)
        except ResourceError:
            return False
        desks = [
            LeaseDesk(self._jobs, claim, step_ended=self._metrics.step_ended) for claim in claims
        ]
        with self._lock:
            self._desks |= {desk.claim.stage: desk for desk in desks}
            self._working += len(desks)
        for desk in desks:
            self._pool.submit(self._work, desk)
        return bool(claims)

    def _work(self, desk: LeaseDesk) -> None:
        """Run one stage to its end, whatever that is. Nothing leaves this but through the rows."""
        begun, ended = time.monotonic(), AttemptEnd.LOST
        self._metrics.stage_begun()
        try:
            ended = self._end(desk)
        finally:
            desk.over()
            if ended is AttemptEnd.LOST:
                self._tidy()
            self._metrics.stage_ended(desk.claim.lane, ended, time.monotonic() - begun)
            with self._lock:
                self._desks.pop(desk.claim.stage, None)
            # What was held back by a limit may run now.
            self._wake.set()

    def _run(self, desk: LeaseDesk) -> tuple[NewOutput, ...]:
        """Have the executor do the stage; its room is free when it returns."""
        try:
            return self._executor.run(desk.claim, desk)
        finally:
            with self._lock:
                self._working -= 1
            self._wake.set()

    def _end(self, desk: LeaseDesk) -> AttemptEnd:
        """Run a stage and write its end down; LOST where nobody wants to know it from here."""
        claim = desk.claim
        try:
            outputs = self._run(desk)
        except StopAsked:
            is_said = self._said(desk, lambda: self._jobs.stopped(claim))
            return AttemptEnd.STOPPED if is_said else AttemptEnd.LOST
        except (StaleTokenError, UnknownJobError):
            return AttemptEnd.LOST
        except Exception as error:  # noqa: BLE001 - the border: an attempt's fault is its own
            failure = failure_of(error)
            is_said = self._said(desk, lambda: self._jobs.fail(claim, failure))
            return AttemptEnd.FAILED if is_said else AttemptEnd.LOST
        return AttemptEnd.DONE if self._commit(desk, outputs) else AttemptEnd.LOST

    def _commit(self, desk: LeaseDesk, outputs: tuple[NewOutput, ...]) -> bool:
        """Commit what was made; bytes that turn out to be known already are removed again."""
        surplus: list[NewOutput] = []
        try:
            done = self._said(
                desk, lambda: surplus.extend(self._jobs.complete(desk.claim, outputs)), refused=True
            )
        except (StaleTokenError, UnknownJobError):
            self._discard(outputs)
            return False
        if done:
            self._executor.committed(desk.claim)
            self._discard(tuple(surplus))
        return done

    def _tidy(self) -> None:
        """Remove what an overtaken attempt kept, where the other one has ended already.

        That one may have been another host's, which cannot remove it.
        """
        with suppress(ResourceError):
            self._executor.tidy()

    def _discard(self, outputs: tuple[NewOutput, ...]) -> None:
        """Remove bytes that nobody will name; where the store is away they are swept later."""
        with suppress(ResourceError):
            self._executor.discard(outputs)

    def _said(self, desk: LeaseDesk, write: Callable[[], object], *, refused: bool = False) -> bool:
        """Write to the records, again while they do not answer and the lease may hold.

        False where it could not be written; whether it was is then known to the records alone,
        so nothing that it may name is removed. A token that does not hold is raised if `refused`.
        """
        while True:
            try:
                write()
            except ResourceError:
                if desk.is_lost:
                    return False
                time.sleep(_AGAIN_SECONDS)
            except (StaleTokenError, UnknownJobError):
                if refused:
                    raise
                return False
            else:
                return True

    def _renews(self) -> None:
        lease = self._jobs.lease_seconds
        last = time.monotonic()
        while not self._over.wait(lease / _RENEWALS):
            if self._renewed():
                last = time.monotonic()
            elif time.monotonic() - last > lease:
                self._lose_all()

    def _renewed(self) -> bool:
        """Renew everything; False where the records do not answer."""
        with self._lock:
            before = dict(self._desks)
        if not before:
            return True
        try:
            held = {(one.stage, one.attempt): one for one in self._jobs.renew(self.name, before)}
        except ResourceError:
            return False
        for stage, desk in before.items():
            mine = held.get((stage, desk.claim.attempt))
            if mine is None:
                desk.lose()
            elif mine.wanted is not Wanted.RUN:
                desk.stop(WORDS[mine.wanted])
        return True

    def _lose_all(self) -> None:
        with self._lock:
            for desk in self._desks.values():
                desk.lose()
