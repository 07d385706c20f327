"""One line of an older audit log as the facts of an entry. Pure.

Known fields are mapped whatever the older program called them; the line itself goes in whole,
with its SHA-256, so that nothing rests on the mapping. What the line says was stated by whoever
wrote it: its time is a stated time, its zone is not guessed, and its digests are only mentioned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.evidence.canonical import MAX_DEPTH
from pipelines.evidence.json_value import Json
from pipelines.evidence.mentions import digest_in
from pipelines.stages.export.sanitise import recordable, shown

MOST_LINE_BYTES = 24_000
"""A longer line might not fit into one entry."""

_TIMES = ("at", "time", "timestamp", "@timestamp", "ts", "datetime", "date", "created_at",
          "created", "when")  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "principal": ("principal", "user", "username", "user_name", "actor", "operator", "account",
                  "who", "by", "email", "user_id", "subject"),
    "action": ("action", "event", "event_type", "type", "kind", "verb", "operation", "message"),
    "stated_session": ("session", "session_id", "sessionid"),
    "stated_host": ("host", "hostname", "machine", "ip", "client_ip", "source_ip", "remote_addr"),
    "case": ("case", "case_id", "case_number", "case_no"),
    "item": ("item", "item_id", "exhibit", "evidence_id"),
    "project": ("project", "project_id"),
}  # fmt: skip
_INSIDE = ("name", "username", "id", "email", "type")
_DIGEST_WORDS = ("sha256", "sha-256", "digest", "hash", "checksum")
_MOST_DIGESTS = 50
_LONGEST_WORD = 200
_SECONDS = range(10**8, 10**11)
_MILLISECONDS = range(10**11, 10**14)


class OlderLineError(ValueError):
    """A line that is no event: the message says why."""


def older_event(line: bytes) -> dict[str, Json]:
    """Return the facts of one line, given without its line feed; `OlderLineError` for no event."""
    if len(line) > MOST_LINE_BYTES:
        raise OlderLineError(f"longer than {MOST_LINE_BYTES} bytes")
    try:
        text = line.decode("utf-8")
        members = json.loads(text)
    except UnicodeDecodeError as error:
        raise OlderLineError("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise OlderLineError("not JSON") from error
    if not isinstance(members, dict):
        raise OlderLineError("not an object")
    known = {key.lower(): value for key, value in members.items()}
    words = {name: _word(known, keys) for name, keys in _WORDS.items()}
    found = list(dict.fromkeys(_digests("", members)))
    return {
        "stated": True,
        **_optional("stated_at", _time(known)),
        **{name: word for name, word in words.items() if word is not None},
        "line_sha256": hashlib.sha256(line).hexdigest(),
        "text": text,
        "digests": [{"sha256": one} for one in found[:_MOST_DIGESTS]],
        **_optional("digests_left_out", max(len(found) - _MOST_DIGESTS, 0) or None),
    }


def _optional(name: str, value: Json) -> dict[str, Json]:
    return {} if value is None else {name: value}


def _word(known: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the first of the fields that holds a word, or an object with a name in it."""
    for key in keys:
        value = known.get(key)
        if isinstance(value, dict):
            value = next((value[one] for one in _INSIDE if value.get(one)), None)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return shown(recordable(value.strip()), longest=_LONGEST_WORD)[:_LONGEST_WORD]
    return None


def _time(known: Mapping[str, Any]) -> str | None:
    """Return the event's time: in UTC where its zone is stated, else as it stands there."""
    for key in _TIMES:
        value = known.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = _counted(value)
        else:
            found = _spelt(value)
        if found is not None:
            return found
    return None


def _counted(value: float) -> str | None:
    """Return a time counted in seconds or milliseconds since 1970."""
    for unit, one in ((_SECONDS, 1), (_MILLISECONDS, 1000)):
        if unit.start <= value < unit.stop:
            return _utc(datetime.fromtimestamp(value / one, UTC))
    return None


def _spelt(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return value.strip() if moment.tzinfo is None else _utc(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _utc(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _digests(key: str, value: object, depth: int = 0) -> Iterator[str]:
    """Yield what stands under a name that speaks of digests and is a SHA-256.

    Deeper than `MAX_DEPTH` nothing is looked for; the text of the line holds it all the same.
    """
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _digests(inner.lower(), one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _digests(key, one, depth + 1)
    elif isinstance(value, str) and any(word in key for word in _DIGEST_WORDS):
        digest = digest_in(value.strip().lower())
        if digest is not None:
            yield digest
