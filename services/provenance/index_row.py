"""What the evidence index keeps of one entry: words to find it by, times, digests. Pure.

The body itself is not kept: whoever finds an entry reads it from the log. Read leniently on
purpose: the log's form is judged by `evident log fsck`, and an entry that is out of form must
still be found by what can be read of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.evidence.erasure import ERASURE_KIND
from pipelines.evidence.mentions import Mention, mentions
from services.provenance.entry_reader import LogRow

PERSON_FIELDS = ("principal", "operator", "requester", "reviewer", "from", "to", "by")
"""Members of a body that name who was concerned, besides the actor who made the entry."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_WORD = 400


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One entry as the index keeps it. Times are microseconds since 1970 in UTC.

    `stated` is the time that a person stated for what happened, where one did. `erases` are the
    leaves whose bodies this entry took away. Of an entry whose body was erased only its place
    is known: job and sequence.
    """

    leaf: int
    job: str
    sequence: int
    kind: str | None = None
    at: int | None = None
    stated: int | None = None
    operator: str | None = None
    session: str | None = None
    host: str | None = None
    case: str | None = None
    item: str | None = None
    project: str | None = None
    people: frozenset[str] = frozenset()
    mentions: tuple[Mention, ...] = ()
    erases: frozenset[int] = frozenset()


def index_row(stored: LogRow) -> IndexRow:
    """Return what is kept of a stored entry."""
    members = members_of(stored.canonical)
    body, actor = object_in(members, "body"), object_in(members, "actor")
    operator = word_in(actor, "operator")
    kind = word_in(members, "kind")
    people = {operator, *(word_in(body, field) for field in PERSON_FIELDS), *_listed(body)}
    return IndexRow(
        leaf=stored.leaf,
        job=stored.job,
        sequence=stored.sequence,
        kind=kind,
        at=microseconds(members.get("at")),
        stated=microseconds(_with_zone(body.get("stated_at"))),
        operator=operator,
        session=word_in(actor, "session"),
        host=word_in(actor, "host"),
        case=word_in(body, "case"),
        item=word_in(body, "item"),
        project=word_in(body, "project"),
        people=frozenset(one for one in people if one is not None),
        mentions=mentions(body),
        erases=frozenset(_leaves(body)) if kind == ERASURE_KIND else frozenset(),
    )


def members_of(canonical: bytes | None) -> Mapping[str, Any]:
    """Return the members of an entry; none where it was erased or cannot be read."""
    if canonical is None:
        return {}
    try:
        members = json.loads(canonical)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def object_in(members: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under `key`; an empty one where there is none."""
    value = members.get(key)
    return value if isinstance(value, dict) else {}


def word_in(members: Mapping[str, Any], key: str) -> str | None:
    """Return the text or whole number under `key` as one word to look up; None without one."""
    value = members.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value[:_LONGEST_WORD] if isinstance(value, str) and value else None


def _listed(body: Mapping[str, Any]) -> list[str | None]:
    """Return the names of the people that a body lists, as a submission does."""
    people = body.get("people")
    if not isinstance(people, list):
        return []
    return [word_in(one, "name") for one in people if isinstance(one, dict)]


def _leaves(body: Mapping[str, Any]) -> list[int]:
    listed = body.get("leaves")
    return [one for one in listed if isinstance(one, int)] if isinstance(listed, list) else []


def _with_zone(stated: object) -> object:
    """Return a stated time to search by: a date as its first moment, one without zone as UTC."""
    if not isinstance(stated, str):
        return None
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def microseconds(at: object) -> int | None:
    """Return an RFC 3339 time with its zone as microseconds since 1970; None for another text."""
    if not isinstance(at, str):
        return None
    try:
        moment = datetime.fromisoformat(at)
        return None if moment.tzinfo is None else (moment - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None
