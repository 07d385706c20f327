"""Writes rows into the evidence index, within one transaction and remembering nothing after it.

Words stand in their own table, each once, and rows hold their numbers. What is looked up is kept
for the writer's short life only: another process may drop a word between two transactions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pipelines.evidence.erasure import LOG_JOB
from services.provenance.index_row import IndexRow

SUBMISSION_KIND = "submission"
"""The kind of entry whose case, item and project are those of its whole job."""

_WORD_COLUMNS = ("job", "kind", "operator", "session", "host", "case", "item", "project")
_INHERITED = ("case", "item", "project")
_NEVER = -(2**62)
_MOST_KNOWN = 50_000
_MOST_WAITING = 4_000

_Stated = tuple[int | None, ...]


class IndexWriter:
    """Adds and removes rows over `db`, in a transaction that the caller began."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, int] = {}
        self._stated: dict[int, _Stated] = {}
        self._newest: tuple[int, int] | None = None

    def insert(self, rows: Iterable[IndexRow]) -> int:
        """Add the rows; return how many they were."""
        count = 0
        people: list[tuple[int, int, int | None]] = []
        mentions: list[tuple[int, bytes, int]] = []
        for row in rows:
            count += 1
            self._insert_entry(row)
            kind = None if row.kind is None else self._number(row.kind)
            people.extend((row.leaf, self._number(person), kind) for person in row.people)
            mentions.extend((row.leaf, bytes.fromhex(one.sha256), one.part) for one in row.mentions)
            if len(people) + len(mentions) >= _MOST_WAITING:
                self._insert_lists(people, mentions)
        self._insert_lists(people, mentions)
        return count

    def _insert_entry(self, row: IndexRow) -> None:
        job = self._number(row.job)
        words = (row.kind, row.operator, row.session, row.host)
        numbers = [None if word is None else self._number(word) for word in words]
        values = (row.leaf, row.sequence, row.at, self._latest(row), row.stated, job)
        self._db.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, *numbers, *self._inherited(row, job)),
        )

    def _insert_lists(
        self, people: list[tuple[int, int, int | None]], mentions: list[tuple[int, bytes, int]]
    ) -> None:
        self._db.executemany("INSERT INTO people VALUES (?, ?, ?)", people)
        self._db.executemany("INSERT INTO mentions VALUES (?, ?, ?)", mentions)
        people.clear()
        mentions.clear()

    def _latest(self, row: IndexRow) -> int:
        """Return the latest time up to this entry: it never falls, so it can be searched by."""
        if self._newest is not None and self._newest[0] == row.leaf - 1:
            known = self._newest[1]
        else:
            query = "SELECT latest FROM entries WHERE leaf < ? ORDER BY leaf DESC LIMIT 1"
            before = self._db.execute(query, (row.leaf,)).fetchone()
            known = _NEVER if before is None else int(before[0])
        latest = known if row.at is None else max(known, row.at)
        self._newest = (row.leaf, latest)
        return latest

    def _inherited(self, row: IndexRow, job: int) -> _Stated:
        """Return the row's case, item and project: its own, else those of its job's submission."""
        stated = (row.case, row.item, row.project)
        own = tuple(None if word is None else self._number(word) for word in stated)
        if row.job == LOG_JOB:
            return own
        known = self._stated_by(job)
        if row.kind == SUBMISSION_KIND:
            known = self._stated[job] = tuple(
                self._state(column, job, word) if before is None else before
                for column, word, before in zip(_INHERITED, own, known, strict=True)
            )
        return tuple(
            mine if mine is not None else its for mine, its in zip(own, known, strict=True)
        )

    def _stated_by(self, job: int) -> _Stated:
        """Return what the submission of a job stated, as far as it was read."""
        if job not in self._stated:
            query = 'SELECT "case", item, project FROM jobs WHERE job = ?'
            found = self._db.execute(query, (job,)).fetchone()
            if found is None:
                self._db.execute("INSERT INTO jobs VALUES (?, NULL, NULL, NULL)", (job,))
            if len(self._stated) >= _MOST_KNOWN:
                self._stated.clear()
            self._stated[job] = (None,) * len(_INHERITED) if found is None else tuple(found)
        return self._stated[job]

    def _state(self, column: str, job: int, word: int | None) -> int | None:
        """Give a job what its submission states; earlier entries of the job take part in it."""
        if word is not None:
            for table in ("jobs", "entries"):
                self._db.execute(
                    f'UPDATE {table} SET "{column}" = ? WHERE job = ? AND "{column}" IS NULL',  # noqa: S608
                    (word, job),
                )
        return word

    def remove(self, leaf: int) -> set[int]:
        """Take one entry out; return the numbers of the words that it held."""
        columns = ", ".join(f'"{column}"' for column in _WORD_COLUMNS)
        query = f"SELECT {columns} FROM entries WHERE leaf = ?"  # noqa: S608 - names of our own
        held = {one for row in self._db.execute(query, (leaf,)) for one in row}
        people = self._db.execute("SELECT person FROM people WHERE leaf = ?", (leaf,))
        held |= {row[0] for row in people}
        query = "DELETE FROM jobs WHERE job = (SELECT job FROM entries WHERE leaf = ?)"
        self._db.execute(query, (leaf,))
        for table in ("entries", "people", "mentions"):
            self._db.execute(f"DELETE FROM {table} WHERE leaf = ?", (leaf,))  # noqa: S608
        return {int(one) for one in held if one is not None}

    def drop_unheld(self, words: Iterable[int]) -> None:
        """Drop those of the words that nothing holds any more."""
        for number in words:
            places = [f'SELECT 1 FROM entries WHERE "{name}" = ?1' for name in _WORD_COLUMNS]  # noqa: S608
            places.append("SELECT 1 FROM people WHERE person = ?1")
            held = any(self._db.execute(one, (number,)).fetchone() for one in places)
            if not held:
                self._db.execute("DELETE FROM words WHERE id = ?", (number,))

    def _number(self, word: str) -> int:
        """Return the number of a word, given now if it is new."""
        number = self._known.get(word)
        if number is None:
            self._db.execute("INSERT OR IGNORE INTO words (word) VALUES (?)", (word,))
            found = self._db.execute("SELECT id FROM words WHERE word = ?", (word,)).fetchone()
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            number = self._known[word] = int(found[0])
        return number
