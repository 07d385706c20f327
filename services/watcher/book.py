"""What became of every file that was seen: SQLite, durable, so that a file is taken once.

A row is one version of one file. It moves by the table `MOVES` alone, each move one durable
transaction; what a crash interrupts is found in the state before it and done again, which is
harmless: the job has an idempotency key, results are put without overwriting.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipelines.errors import DiskFullError, EvidentError, ResourceError
from services.watcher.place import Seen

BOOK_VERSION = 1

_TABLES = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL,
    version TEXT NOT NULL,
    size INTEGER NOT NULL,
    first_seen REAL NOT NULL,
    unchanged_since REAL NOT NULL,
    state TEXT NOT NULL,
    sha256 TEXT,
    job TEXT,
    output BLOB,
    reason TEXT,
    UNIQUE (name, version),
    CHECK (state IN ('waiting', 'taken', 'rejecting', 'done', 'duplicate', 'rejected')),
    CHECK (state NOT IN ('taken', 'done') OR (sha256 IS NOT NULL AND job IS NOT NULL)),
    CHECK (state NOT IN ('rejecting', 'rejected') OR reason IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX one_waits ON files (name) WHERE state = 'waiting';
CREATE INDEX by_state ON files (state, id);
CREATE INDEX by_digest ON files (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX by_output ON files (output) WHERE output IS NOT NULL;
"""


class FileState(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    """Seen; it may still grow."""
    TAKEN = "taken"
    """Settled, stored and submitted: it has a job."""
    REJECTING = "rejecting"
    """It is not processed; reason and file are on their way to the rejects."""
    DONE = "done"
    """Its results lie at the output prefix."""
    DUPLICATE = "duplicate"
    """The same bytes were taken before, under the same rule."""
    REJECTED = "rejected"
    """Reason and file lie at the rejects prefix."""


MOVES: Mapping[FileState, frozenset[FileState]] = {
    FileState.WAITING: frozenset({FileState.TAKEN, FileState.DUPLICATE, FileState.REJECTING}),
    FileState.TAKEN: frozenset({FileState.DONE, FileState.REJECTING}),
    FileState.REJECTING: frozenset({FileState.REJECTED}),
    FileState.DONE: frozenset(),
    FileState.DUPLICATE: frozenset(),
    FileState.REJECTED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one file, as the book has it."""

    id: int
    seen: Seen
    unchanged_since: float
    state: FileState
    sha256: str | None
    job: str | None
    output: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The completeness of a watch: what was received is processed, rejected or waiting."""

    received: int
    processed: int
    rejected: int
    waiting: int
    duplicates: int
    """Those of the processed whose bytes had been processed before."""

    @property
    def line(self) -> str:
        """The completeness line, with its sum as it comes out."""
        return (
            f"received {self.received} = processed {self.processed} "
            f"(of which {self.duplicates} the same bytes again) "
            f"+ rejected {self.rejected} + waiting {self.waiting}"
        )


class WatchBook:
    """The book in the file at `path`, made where there is none. For one thread."""

    def __init__(self, path: Path) -> None:
        with _translated(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                with self._transaction():
                    for statement in _TABLES.split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version={BOOK_VERSION}")
            elif version != BOOK_VERSION:
                self._db.close()
                raise ResourceError(
                    f"{path} was written by another version of Evident.",
                    next_step="Move it aside: files that still lie there are taken anew.",
                )
        self._path = path

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    def observe(self, seen: Seen, now: float) -> None:
        """Note a file of a listing: new, unchanged, or still changing."""
        name = os.fsencode(seen.name)
        with _translated(self._path), self._transaction():
            known = self._db.execute(
                "SELECT 1 FROM files WHERE name = ? AND version = ?", (name, seen.version)
            ).fetchone()
            if known:
                return
            changed = self._db.execute(
                "UPDATE files SET version = ?, size = ?, unchanged_since = ?"
                " WHERE name = ? AND state = 'waiting'",
                (seen.version, seen.size, now, name),
            )
            if not changed.rowcount:
                self._db.execute(
                    "INSERT INTO files (name, version, size, first_seen, unchanged_since, state)"
                    " VALUES (?, ?, ?, ?, ?, 'waiting')",
                    (name, seen.version, seen.size, now, now),
                )

    def forget(self, row: Row) -> None:
        """Drop a file that went away before it was taken: it was never received."""
        with _translated(self._path), self._transaction():
            self._db.execute("DELETE FROM files WHERE id = ? AND state = 'waiting'", (row.id,))

    def rows(self, state: FileState) -> list[Row]:
        """The files in this state, oldest first."""
        with _translated(self._path):
            found = self._db.execute(
                "SELECT id, name, size, version, unchanged_since, state, sha256, job, output,"
                " reason FROM files WHERE state = ? ORDER BY id",
                (state,),
            ).fetchall()
        return [_row(one) for one in found]

    def names_of(self, sha256: str) -> list[str]:
        """The names of files of these bytes that have a job, or had one that ended well."""
        with _translated(self._path):
            found = self._db.execute(
                "SELECT name FROM files WHERE sha256 = ? AND state IN ('taken', 'done')"
                " ORDER BY id",
                (sha256,),
            ).fetchall()
        return [os.fsdecode(name) for (name,) in found]

    def is_given(self, output: str) -> bool:
        """Whether a folder for results was given to a file."""
        with _translated(self._path):
            found = self._db.execute(
                "SELECT 1 FROM files WHERE output = ? LIMIT 1", (os.fsencode(output),)
            ).fetchone()
        return found is not None

    def rejected_before(self, row: Row) -> int:
        """How many files of this name were rejected before this one came."""
        with _translated(self._path):
            (count,) = self._db.execute(
                "SELECT count(*) FROM files WHERE name = ? AND id < ?"
                " AND state IN ('rejecting', 'rejected')",
                (os.fsencode(row.seen.name), row.id),
            ).fetchone()
        return int(count)

    def advance(self, row: Row, to: FileState, **facts: str) -> None:
        """Move a file on, with `sha256`, `job`, `output` or `reason`; durable on return."""
        if to not in MOVES[row.state]:
            raise EvidentError(f"A file that is {row.state} cannot become {to}.")
        values: dict[str, Any] = {
            key: os.fsencode(value) if key == "output" else value for key, value in facts.items()
        }
        columns = "".join(f", {key} = ?" for key in values)
        with _translated(self._path), self._transaction():
            self._db.execute(
                f"UPDATE files SET state = ?{columns} WHERE id = ?",  # noqa: S608 - our own words
                (to, *values.values(), row.id),
            )

    def tally(self) -> Tally:
        """Count everything that was ever received."""
        with _translated(self._path):
            counts = dict(
                self._db.execute("SELECT state, count(*) FROM files GROUP BY state").fetchall()
            )

        def of(*states: FileState) -> int:
            return sum(counts.get(state, 0) for state in states)

        return Tally(
            received=sum(counts.values()),
            processed=of(FileState.DONE, FileState.DUPLICATE),
            rejected=of(FileState.REJECTED),
            waiting=of(FileState.WAITING, FileState.TAKEN, FileState.REJECTING),
            duplicates=of(FileState.DUPLICATE),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _row(found: tuple[Any, ...]) -> Row:
    number, name, size, version, unchanged, state, sha256, job, output, reason = found
    return Row(
        id=number,
        seen=Seen(os.fsdecode(name), size, version),
        unchanged_since=unchanged,
        state=FileState(state),
        sha256=sha256,
        job=job,
        output=None if output is None else os.fsdecode(output),
        reason=reason,
    )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        words = f"The watcher's book {path} cannot be written: {error}."
        if "full" in str(error):
            raise DiskFullError(words, next_step="Free some space; it is tried again.") from error
        raise ResourceError(words, next_step="It is tried again.") from error
    except (sqlite3.DatabaseError, OSError) as error:
        raise ResourceError(
            f"The watcher's book {path} cannot be used: {error}.",
            next_step="Move it aside: files that still lie there are taken anew.",
        ) from error
