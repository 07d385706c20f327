"""The entries of a local log in SQLite: durable when written, numbered once, never doubled.

WAL with `synchronous=FULL`: a commit is on the disk when it returns. Bodies and salts stay in
this file (mode 0600); what the log publishes is commitments. An entry receives its place in the
log (its leaf) in the transaction that writes it; SQLite lets one writer in at a time, so leaves
follow the order of commits without a gap. `numbered` in the table `log` is how many leaves
a sealer has taken up: a database that is set back to an older state says so by it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import DiskFullError, EvidenceError, ResourceError
from pipelines.evidence.entry import SALT_BYTES, commitment
from services.database.write_ahead import write_ahead

SCHEMA_VERSION = 3
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE log (origin TEXT NOT NULL, numbered INTEGER NOT NULL) STRICT;
CREATE TABLE entries (
    leaf INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    canonical BLOB,
    salt BLOB,
    commitment BLOB NOT NULL,
    erased_by INTEGER,
    UNIQUE (job, sequence),
    CHECK ((canonical IS NULL) = (salt IS NULL)),
    CHECK ((canonical IS NULL) = (erased_by IS NOT NULL))
) STRICT;
"""
_INSERT = (
    "INSERT INTO entries (leaf, job, sequence, canonical, salt, commitment)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_FOLLOWING = "SELECT COALESCE(MAX(sequence) + 1, 0) FROM entries WHERE job = ?"
_CACHE_KIB = 16_384
_MOST_SALTS = 64

Made = tuple[str, Callable[[int], bytes]]
"""A job, and what turns the entry's sequence in it into canonical bytes."""

Placed = tuple[str, int, bytes]
"""A job, an entry's sequence in it, and its canonical bytes."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with its place in the log; canonical bytes and salt are None once erased."""

    sequence: int
    leaf: int
    canonical: bytes | None
    salt: bytes | None


class EntryStore:
    """The table of entries behind one connection; safe for threads, not for a fork.

    `new_origin` names the log when the file is made; an existing file keeps its name.
    """

    def __init__(self, path: Path, *, new_origin: Callable[[], str]) -> None:
        self._lock = threading.Lock()
        with translated():
            # The file is made first, so that SQLite's own files take over its mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                write_ahead(self._db, wait_seconds=BUSY_SECONDS)
                # What is overwritten is overwritten with zeros: an erased body must be gone.
                self._db.execute("PRAGMA secure_delete=ON")
                self._db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
                self._prepare(new_origin)
                (origin,) = self._db.execute("SELECT origin FROM log").fetchone()
            except BaseException:
                self._db.close()
                raise
        self.origin = str(origin)

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        self._db.close()

    def append(self, entries: Iterable[Made]) -> int:
        """Store the next entries of their jobs in one transaction; return how many.

        They are durable on return, all of them; an error leaves none.
        """
        with self._transaction() as db:
            (first,) = db.execute("SELECT COALESCE(MAX(leaf) + 1, 0) FROM entries").fetchone()
            return db.executemany(_INSERT, self._rows(db, int(first), entries)).rowcount

    def append_placed(self, entries: Iterable[Placed]) -> int:
        """Store entries whose sequences are given, in one transaction; return how many are new.

        One that is here already is passed over, so whoever does not know whether the last call
        came through repeats it. Raises `EvidenceError` where a sequence holds another entry, or
        would leave a gap; then nothing has changed.
        """
        stored = 0
        with self._transaction() as db:
            for job, sequence, canonical in entries:
                (following,) = db.execute(_FOLLOWING, (job,)).fetchone()
                if sequence < following:
                    self._require_same(db, job, sequence, canonical)
                    continue
                if sequence > following:
                    raise EvidenceError(f"Entry {following} of job {job} is missing.")
                (leaf,) = db.execute("SELECT COALESCE(MAX(leaf) + 1, 0) FROM entries").fetchone()
                salt = secrets.token_bytes(SALT_BYTES)
                row = (leaf, job, sequence, canonical, salt, commitment(salt, canonical))
                db.execute(_INSERT, row)
                stored += 1
        return stored

    def erase(self, leaves: Sequence[int], record: Made) -> int:
        """Take body and salt from `leaves` and store `record`, which says so, in one transaction.

        Returns the leaf of the record. Raises `EvidenceError` where one of `leaves` is not there
        or was erased before; then nothing has changed. `scrub` makes what was taken disappear
        from the database's files.
        """
        job, make = record
        take = (
            "UPDATE entries SET canonical = NULL, salt = NULL, erased_by = ?"
            " WHERE leaf = ? AND canonical IS NOT NULL"
        )
        with self._transaction() as db:
            (leaf,) = db.execute("SELECT COALESCE(MAX(leaf) + 1, 0) FROM entries").fetchone()
            db.executemany(_INSERT, self._rows(db, int(leaf), [(job, make)]))
            taken = db.executemany(take, [(leaf, one) for one in leaves]).rowcount
            if taken != len(leaves):
                raise EvidenceError("An entry that is to be erased is not there, or was erased.")
        return int(leaf)

    def scrub(self) -> None:
        """Empty SQLite's journal, which still holds what erased rows held.

        Raises `ResourceError` where another process reads the database all the while.
        """
        with self._lock, translated():
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise ResourceError(
                "Erased entries are still in the journal of the log's database, which another"
                " process is reading.",
                next_step="Erase again when it has finished; nothing is lost by that.",
            )

    def number(self, published: int) -> int:
        """Take up every entry that is there for sealing; return how many leaves that makes.

        Raises `EvidenceError` where the table knows fewer leaves than the `published` log, or
        fewer than were taken up before: going on would fork the log.
        """
        with self._transaction() as db:
            (numbered,) = db.execute("SELECT numbered FROM log").fetchone()
            (count,) = db.execute("SELECT COALESCE(MAX(leaf) + 1, 0) FROM entries").fetchone()
            if numbered < published:
                raise EvidenceError(
                    f"The log has published {published} leaves, its database knows {numbered}:"
                    " the database is older than the log.",
                    next_step="Restore the newest database, or move the log's folder aside.",
                )
            if count < numbered:
                raise EvidenceError(
                    f"The log's database has lost entries: {numbered} were numbered, {count} are"
                    " there.",
                    next_step="Restore the newest database, or move the log's folder aside.",
                )
            if count > numbered:
                db.execute("UPDATE log SET numbered = ?", (count,))
        return int(count)

    def commitments(self, start: int, end: int) -> list[bytes]:
        """List the commitments of the leaves from `start` up to `end`, in order."""
        query = "SELECT commitment FROM entries WHERE leaf >= ? AND leaf < ? ORDER BY leaf"
        with self._lock, translated():
            found = [bytes(row[0]) for row in self._db.execute(query, (start, end))]
        if len(found) != end - start:
            raise EvidenceError("The log's database lacks leaves that it numbered.")
        return found

    def sealed(self, job: str, size: int) -> list[StoredEntry]:
        """List the entries of `job` among the first `size` leaves, in their sequence."""
        query = (
            "SELECT sequence, leaf, canonical, salt FROM entries"
            " WHERE job = ? AND leaf < ? ORDER BY sequence"
        )
        with self._lock, translated():
            return [StoredEntry(*row) for row in self._db.execute(query, (job, size))]

    def _rows(
        self, db: sqlite3.Connection, leaf: int, entries: Iterable[Made]
    ) -> Iterator[tuple[int, str, int, bytes, bytes, bytes]]:
        """Turn entries into rows: each the next of its job, with a salt of its own."""
        following: dict[str, int] = {}
        salts = _salts()
        for job, make in entries:
            sequence = following.get(job)
            if sequence is None:
                (sequence,) = db.execute(_FOLLOWING, (job,)).fetchone()
            canonical = make(sequence)
            salt = next(salts)
            yield leaf, job, sequence, canonical, salt, commitment(salt, canonical)
            following[job] = sequence + 1
            leaf += 1

    def _require_same(
        self, db: sqlite3.Connection, job: str, sequence: int, canonical: bytes
    ) -> None:
        query = "SELECT canonical FROM entries WHERE job = ? AND sequence = ?"
        (stored,) = db.execute(query, (job, sequence)).fetchone()
        if stored is not None and bytes(stored) != canonical:
            raise EvidenceError(
                f"Entry {sequence} of job {job} is in the log with another content.",
                next_step="Somebody else wrote entries of this job into the log; find out who.",
            )

    def _prepare(self, new_origin: Callable[[], str]) -> None:
        with self._transaction() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _SCHEMA.split(";")[:-1]:
                    db.execute(statement)
                db.execute("INSERT INTO log (origin, numbered) VALUES (?, 0)", (new_origin(),))
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
        with self._lock, translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _salts() -> Iterator[bytes]:
    """Yield random salts without end; asking the system for a few at a time is what is quick."""
    at_once = 1
    while True:
        data = secrets.token_bytes(SALT_BYTES * at_once)
        for start in range(0, len(data), SALT_BYTES):
            yield data[start : start + SALT_BYTES]
        at_once = _MOST_SALTS


@contextmanager
def translated() -> Iterator[None]:
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
