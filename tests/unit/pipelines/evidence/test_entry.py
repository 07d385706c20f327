"""Entries: one spelling each, fields in form, commitments that hide."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.entry import (
    MAX_ENTRY_BYTES,
    Actor,
    Entry,
    commitment,
    instant,
    parse_entry,
)

AT = "2026-03-01T10:00:00.000123Z"
ACTOR = Actor("A. Müller", "7d9f8f5c", "desk-4", "evident 1.0")
ENTRY = Entry("job-1", 0, "submit", AT, "system", ACTOR, {"preset": "forensic-safe"})
MEMBERS = {
    "operator": "A. Müller",
    "session": "7d9f8f5c",
    "host": "desk-4",
    "application": "evident 1.0",
}
BAD_NAMES = ("", "a\nb", "\u202e", "x" * 201, 1, None)


def test_entry_golden_form() -> None:
    """An entry's bytes, and so its commitment, are fixed by the format."""
    data = ENTRY.canonical()
    assert data == (
        b'{"actor":{"application":"evident 1.0","host":"desk-4",'
        b'"operator":"A. M\xc3\xbcller","session":"7d9f8f5c"},'
        b'"at":"2026-03-01T10:00:00.000123Z","body":{"preset":"forensic-safe"},"clock":"system",'
        b'"job":"job-1","kind":"submit","sequence":0,"version":1}'
    )
    salt = bytes(range(32))
    assert commitment(salt, data) == hashlib.sha256(salt + data).digest()
    assert commitment(salt, data).hex() == (
        "33d74e1642385a407915e70fc93d51a3de166bcfa9d5ba6bb5ab6dc6229779a6"
    )


def test_entry_round_trip() -> None:
    """What an entry spells is read back as the same entry."""
    assert parse_entry(ENTRY.canonical()) == ENTRY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 2),
        ("version", True),
        ("job", ""),
        ("job", "a\nb"),
        ("job", 1),
        ("sequence", -1),
        ("sequence", False),
        ("sequence", "0"),
        ("kind", "Submit"),
        ("kind", ""),
        ("at", "2026-03-01T10:00:00Z"),
        ("at", "2026-03-01T10:00:00.000123+00:00"),
        ("at", "2026-02-30T10:00:00.000123Z"),
        ("clock", "my watch"),
        ("actor", "A. Müller"),
        ("actor", {}),
        ("actor", MEMBERS | {"role": "judge"}),
        *(("actor", {k: v for k, v in MEMBERS.items() if k != name}) for name in MEMBERS),
        *(("actor", MEMBERS | {name: bad}) for name in MEMBERS for bad in BAD_NAMES),
        ("body", []),
        ("extra", 1),
    ],
)
def test_fields_out_of_form_are_refused(name: str, value: object) -> None:
    """An entry with a field missing, added or out of form is not read."""
    fields = {
        "version": 1,
        "job": "job-1",
        "sequence": 0,
        "kind": "submit",
        "at": AT,
        "clock": "system",
        "actor": MEMBERS,
        "body": {},
    }
    parse_entry(canonical_bytes(fields))
    with pytest.raises(EvidenceError):
        parse_entry(canonical_bytes(fields | {name: value}))
    if name in fields:
        with pytest.raises(EvidenceError):
            parse_entry(canonical_bytes({k: v for k, v in fields.items() if k != name}))


@pytest.mark.parametrize("field", ["operator", "session", "host", "application"])
@pytest.mark.parametrize("bad", ["", "a\tb", "x" * 201, "\udc80"])
def test_an_actor_has_plain_short_names(field: str, bad: str) -> None:
    """Whoever acts has four names that a page can print; others are refused with a next step."""
    with pytest.raises(EvidenceError, match=field) as caught:
        Actor(**{**MEMBERS, field: bad})
    assert field in caught.value.next_step


def test_large_entries_are_refused() -> None:
    """An entry is small; a large fact belongs into a file named by its digest."""
    entry = Entry("job-1", 0, "submit", AT, "system", ACTOR, {"text": "x" * MAX_ENTRY_BYTES})
    with pytest.raises(EvidenceError) as caught:
        entry.canonical()
    assert "digest" in caught.value.next_step


def test_instant_is_utc() -> None:
    """A time of any zone is written in UTC with microseconds; one without a zone is refused."""
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2, minutes=30)))
    assert instant(moment) == "2026-03-01T10:00:00.000000Z"
    assert instant(datetime(2026, 3, 1, 10, tzinfo=UTC)) == "2026-03-01T10:00:00.000000Z"
    with pytest.raises(EvidenceError):
        instant(moment.replace(tzinfo=None))


def test_salt_length_is_fixed() -> None:
    """A salt that is not 32 bytes is refused, since salt and entry could trade bytes."""
    with pytest.raises(EvidenceError):
        commitment(b"x" * 31, b"{}")
