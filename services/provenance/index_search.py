"""Which entries a question is about: filters, and the index's answer in the order of the log.

The smallest of the sets that the filters name drives the search and the others are checked per
entry, so that a rare word is found at once however common the words beside it are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.provenance.index_file import IndexFile

_ENOUGH = 2_000
_WORDS = ("session", "host", "job", "case", "item", "project", "kind")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; everything that is given must hold.

    `user` is whoever made an entry or is named in it (who took, who handed over). `digest` is
    64 lower-case hexadecimal digits. `since` (from) and `until` (up to, not with) are
    microseconds since 1970, of the time of recording or, with `stated`, of the time that a
    person stated.
    """

    user: str | None = None
    session: str | None = None
    host: str | None = None
    job: str | None = None
    case: str | None = None
    item: str | None = None
    project: str | None = None
    kind: str | None = None
    digest: str | None = None
    since: int | None = None
    until: int | None = None
    stated: bool = False


@dataclass(frozen=True, slots=True)
class _Term:
    """One set of entries: how to drive a search by it, how to check an entry against it.

    `source`, `drive` and `place` are tables, condition and table of the leaves where the set
    drives; `check` is the condition elsewhere. Both conditions take `values`.
    """

    source: str
    drive: str
    check: str
    values: tuple[object, ...]
    size: int
    place: str = "e"


def search(wanted: Filter, *, after: int, most: int) -> Callable[[IndexFile], list[int]]:
    """Return the question for up to `most` leaf numbers above `after`, in order."""

    def answer(index: IndexFile) -> list[int]:
        terms = _terms(index, wanted)
        if terms is None:
            return []
        driver = min((one for one in terms if one.size <= _ENOUGH), key=_size, default=None)
        source, place = (
            ("entries e NOT INDEXED", "e") if driver is None else (driver.source, driver.place)
        )
        first = max(after, _before_all(index, wanted))
        checks = "".join(f" AND {term.drive if term is driver else term.check}" for term in terms)
        # The query is made of this file's own words; every value goes in as a parameter.
        query = (
            f"SELECT DISTINCT {place}.leaf FROM {source} "  # noqa: S608
            f"WHERE {place}.leaf > ?{checks} ORDER BY {place}.leaf LIMIT ?"
        )
        values = [value for term in terms for value in term.values]
        return [row[0] for row in index.rows(query, (first, *values, most))]

    return answer


def _before_all(index: IndexFile, wanted: Filter) -> int:
    """Return a leaf that lies before every entry since the time that is asked for.

    Clocks may be set back, so times are not in the log's order; the latest time up to each
    entry is, and is searched by halves.
    """
    ((last,),) = index.rows("SELECT COALESCE(MAX(leaf), -1) FROM entries", ())
    low, high = -1, last + 1
    if wanted.since is None or wanted.stated:
        return low
    query = "SELECT latest FROM entries WHERE leaf >= ? ORDER BY leaf LIMIT 1"
    while high - low > 1:
        middle = (low + high) // 2
        ((latest,),) = index.rows(query, (middle,))
        low, high = (middle, high) if latest < wanted.since else (low, middle)
    return low


def _size(term: _Term) -> int:
    return term.size


def _terms(index: IndexFile, wanted: Filter) -> list[_Term] | None:
    """List the sets that the filters name; None where a word is asked for that no entry holds."""
    numbers = {
        column: index.word(word)
        for column in (*_WORDS, "user")
        if (word := getattr(wanted, column)) is not None
    }
    if None in numbers.values():
        return None
    terms = []
    person, kind = numbers.pop("user", None), numbers.get("kind")
    if person is not None and kind is not None:
        # What somebody did of one kind is asked often, and is rare beside either.
        del numbers["kind"]
        terms.append(_joined(index, "people", "kind", {"person": person, "kind": kind}))
    elif person is not None:
        terms.append(_joined(index, "people", "person", {"person": person}))
    for column, number in numbers.items():
        source = f"entries e INDEXED BY entries_{column}"
        terms.append(_sized(index, source, f'e."{column}" = ?', (number,)))
    if wanted.digest is not None:
        digest = bytes.fromhex(wanted.digest)
        terms.append(_joined(index, "mentions", "sha256", {"sha256": digest}))
    terms.extend(_times(index, wanted))
    return terms


def _times(index: IndexFile, wanted: Filter) -> list[_Term]:
    column = "stated" if wanted.stated else "at"
    bounds = [
        (f"e.{column} {sign} ?", value)
        for sign, value in ((">=", wanted.since), ("<", wanted.until))
        if value is not None
    ]
    if not bounds:
        return []
    check = " AND ".join(text for text, _ in bounds)
    return [
        _sized(
            index,
            f"entries e INDEXED BY entries_{column}",
            check,
            tuple(value for _, value in bounds),
            # The index of times is not in the order of the log: a large part of it would have
            # to be sorted, where the entries themselves are in order.
            large=True,
        )
    ]


def _sized(
    index: IndexFile, source: str, check: str, values: tuple[object, ...], *, large: bool = False
) -> _Term:
    query = f"SELECT COUNT(*) FROM (SELECT 1 FROM {source} WHERE {check} LIMIT {_ENOUGH})"  # noqa: S608
    size = index.rows(query, values)[0][0]
    return _Term(source, check, check, values, size + 1 if large and size == _ENOUGH else size)


def _joined(index: IndexFile, table: str, by: str, values: Mapping[str, object]) -> _Term:
    """Return the set of the entries to which `table` gives `values`, by its index named `by`."""
    own, other = (" AND ".join(f"{one}.{name} = ?" for name in values) for one in ("t", "x"))
    source = f"{table} t INDEXED BY {table}_{by}"
    given = tuple(values.values())
    return _Term(
        f"{source} CROSS JOIN entries e ON e.leaf = t.leaf",
        own,
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.leaf = e.leaf AND {other})",  # noqa: S608
        given,
        _sized(index, source, own, given).size,
        place="t",
    )
