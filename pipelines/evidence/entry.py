"""One line of evidence, the commitment that stands for it, and the proof of a job's lines.

The log publishes commitments only: SHA-256 over 32 random bytes (the salt) and the canonical
entry. Whoever holds entry and salt can show that the log contains it; whoever holds neither
learns nothing, and an erased body leaves the log provable.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import cast

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import MAX_INTEGER, canonical_bytes, parse_object, read_json
from pipelines.evidence.json_value import Json

ENTRY_VERSION = 1
SALT_BYTES = 32
MAX_ENTRY_BYTES = 60_000
"""An entry's canonical form may be this long; larger facts are files named by digest."""

CLOCK_SYSTEM = "system"
"""The clock source: this machine's own clock, set by whoever keeps the machine."""

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_FIELDS = {
    "version": int,
    "job": str,
    "sequence": int,
    "kind": str,
    "at": str,
    "clock": str,
    "actor": dict,
    "body": dict,
}
_Values = tuple[int, str, int, str, str, str, dict[str, Json], dict[str, Json]]
_ACTOR_FIELDS = ("operator", "session", "host", "application")
_MAX_WORD = 128
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made an entry, as the program that wrote it was told.

    `operator` names the person or service, `session` one run of the program, `host` the
    machine, `application` program and version. Each has 1 to 200 printable characters; another
    is an `EvidenceError`.
    """

    operator: str
    session: str
    host: str
    application: str

    def __post_init__(self) -> None:
        for field, name in self.members().items():
            if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME:
                raise EvidenceError(
                    f"The {field} of an entry does not have 1 to {_MAX_NAME} characters.",
                    next_step=f"Give the {field} a short name.",
                )
            if not name.isprintable():
                raise EvidenceError(
                    f"The {field} of an entry holds a character that cannot be printed.",
                    next_step=f"Give the {field} a plain name.",
                )

    def members(self) -> dict[str, Json]:
        """Return the four names as an entry has them."""
        return {
            "operator": self.operator,
            "session": self.session,
            "host": self.host,
            "application": self.application,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact about a job.

    `sequence` counts the entries of `job` from 0; `kind` is a lower-case word such as
    `export`; `at` is UTC as RFC 3339 with six digits of seconds and `Z`; `clock` names where
    the time came from; `actor` is who made the entry; `body` holds the facts.
    """

    job: str
    sequence: int
    kind: str
    at: str
    clock: str
    actor: Actor
    body: dict[str, Json]
    version: int = ENTRY_VERSION

    def canonical(self) -> bytes:
        """Return the entry's only spelling; raises `EvidenceError` for fields out of form."""
        _check(self)
        # RFC 8785 puts the members in this order; most are the same from entry to entry.
        data = b'{"actor":%b,"at":"%b","body":%b,"clock":"%b","job":%b,"kind":"%b",%b' % (
            _spelt_actor(self.actor),
            self.at.encode("ascii"),
            canonical_bytes(self.body, depth=1),
            self.clock.encode("ascii"),
            _spelt_job(self.job),
            self.kind.encode("ascii"),
            b'"sequence":%d,"version":%d}' % (self.sequence, self.version),
        )
        if len(data) > MAX_ENTRY_BYTES:
            raise EvidenceError(
                f"The {self.kind} entry has {len(data)} bytes, more than {MAX_ENTRY_BYTES}.",
                next_step="Put the large part into a file and name its digest in the entry.",
            )
        return data


@dataclass(frozen=True, slots=True)
class JobProof:
    """Every entry of one job and what proves that the log contains it.

    The tuples run in parallel, in the order of the job's sequence. `inclusion` holds RFC 6962
    audit paths of 32-byte hashes to the tree of `tree_size` leaves, whose head is in
    `checkpoint` (a C2SP signed note); `keys` are the signed-note verifier keys of its signers.
    """

    job: str
    entries: tuple[bytes, ...]
    salts: tuple[bytes, ...]
    leaf_indexes: tuple[int, ...]
    inclusion: tuple[tuple[bytes, ...], ...]
    tree_size: int
    checkpoint: bytes
    keys: tuple[str, ...]


def commitment(salt: bytes, canonical: bytes) -> bytes:
    """SHA-256 of the salt followed by the canonical entry: 32 bytes, the leaf's data."""
    if len(salt) != SALT_BYTES:
        raise EvidenceError(f"A salt has {len(salt)} bytes instead of {SALT_BYTES}.")
    return hashlib.sha256(salt + canonical).digest()


def parse_entry(data: bytes) -> Entry:
    """Return the entry that `data` spells; `EvidenceError` for anything but its exact form."""
    if len(data) > MAX_ENTRY_BYTES:
        raise EvidenceError(f"An entry is longer than {MAX_ENTRY_BYTES} bytes.")
    try:
        # An entry that spells itself as `data` is the one; all else is read again, to say why.
        entry = _from_members(read_json(data))
        if entry.canonical() == data:
            return entry
    except (ValueError, RecursionError, EvidenceError):
        pass
    entry = _from_members(parse_object(data))
    _check(entry)
    return entry


def _from_members(members: Json) -> Entry:
    """Return the entry with these members, whose types are right; nothing else is checked."""
    if not isinstance(members, dict):
        raise EvidenceError("An entry is not an object.")
    if members.keys() != _FIELDS.keys():
        raise EvidenceError("An entry's fields are not those of version 1.")
    values = [members[name] for name in _FIELDS]
    # Plain types as a JSON reader makes them, so that `true` is no number.
    if [type(value) for value in values] != [*_FIELDS.values()]:
        raise EvidenceError("A field of an entry has the wrong type.")
    version, job, sequence, kind, at, clock, actor, body = cast(_Values, tuple(values))
    return Entry(job, sequence, kind, at, clock, _actor(actor), body, version)


def instant(moment: datetime) -> str:
    """`moment` (aware) as UTC in the form of an entry; a naive one is an `EvidenceError`."""
    offset = moment.utcoffset()
    if offset is None:
        raise EvidenceError("The clock gave a time without its zone.")
    moment = moment.replace(tzinfo=None)
    return (moment - offset if offset else moment).isoformat(timespec="microseconds") + "Z"


def _actor(members: dict[str, Json]) -> Actor:
    names = [members.get(field) for field in _ACTOR_FIELDS]
    if len(members) != len(names) or not all(isinstance(name, str) for name in names):
        raise EvidenceError("An entry's actor is not operator, session, host and application.")
    return _named(*cast(list[str], names))


@lru_cache(maxsize=256)
def _named(operator: str, session: str, host: str, application: str) -> Actor:
    return Actor(operator, session, host, application)


@lru_cache(maxsize=256)
def _spelt_actor(actor: Actor) -> bytes:
    return canonical_bytes(actor.members())


@lru_cache(maxsize=256)
def _spelt_job(job: str) -> bytes:
    if not job or len(job) > _MAX_WORD or not job.isprintable():
        raise EvidenceError("An entry's job is not a short printable word.")
    return canonical_bytes(job)


@lru_cache(maxsize=256)
def _is_kind(word: str) -> bool:
    return len(word) <= _MAX_WORD and _KIND.fullmatch(word) is not None


def _check(entry: Entry) -> None:
    if entry.version != ENTRY_VERSION:
        raise EvidenceError(f"Entry version {entry.version} is not known here.")
    _spelt_job(entry.job)
    if not 0 <= entry.sequence <= MAX_INTEGER:
        raise EvidenceError("An entry's sequence is not a count.")
    if not _is_kind(entry.kind):
        raise EvidenceError("An entry's kind is not a lower-case word.")
    if not _is_kind(entry.clock):
        raise EvidenceError("An entry's clock is not a lower-case word.")
    if not _INSTANT.fullmatch(entry.at) or not _is_moment(entry.at):
        raise EvidenceError("An entry's time is not UTC in RFC 3339 with microseconds.")


def _is_moment(at: str) -> bool:
    try:
        return datetime.fromisoformat(at).utcoffset() == timedelta(0)
    except ValueError:
        return False
