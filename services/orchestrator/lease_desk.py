"""The desk of one claim: what its executor says goes on record under the claim's token."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from pipelines.evidence.json_value import Json
from services.database.words import Wanted
from services.jobs.jobs import Jobs
from services.jobs.values import Claim

PROGRESS_SECONDS = 1.0

WORDS: Mapping[Wanted, str] = {Wanted.PAUSE: "paused", Wanted.CANCEL: "canceled"}
HANDED_BACK = "handed_back"
"""The word on record where the process was told to end."""


def _not_counted(_step: str, _seconds: float) -> None:
    """Nobody counts."""


class LeaseDesk:
    """A `Desk`. `stop` is called by whoever renews the lease; the executor asks `stop_asked`.

    Progress within a step is written once a second at most; the token is checked with it. The
    seconds of each step are counted, those of the last when it is `over`.
    """

    def __init__(
        self, jobs: Jobs, claim: Claim, *, step_ended: Callable[[str, float], None] = _not_counted
    ) -> None:
        self.claim = claim
        self._jobs = jobs
        self._word: str | None = None
        self._lost = threading.Event()
        self._step_ended = step_ended
        self._step = ""
        self._since = self._next = 0.0

    @property
    def is_lost(self) -> bool:
        """Whether the lease is another's by now, or may be."""
        return self._lost.is_set()

    def stop(self, word: str) -> None:
        """Ask the executor to stop; the first word stands."""
        self._word = self._word or word

    def lose(self) -> None:
        """Say that the lease does not hold any more, which is to stop as well."""
        self._lost.set()
        self.stop(HANDED_BACK)

    def stop_asked(self) -> str | None:
        """Return why the work should stop, None while it should go on."""
        return self._word

    def record(self, kind: str, body: Mapping[str, Json]) -> None:
        """Commit an entry of evidence under the token."""
        self._jobs.record(self.claim, kind, body)

    def segment(self, number: int, frames: range, delivered_sha256: str) -> None:
        """Note a finished segment under the token."""
        self._jobs.segment_done(
            self.claim, number=number, frames=frames, delivered_sha256=delivered_sha256
        )

    def progress(self, step: str, *, done: int, total: int) -> None:
        """Write the step down when it changes, and how far it is now and then."""
        now = time.monotonic()
        if step == self._step and now < self._next:
            return
        if step != self._step:
            self.over()
            self._since = now
        self._step, self._next = step, now + PROGRESS_SECONDS
        self._jobs.progress(self.claim, step, done=done, total=total)

    def over(self) -> None:
        """Count the step that is over; whoever made the desk calls it at the end."""
        if self._step:
            self._step_ended(self._step, time.monotonic() - self._since)
            self._step = ""
