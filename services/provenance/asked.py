"""What a person or a program asks of the log, in words, turned into a filter or refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pipelines.errors import RequestError
from pipelines.evidence.mentions import digest_in
from pipelines.stages.export.sanitise import recordable
from services.provenance.index_row import microseconds
from services.provenance.index_search import Filter

_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a question; see `Filter` for what they mean.

    `since` and `until` are dates or times as ISO 8601 has them; without a zone they are UTC. A
    date alone means its first moment for `since`, and all of the day for `until`.
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
    since: str | None = None
    until: str | None = None
    stated: bool = False


def filter_of(asked: Asked) -> Filter:
    """Return the filter that is meant; raises `RequestError` for a word that cannot be one."""
    words: dict[str, Any] = {
        name: recordable(word) if isinstance(word, str) else word
        for name, word in asdict(asked).items()
    }
    for name, word in words.items():
        if isinstance(word, str) and not 0 < len(word) <= _LONGEST:
            raise RequestError(f"What is given for {name} does not have 1 to {_LONGEST} letters.")
    words["digest"] = None if asked.digest is None else digest_of(asked.digest)
    words["since"] = None if asked.since is None else _moment(asked.since, whole_day=False)
    words["until"] = None if asked.until is None else _moment(asked.until, whole_day=True)
    return Filter(**words)


def digest_of(text: str) -> str:
    """Return the SHA-256 that `text` spells; raises `RequestError` for anything else."""
    digest = digest_in(text.lower())
    if digest is None:
        raise RequestError(
            "A digest is 64 hexadecimal digits.",
            next_step="Give the SHA-256 of the file, as sha256sum prints it.",
        )
    return digest


def _moment(text: str, *, whole_day: bool) -> int:
    """Return microseconds since 1970 of a date or time."""
    try:
        if len(text) <= len("2026-11-21"):
            day = date.fromisoformat(text) + timedelta(days=whole_day)
            moment = datetime.combine(day, time(), UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        found = microseconds(moment.isoformat())
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise RequestError(
            "A time is written like 2026-11-21 or 2026-11-21T09:30:00Z.",
            next_step="Give the date, or date and time.",
        )
    return found
