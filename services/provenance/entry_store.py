"""The entries of a local log in SQLite: durable when written, numbered once, never doubled.

WAL with `synchronous=FULL`: a commit is on the disk when it returns. Bodies and salts stay in
this file (mode 0600); what the log publishes is commitments. Pending entries are found by
their missing leaf number, never by a cursor. An entry, once written, changes in one way only:
it receives its leaf, its salt and its commitment, all at once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import DiskFullError, EvidenceError, ResourceError

SCHEMA_VERSION = 2
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE log (origin TEXT NOT NULL) STRICT;
CREATE TABLE entries (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    canonical BLOB NOT NULL,
    leaf INTEGER UNIQUE,
    salt BLOB,
    commitment BLOB,
    UNIQUE (job, sequence),
    CHECK ((leaf IS NULL) = (salt IS NULL) AND (leaf IS NULL) = (commitment IS NULL))
) STRICT;
CREATE INDEX pending ON entries (arrival) WHERE leaf IS NULL;
"""


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry with its place in the log: canonical bytes, 32-byte salt, leaf number."""

    canonical: bytes
    salt: bytes
    leaf: int


class EntryStore:
    """The table of entries behind one connection; safe for threads, not for a fork.

    `new_origin` names the log when the file is made; an existing file keeps its name.
    """

    def __init__(self, path: Path, *, new_origin: Callable[[], str]) -> None:
        self._lock = threading.Lock()
        with _translated():
            # The file is made first, so that SQLite's own files take over its mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._prepare(new_origin)
                (origin,) = self._db.execute("SELECT origin FROM log").fetchone()
            except BaseException:
                self._db.close()
                raise
        self.origin = str(origin)

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        self._db.close()

    def append(self, job: str, make: Callable[[int], bytes]) -> int:
        """Store the next entry of `job`; `make` turns its sequence into canonical bytes.

        Returns the sequence. The entry is durable on return.
        """
        with self._transaction() as db:
            query = "SELECT COALESCE(MAX(sequence) + 1, 0) FROM entries WHERE job = ?"
            (sequence,) = db.execute(query, (job,)).fetchone()
            db.execute(
                "INSERT INTO entries (job, sequence, canonical) VALUES (?, ?, ?)",
                (job, sequence, make(sequence)),
            )
        return int(sequence)

    def number_pending(self, published: int, commit: Callable[[bytes], tuple[bytes, bytes]]) -> int:
        """Give every pending entry the next leaf, a salt and a commitment; all or none.

        `commit` turns canonical bytes into salt and commitment. Returns how many leaves are
        numbered now. Raises `EvidenceError` where the table knows fewer leaves than the
        `published` log: numbering on would fork it.
        """
        with self._transaction() as db:
            (numbered,) = db.execute("SELECT COUNT(leaf) FROM entries").fetchone()
            (highest,) = db.execute("SELECT COALESCE(MAX(leaf), -1) FROM entries").fetchone()
            if numbered != highest + 1:
                raise EvidenceError("The log's entries have a gap in their numbers.")
            if numbered < published:
                raise EvidenceError(
                    f"The log has published {published} leaves, its database knows {numbered}:"
                    " the database is older than the log.",
                    next_step="Restore the newest database, or move the log's folder aside.",
                )
            rows = db.execute("SELECT arrival FROM entries WHERE leaf IS NULL ORDER BY arrival")
            for (arrival,) in rows.fetchall():
                query = "SELECT canonical FROM entries WHERE arrival = ?"
                (canonical,) = db.execute(query, (arrival,)).fetchone()
                salt, commitment = commit(canonical)
                db.execute(
                    "UPDATE entries SET leaf = ?, salt = ?, commitment = ? WHERE arrival = ?",
                    (numbered, salt, commitment, arrival),
                )
                numbered += 1
        return int(numbered)

    def commitments(self, start: int, end: int) -> list[bytes]:
        """List the commitments of the leaves from `start` up to `end`, in order."""
        query = "SELECT commitment FROM entries WHERE leaf >= ? AND leaf < ? ORDER BY leaf"
        with self._lock, _translated():
            found = [bytes(row[0]) for row in self._db.execute(query, (start, end))]
        if len(found) != end - start:
            raise EvidenceError("The log's database lacks leaves that it numbered.")
        return found

    def sealed(self, job: str, size: int) -> list[SealedEntry]:
        """List the entries of `job` among the first `size` leaves, in their sequence."""
        query = (
            "SELECT canonical, salt, leaf FROM entries WHERE job = ? AND leaf < ? ORDER BY sequence"
        )
        with self._lock, _translated():
            rows = self._db.execute(query, (job, size)).fetchall()
        return [SealedEntry(bytes(one), bytes(salt), int(leaf)) for one, salt, leaf in rows]

    def _prepare(self, new_origin: Callable[[], str]) -> None:
        with self._transaction() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _SCHEMA.split(";")[:-1]:
                    db.execute(statement)
                db.execute("INSERT INTO log (origin) VALUES (?)", (new_origin(),))
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            elif version != SCHEMA_VERSION:
                raise EvidenceError(
                    f"The log's database has version {version}, this program {SCHEMA_VERSION}.",
                    next_step="Use the program version that wrote it, or move the log's folder"
                    " aside to begin a new log.",
                )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction that takes the write lock at its start."""
        with self._lock, _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


@contextmanager
def _translated() -> Iterator[None]:
    """Turn SQLite's errors and the system's into ours."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL:
            raise DiskFullError(
                "No space is left for the evidence log.",
                next_step="Free space where the log's folder lies, then run again.",
            ) from error
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise ResourceError(
                f"Another process kept the evidence log busy for {BUSY_SECONDS:.0f} seconds.",
                next_step="Run again when it has finished.",
            ) from error
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise EvidenceError(
                "The evidence log's database is damaged.",
                next_step="Restore it from a backup, or move the log's folder aside.",
            ) from error
        raise ResourceError(
            f"The evidence log cannot be read or written: {error}.",
            next_step="Check the folder's permissions and its disk.",
        ) from error
