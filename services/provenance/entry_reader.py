"""Entries as the log's database holds them, in the order of their leaves; reads, never writes.

Promised: no reader makes a file, takes a write lock or keeps a writer waiting; memory is flat
in the number of entries. An entry whose body was erased has no canonical form and keeps its
place. The leaves can be followed by number: they are given under the database's one write lock,
in the order of commits and without a gap.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pipelines.errors import EvidenceError
from services.provenance.entry_store import BUSY_SECONDS, SCHEMA_VERSION, translated

_SELECT = "SELECT leaf, job, sequence, canonical FROM entries"
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the log's database; `canonical` is None where the body was erased."""

    leaf: int
    job: str
    sequence: int
    canonical: bytes | None


class EntryReader:
    """Reads the database at `path`, which must exist; safe for threads.

    Raises `EvidenceError` where it is no log of this version, `ResourceError` where it cannot
    be read.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        with translated():
            self._db = sqlite3.connect(
                f"file:{quote(str(path))}?mode=ro",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self.origin = _origin(self._db)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        self._db.close()

    def last(self) -> LogRow | None:
        """Return the entry that came last; None in an empty log."""
        query = _SELECT + " ORDER BY leaf DESC LIMIT 1"
        found = self._rows(query, ())
        return found[0] if found else None

    def after(self, leaf: int, *, most: int) -> Iterator[LogRow]:
        """Yield up to `most` entries that came after `leaf`, in order."""
        while most > 0:
            query = _SELECT + " WHERE leaf > ? ORDER BY leaf LIMIT ?"
            rows = self._rows(query, (leaf, min(most, _ROWS_AT_ONCE)))
            if not rows:
                return
            yield from rows
            leaf = rows[-1].leaf
            most -= len(rows)

    def of_job(self, job: str) -> list[LogRow]:
        """Return every entry of one job, in its sequence."""
        query = _SELECT + " WHERE job = ? ORDER BY sequence"
        return self._rows(query, (job,))

    def at(self, leaves: Iterable[int]) -> dict[int, LogRow]:
        """Return the entries with these leaf numbers; one that is not there is left out."""
        wanted, found = list(leaves), dict[int, LogRow]()
        for start in range(0, len(wanted), _ROWS_AT_ONCE):
            some = tuple(wanted[start : start + _ROWS_AT_ONCE])
            places = ", ".join("?" * len(some))
            rows = self._rows(f"{_SELECT} WHERE leaf IN ({places})", some)
            found.update((row.leaf, row) for row in rows)
        return found

    def _rows(self, query: str, parameters: tuple[int | str, ...]) -> list[LogRow]:
        with self._lock, translated():
            return [LogRow(*row) for row in self._db.execute(query, parameters)]


def _origin(db: sqlite3.Connection) -> str:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise EvidenceError(
            f"The log's database has version {version}, this program {SCHEMA_VERSION}.",
            next_step="Use the program version that wrote it.",
        )
    (origin,) = db.execute("SELECT origin FROM log").fetchone()
    return str(origin)
