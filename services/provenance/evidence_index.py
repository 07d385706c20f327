"""The evidence index: finds entries of the log by who, what, when and which bytes.

Promised: before it answers it has read every entry that the log held when it was asked, in
batches of flat memory; what it answers are places in the log, and the entries
themselves are read from there. It is never a source of truth: an index that is behind catches
up, one that is torn, of another version, or of another past than the log's (a database set
back) is thrown away and made again, and an entry whose body the log erased is forgotten.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from pipelines.evidence.erasure import LOG_JOB
from services.provenance.entry_reader import EntryReader, LogRow
from services.provenance.index_file import IndexFile, Mark, TornIndexError, discard
from services.provenance.index_row import IndexRow, index_row

BATCH_ENTRIES = 5_000

_T = TypeVar("_T")


class EvidenceIndex:
    """The index at `path` over the log that `reader` reads; safe for threads and processes."""

    def __init__(self, path: Path, reader: EntryReader) -> None:
        self._path = path
        self._reader = reader
        self._lock = threading.Lock()
        self._file = self._opened()

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        self._file.close()

    def ask(self, question: Callable[[IndexFile], _T]) -> _T:
        """Catch up with the log, then return the answer to `question`."""
        with self._lock:
            try:
                self._catch_up()
                return question(self._file)
            except TornIndexError:
                self._make_again()
                return question(self._file)

    def _make_again(self) -> None:
        self._file.close()
        discard(self._path)
        self._file = IndexFile(self._path)
        self._read_on()

    def _opened(self) -> IndexFile:
        try:
            return IndexFile(self._path)
        except TornIndexError:
            discard(self._path)
            return IndexFile(self._path)

    def _catch_up(self) -> None:
        last, mark = self._reader.last(), self._file.mark()
        if mark is not None and not self._is_of_this_log(mark):
            self._make_again()
        elif last is not None and (
            mark is None or last.leaf != mark[1] or not self._file.is_finished
        ):
            self._read_on()

    def _is_of_this_log(self, mark: Mark) -> bool:
        origin, leaf, job, sequence, sha256 = mark
        stored = self._reader.at((leaf,)).get(leaf)
        if stored is None or origin != self._reader.origin:
            return False
        if (stored.job, stored.sequence) != (job, sequence):
            return False
        return stored.canonical is None or sha256 is None or sha256 == _sha256(stored)

    def _read_on(self) -> None:
        erased: set[int] = set()
        while True:
            batch = _Batch(self._reader)
            if not self._file.take(batch.rows, batch.mark):
                break
            erased |= batch.erased
        self._file.finish()
        if erased:
            self._forget(erased)

    def _forget(self, erased: set[int]) -> None:
        """Read the jobs again of which an entry was erased; entries of no job one by one."""
        touched: set[int] = set()
        for leaf in erased - touched:
            query = "SELECT 1 FROM entries WHERE leaf = ? AND kind IS NOT NULL"
            if self._file.rows(query, (leaf,)):
                touched |= self._with_its_job(leaf)
        if touched:
            leaves = sorted(touched)
            stored = self._reader.at(leaves)
            self._file.replace(leaves, (index_row(stored[one]) for one in leaves))

    def _with_its_job(self, leaf: int) -> set[int]:
        if self._reader.at((leaf,))[leaf].job == LOG_JOB:
            return {leaf}
        query = "SELECT leaf FROM entries WHERE job = (SELECT job FROM entries WHERE leaf = ?)"
        return {row[0] for row in self._file.rows(query, (leaf,))}


class _Batch:
    """Reads a batch of entries as rows, and remembers how far that was."""

    def __init__(self, reader: EntryReader) -> None:
        self._reader = reader
        self._last: LogRow | None = None
        self.erased: set[int] = set()

    def rows(self, after: int) -> Iterator[IndexRow]:
        for stored in self._reader.after(after, most=BATCH_ENTRIES):
            self._last = stored
            row = index_row(stored)
            self.erased |= row.erases
            yield row

    def mark(self) -> Mark:
        last = self._last
        assert last is not None  # noqa: S101 - asked for only after a row
        return self._reader.origin, last.leaf, last.job, last.sequence, _sha256(last)


def _sha256(stored: LogRow) -> bytes | None:
    return None if stored.canonical is None else hashlib.sha256(stored.canonical).digest()
