"""The evidence index as a SQLite file of its own: disposable, private, never a source of truth.

Everything in it follows from the log's entries, so it is lost without loss: a file that is
torn, foreign or of another version is thrown away and made again. Rows go in by whole batches,
each with the mark of how far the log was read, in one transaction: a process that dies leaves
the index behind the log, not wrong about it. What the log erased is erased here as well, its
words included, and overwritten on the disk (`secure_delete`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import DiskFullError, ResourceError
from services.provenance.index_row import IndexRow
from services.provenance.index_writer import IndexWriter

INDEX_VERSION = 4
BUSY_SECONDS = 120.0
_CACHE_KIB = 65_536

_TABLES = """
CREATE TABLE mark (
    origin TEXT NOT NULL,
    leaf INTEGER NOT NULL,
    job TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    sha256 BLOB
) STRICT;
CREATE TABLE words (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE jobs (
    job INTEGER PRIMARY KEY, "case" INTEGER, item INTEGER, project INTEGER
) STRICT;
CREATE TABLE entries (
    leaf INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL,
    at INTEGER,
    latest INTEGER NOT NULL,
    stated INTEGER,
    job INTEGER NOT NULL,
    kind INTEGER,
    operator INTEGER,
    session INTEGER,
    host INTEGER,
    "case" INTEGER,
    item INTEGER,
    project INTEGER
) STRICT;
CREATE TABLE people (
    leaf INTEGER NOT NULL, person INTEGER NOT NULL, kind INTEGER, PRIMARY KEY (leaf, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE mentions (
    leaf INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    part INTEGER NOT NULL,
    PRIMARY KEY (leaf, sha256, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_job ON entries (job);
"""
_INDEXES = """
CREATE INDEX IF NOT EXISTS entries_kind ON entries (kind) WHERE kind IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_operator ON entries (operator) WHERE operator IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_session ON entries (session) WHERE session IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_host ON entries (host) WHERE host IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_case ON entries ("case") WHERE "case" IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_item ON entries (item) WHERE item IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_project ON entries (project) WHERE project IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_at ON entries (at) WHERE at IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_stated ON entries (stated) WHERE stated IS NOT NULL;
CREATE INDEX IF NOT EXISTS people_person ON people (person);
CREATE INDEX IF NOT EXISTS people_kind ON people (person, kind);
CREATE INDEX IF NOT EXISTS mentions_input ON mentions (sha256) WHERE part = 1;
CREATE INDEX IF NOT EXISTS mentions_output ON mentions (sha256) WHERE part = 2;
CREATE INDEX IF NOT EXISTS mentions_sha256 ON mentions (sha256);
"""

# A missing table or column is SQLITE_ERROR: somebody else's file, or half of one.
_TORN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class TornIndexError(ResourceError):
    """The index file is not one that this program can go on with; it is made again."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason, next_step="Check the disk of the log's folder; the log itself is complete."
        )


Mark = tuple[str, int, str, int, bytes | None]
"""How far the log was read: its origin, the last entry's leaf, job, sequence and SHA-256."""


class IndexFile:
    """The index at `path`, made where it is missing. Not safe for threads: see `EvidenceIndex`.

    Raises `TornIndexError` where the file cannot be used, `ResourceError` where the machine
    does not let it work.
    """

    def __init__(self, path: Path) -> None:
        self._finished = False
        with translated():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=NORMAL")
                self._db.execute("PRAGMA secure_delete=ON")
                self._db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        self._db.close()

    def mark(self) -> Mark | None:
        """Return how far the log was read; None in an index of nothing."""
        with translated():
            found = self._db.execute("SELECT origin, leaf, job, sequence, sha256 FROM mark")
            row = found.fetchone()
        return None if row is None else (str(row[0]), int(row[1]), str(row[2]), int(row[3]), row[4])

    def take(self, read: Callable[[int], Iterable[IndexRow]], mark: Callable[[], Mark]) -> int:
        """Add the rows that `read` hands out after the marked leaf; return how many.

        `mark` says, when all are read, how far that was. Rows and mark are one transaction.
        """
        with self.transaction():
            known = self.mark()
            count = IndexWriter(self._db).insert(read(-1 if known is None else known[1]))
            if count:
                self._db.execute("DELETE FROM mark")
                self._db.execute("INSERT INTO mark VALUES (?, ?, ?, ?, ?)", mark())
        return count

    @property
    def is_finished(self) -> bool:
        """Whether the indexes were made that a first, long reading does without."""
        if not self._finished:
            query = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'mentions_sha256'"
            self._finished = bool(self.rows(query, ())[0][0])
        return self._finished

    def finish(self) -> None:
        """Make those indexes: one by one, so that nobody waits long; the last says it is done."""
        if not self.is_finished:
            for statement in _statements(_INDEXES):
                with self.transaction():
                    self._db.execute(statement)

    def replace(self, leaves: Sequence[int], rows: Iterable[IndexRow]) -> None:
        """Put `rows` in the place of these entries, and drop words that nothing holds any more.

        All entries of a job must be replaced at once, those of no job one by one.
        """
        with self.transaction():
            writer = IndexWriter(self._db)
            words = {word for leaf in leaves for word in writer.remove(leaf)}
            writer.insert(rows)
            writer.drop_unheld(words)
        with translated():
            # Pages that held the words are overwritten, and leave the journal as well.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def word(self, text: str) -> int | None:
        """Return the number of a word; None for one that no entry holds."""
        rows = self.rows("SELECT id FROM words WHERE word = ?", (text,))
        return int(rows[0][0]) if rows else None

    def rows(self, query: str, parameters: Sequence[object]) -> list[tuple[int, ...]]:
        """Run one of the index's own queries."""
        with translated():
            return self._db.execute(query, parameters).fetchall()

    def digests(self, query: str, parameters: Sequence[object]) -> list[tuple[str, int]]:
        """Run a query for digests and leaves; the digests come back in hexadecimal."""
        with translated():
            found = self._db.execute(query, parameters).fetchall()
        return [(bytes(digest).hex(), int(leaf)) for digest, leaf in found]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one transaction that takes the write lock at its start."""
        with translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        with self.transaction():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _statements(_TABLES):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {INDEX_VERSION}")
            elif version != INDEX_VERSION:
                raise TornIndexError(f"The evidence index has version {version}.")


def _statements(text: str) -> list[str]:
    return text.split(";")[:-1]


def discard(path: Path) -> None:
    """Throw an index away. Its journal goes first, so that no new file inherits it."""
    try:
        for suffix in ("-wal", "-shm", "-journal", ""):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise ResourceError(
            f"The evidence index cannot be made again: {error}.",
            next_step=f"Remove {path.name} in the log's folder by hand; nothing is lost with it.",
        ) from error


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's errors and the system's into ours."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL:
            raise DiskFullError(
                "No space is left for the evidence index.",
                next_step="Free space where the log's folder lies; the log itself is complete.",
            ) from error
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise ResourceError(
                f"Another process kept the evidence index busy for {BUSY_SECONDS:.0f} seconds.",
                next_step="Ask again when it has brought the index up to date.",
            ) from error
        if code in _TORN or isinstance(error, sqlite3.IntegrityError):
            raise TornIndexError(f"The evidence index is damaged: {error}.") from error
        raise ResourceError(
            f"The evidence index cannot be read or written: {error}.",
            next_step="Check the permissions of the log's folder and its disk.",
        ) from error
