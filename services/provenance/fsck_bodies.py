"""Checks the private database of a log against what the log has published.

Every published leaf must have a row whose salt and entry give the published commitment, and
whose entry is in its exact form and says the job and the sequence that the row says. A row
without body and salt is accepted if, and only if, a later `erasure` entry of the log names it;
an erasure that names a leaf whose body is there is a fault. Within a job sequences count from 0
without a gap, in the order of the leaves. Entries that are not sealed yet are checked like the
others but for the publication. One snapshot, read as a stream; memory is flat.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import SALT_BYTES, Entry, commitment, parse_entry
from pipelines.evidence.erasure import ERASURE_KIND, erased_leaves
from pipelines.evidence.tiles import TILE_WIDTH
from pipelines.ports import Progress
from services.provenance.entry_store import SCHEMA_VERSION, translated
from services.provenance.fsck import published_commitments
from services.provenance.published_log import LogFaultError, PublishedLog

_Row = tuple[int, str, int, bytes | None, bytes | None, bytes, int | None]
_ROWS = (
    "SELECT leaf, job, sequence, canonical, salt, commitment, erased_by FROM entries ORDER BY leaf"
)
_ORDER = "SELECT job, sequence, leaf FROM entries ORDER BY job, sequence"


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """What a database that agrees with its log holds."""

    entries: int
    jobs: int
    erased: int
    pending: int


def check_bodies(
    database: Path, log: PublishedLog, head: Checkpoint, *, progress: Progress
) -> BodyFacts:
    """Check `database` against `log`, whose newest head is `head` and was checked before.

    Raises `LogFaultError` for the first fault.
    """
    if not database.is_file():
        raise LogFaultError(database.name, "The log's database is missing.")
    with (
        translated(),
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as db,
    ):
        db.isolation_level = None
        db.execute("BEGIN")
        check = _Bodies(db, log, head, database.name)
        check.state()
        progress.start("entries", head.size)
        for leaf in check.rows():
            if leaf % TILE_WIDTH == 0:
                progress.advance(TILE_WIDTH)
        check.order()
        return check.facts()


class _Bodies:
    """One pass over the rows, in the order of their leaves."""

    def __init__(
        self, db: sqlite3.Connection, log: PublishedLog, head: Checkpoint, name: str
    ) -> None:
        self._db = db
        self._log = log
        self._head = head
        self._name = name
        self._entries = 0
        self._jobs = 0
        self._erased = 0
        self._published: tuple[bytes, ...] = ()

    def state(self) -> None:
        """Check that the database is of this log, and not older than it."""
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA_VERSION:
            self._fault(f"It has version {version}, this program {SCHEMA_VERSION}.")
        origin, numbered = self._db.execute("SELECT origin, numbered FROM log").fetchone()
        if origin != self._head.origin:
            self._fault(f"It belongs to another log, {origin}.")
        if numbered < self._head.size:
            self._fault(
                f"It knows {numbered} leaves of {self._head.size}: it is older than the log."
            )

    def rows(self) -> Iterator[int]:
        """Check every row; yield its leaf."""
        for row in self._db.execute(_ROWS):
            leaf = row[0]
            if leaf != self._entries:
                self._fault(f"It lacks leaf {self._entries}.")
            self._entries += 1
            if leaf < self._head.size:
                self._check_published(leaf, row[5])
            self._check_row(row)
            yield leaf
        if self._entries < self._head.size:
            self._fault(f"It lacks leaf {self._entries}.")

    def order(self) -> None:
        """Check that each job's entries are all there, in the order of the log."""
        job, following, before = None, 0, -1
        count = 0
        for row in self._db.execute(_ORDER):
            if row[0] != job:
                job, following, before = row[0], 0, -1
                self._jobs += 1
            if row[1] != following:
                self._fault(f"Job {job} lacks its entry {following}.")
            if row[2] <= before:
                self._fault(f"Entry {following} of job {job} stands before the one before it.")
            following += 1
            before = row[2]
            count += 1
        if count != self._entries:
            self._fault("Its table and its index disagree.")

    def facts(self) -> BodyFacts:
        """Say what was found."""
        return BodyFacts(self._entries, self._jobs, self._erased, self._entries - self._head.size)

    def _check_published(self, leaf: int, stored: bytes) -> None:
        index, at = divmod(leaf, TILE_WIDTH)
        if at == 0:
            width = min(TILE_WIDTH, self._head.size - leaf)
            self._published = published_commitments(self._log, index, width)
        if self._published[at] != stored:
            self._fault(f"Leaf {leaf} is not the one that the log has published.")

    def _check_row(self, row: _Row) -> None:
        leaf, job, sequence, canonical, salt, stored, erased_by = row
        if canonical is None or salt is None:
            self._erased += 1
            if canonical is not None or salt is not None or erased_by is None:
                self._fault(f"Leaf {leaf} lacks its body or its salt and was not erased.")
            self._check_erasure(leaf, erased_by)
            return
        if len(salt) != SALT_BYTES or commitment(salt, canonical) != stored:
            self._fault(f"The body of leaf {leaf} is not the one that was committed to.")
        entry = self._parsed(leaf, canonical)
        if (entry.job, entry.sequence) != (job, sequence):
            self._fault(f"The body of leaf {leaf} belongs to another place.")
        if entry.kind == ERASURE_KIND:
            self._check_named(leaf, entry)

    def _check_erasure(self, leaf: int, erased_by: int) -> None:
        """Check that the entry that erased `leaf` is there and names it."""
        query = "SELECT canonical FROM entries WHERE leaf = ?"
        found = self._db.execute(query, (erased_by,)).fetchone()
        if erased_by <= leaf or found is None or found[0] is None:
            self._fault(f"Leaf {leaf} is erased, and the entry that says so is not there.")
        entry = self._parsed(erased_by, found[0])
        if entry.kind != ERASURE_KIND or leaf not in self._named(erased_by, entry):
            self._fault(f"Leaf {leaf} is erased, and leaf {erased_by} does not say so.")

    def _check_named(self, leaf: int, entry: Entry) -> None:
        """Check that what an erasure names is gone by that erasure."""
        query = "SELECT erased_by FROM entries WHERE leaf = ?"
        for one in self._named(leaf, entry):
            if self._db.execute(query, (one,)).fetchone() != (leaf,):
                self._fault(f"Leaf {leaf} says that leaf {one} was erased, and it was not.")

    def _named(self, leaf: int, entry: Entry) -> tuple[int, ...]:
        try:
            return erased_leaves(entry)
        except EvidenceError as error:
            self._fault(f"Leaf {leaf}: {error}")

    def _parsed(self, leaf: int, canonical: bytes) -> Entry:
        try:
            return parse_entry(canonical)
        except EvidenceError as error:
            self._fault(f"The body of leaf {leaf} is not an entry: {error}")

    def _fault(self, reason: str) -> NoReturn:
        raise LogFaultError(self._name, reason)
