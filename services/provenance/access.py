"""Accesses: one entry per principal, artifact and quarter of an hour, before the first byte goes.

Promised: when `AccessBook.note` returns, the log holds an entry that covers this access, durable
on the disk; where that cannot be made sure it raises, and the caller hands nothing out. Of
several processes and threads that ask at once for the same principal and artifact, one records.
An entry covers the accesses of the fifteen minutes that begin with it. What an operator states
about accesses elsewhere covers nothing here. A clock that was set back makes an entry more, not
one fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.errors import EvidenceError
from pipelines.evidence.entry import instant
from pipelines.evidence.erasure import LOG_JOB
from pipelines.evidence.json_value import Json
from pipelines.evidence.mentions import digest_in
from pipelines.ports import EvidenceLog
from services.provenance.folder_lock import LOCK_WAIT_SECONDS, holding
from services.provenance.index_row import microseconds
from services.provenance.index_search import Filter
from services.provenance.local_log import system_clock
from services.provenance.log_event import LogEvent
from services.provenance.log_view import LogView

ACCESS_KIND = "access"
WINDOW = timedelta(minutes=15)

_PAGE = 1_000
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes which bytes, and by what means.

    `principal` is a person or service of 1 to 200 printable characters, `sha256` the artifact in
    lower-case hexadecimal, `means` a word such as `download`; `name` and `request` (the id of
    the request) where they are known.
    """

    principal: str
    sha256: str
    means: str
    name: str | None = None
    request: str | None = None

    def body(self) -> dict[str, Json]:
        """Return the entry's body; `EvidenceError` for what cannot stand in one."""
        if digest_in(self.sha256) != self.sha256:
            raise EvidenceError("An access names no SHA-256.")
        words = {"principal": self.principal, "means": self.means}
        extra = {"name": self.name, "request": self.request}
        words |= {key: word for key, word in extra.items() if word is not None}
        for key, word in words.items():
            if not 0 < len(word) <= _LONGEST_NAME or not word.isprintable():
                raise EvidenceError(
                    f"The {key} of an access does not have 1 to {_LONGEST_NAME} printable letters."
                )
        return {**words, "sha256": self.sha256, "window_seconds": int(WINDOW.total_seconds())}


class AccessBook:
    """Keeps the accesses in the log in `directory`, written by `log` and read through `view`."""

    def __init__(
        self,
        directory: Path,
        log: EvidenceLog,
        view: LogView,
        clock: Callable[[], datetime] = system_clock,
        *,
        lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    ) -> None:
        self._lock_path = directory / "access.lock"
        self._log = log
        self._view = view
        self._clock = clock
        self._lock_wait_seconds = lock_wait_seconds

    def note(self, taking: Taking) -> bool:
        """Make sure that the log covers this access; return whether that took a new entry.

        Raises `EvidenceError`, `ResourceError` or `DiskFullError` where it cannot: then nothing
        may be handed out.
        """
        body = taking.body()
        with holding(
            self._lock_path, wait_seconds=self._lock_wait_seconds, doing="recording an access"
        ):
            if self._is_covered(taking):
                return False
            self._log.record(LOG_JOB, ACCESS_KIND, body)
            return True

    def _is_covered(self, taking: Taking) -> bool:
        now = microseconds(instant(self._clock()))
        if now is None:
            raise EvidenceError("The clock gave no time that can be used.")
        wanted = Filter(
            user=taking.principal,
            digest=taking.sha256,
            kind=ACCESS_KIND,
            since=now - WINDOW // timedelta(microseconds=1) + 1,
            until=now + 1,
        )
        cursor = None
        while True:
            page = self._view.page(wanted, cursor=cursor, most=_PAGE)
            # The index only says where to look: the entries themselves say what they cover.
            if any(_covers(event, taking) for event in page.events):
                return True
            cursor = page.next_cursor
            if cursor is None:
                return False


def _covers(event: LogEvent, taking: Taking) -> bool:
    return (
        event.kind == ACCESS_KIND
        and event.body.get("principal") == taking.principal
        and event.body.get("sha256") == taking.sha256
        and not event.is_stated
    )
