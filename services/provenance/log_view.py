"""The log as it is asked about: entries by filter and by digest, with their sealing. Read-only.

Nothing here makes a key, a log or an entry; the index beside the log is all that is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.errors import EvidenceError, RequestError
from services.provenance.entry_reader import EntryReader
from services.provenance.evidence_index import EvidenceIndex
from services.provenance.index_search import Filter, search
from services.provenance.log_event import LogEvent, log_event
from services.provenance.public_log import PublicLog

INDEX_FILE = "index.db"
MOST_EVENTS = 10_000
"""The most events that one page may hold."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events in the order of the log; `next_cursor` is None at the end."""

    events: tuple[LogEvent, ...]
    next_cursor: str | None


class LogView:
    """What can be asked of the log in `directory`; safe for threads.

    Raises `RequestError` where there is no log yet.
    """

    def __init__(self, directory: Path) -> None:
        database = directory / "entries.db"
        if not database.exists():
            raise RequestError(
                "There is no evidence log here yet.",
                next_step="Name the right home with EVIDENT_HOME, or run a job first.",
            )
        self._public = PublicLog(directory / "public")
        self._reader = EntryReader(database)
        try:
            self.index = EvidenceIndex(directory / INDEX_FILE, self._reader)
        except BaseException:
            self._reader.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the files back."""
        self.index.close()
        self._reader.close()

    def page(self, wanted: Filter, *, cursor: str | None = None, most: int = 100) -> Page:
        """Return up to `most` events that `wanted` admits, after the one that `cursor` names."""
        if not 1 <= most <= MOST_EVENTS:
            raise RequestError(f"A page holds 1 to {MOST_EVENTS} events, not {most}.")
        found = self.index.ask(search(wanted, after=_leaf(cursor), most=most + 1))
        events = self.events(found[:most])
        return Page(events, str(found[most - 1]) if len(found) > most else None)

    def events(self, leaves: Iterable[int]) -> tuple[LogEvent, ...]:
        """Return the events with these leaf numbers, in the order given."""
        wanted = list(leaves)
        stored = self._reader.at(wanted)
        published = self._public.size()
        if any(one not in stored for one in wanted):
            raise EvidenceError(
                "The log changed its past while it was read.",
                next_step="Ask again; if it stays so, run evident log fsck.",
            )
        return tuple(log_event(stored[one], published=published) for one in wanted)


def forget_erased(directory: Path) -> None:
    """Let the index of the log in `directory`, where there is one, forget what was erased.

    It would by itself, but not before somebody asks: until then the words would lie on the disk.
    """
    if (directory / INDEX_FILE).exists():
        with LogView(directory) as view:
            view.page(Filter(), most=1)


def _leaf(cursor: str | None) -> int:
    if cursor is None:
        return -1
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise RequestError(
            "The cursor is not one that a listing gave.",
            next_step="Leave it out to begin at the first entry.",
        )
    return int(cursor)
