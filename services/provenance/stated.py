"""Hand-overs that happened outside the system, recorded as what they are: stated by somebody.

Such an entry carries `stated: true` and the stated time as `stated_at`, apart from the time of
recording, which is the entry's own. Who states it is the entry's actor. Refused: a time that
has not come, and words that could not stand in a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipelines.errors import RequestError
from pipelines.evidence.json_value import Json

TRANSFER_KIND = "transfer"

_LONGEST = {"means": 1_000}
_LONGEST_WORD = 200
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatedFacts:
    """What all statements have: which bytes, when, how; the case and item where they are known.

    `at` is a date, or date and time, as ISO 8601 has it; without a zone it is UTC.
    """

    sha256: str
    at: str
    means: str
    name: str | None = None
    size: int | None = None
    case: str | None = None
    item: str | None = None


def transfer_body(facts: StatedFacts, *, giver: str, taker: str, now: datetime) -> dict[str, Json]:
    """Return the body that states a hand-over from one to another; `RequestError` out of form."""
    return {**_body(facts, now), **_words({"from": giver, "to": taker})}


def access_body(facts: StatedFacts, *, principal: str, now: datetime) -> dict[str, Json]:
    """Return the body that states that somebody took or saw the bytes elsewhere."""
    return {**_body(facts, now), **_words({"principal": principal})}


def _body(facts: StatedFacts, now: datetime) -> dict[str, Json]:
    optional = {"name": facts.name, "case": facts.case, "item": facts.item}
    given = {key: word for key, word in optional.items() if word is not None}
    return {
        "stated": True,
        "stated_at": stated_time(facts.at, now=now),
        "sha256": facts.sha256,
        **_words({"means": facts.means, **given}),
        **({} if facts.size is None else {"bytes": facts.size}),
    }


def stated_time(text: str, *, now: datetime) -> str:
    """Return a stated date as it is, a stated time in UTC; `RequestError` for any other text.

    A date alone stays a date: nobody said at which hour.
    """
    try:
        if len(text) <= len("2026-11-21"):
            day = date.fromisoformat(text)
            moment, spelt = datetime(day.year, day.month, day.day, tzinfo=UTC), day.isoformat()
        else:
            moment = datetime.fromisoformat(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
            spelt = moment.replace(tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError) as error:
        raise RequestError(
            "A time is written like 2026-11-21 or 2026-11-21T09:30:00+03:00.",
            next_step="Give the date, or date and time.",
        ) from error
    if moment > now + _CLOCKS_DIFFER:
        raise RequestError(
            "The stated time has not come yet.", next_step="State what has happened, and when."
        )
    return spelt


def _words(words: dict[str, str]) -> dict[str, Json]:
    for key, word in words.items():
        longest = _LONGEST.get(key, _LONGEST_WORD)
        if not 0 < len(word) <= longest or not word.isprintable():
            raise RequestError(
                f"What is stated for {key} does not have 1 to {longest} printable characters.",
                next_step="State it in one short line.",
            )
    return dict(words)
