"""Events as lines for a person and as rows for a spreadsheet; nothing in them can act.

Every text from an entry goes through `shown`, so no line of a listing can be broken, coloured
or turned round by what somebody put into a name. A spreadsheet's cell that would be taken for a
formula (https://owasp.org/www-community/attacks/CSV_Injection) begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from pipelines.evidence.mentions import Mention, Part
from pipelines.stages.export.sanitise import shown
from services.provenance.log_event import LogEvent

CSV_COLUMNS = (
    "leaf", "checkpoint", "at", "clock", "stated_at", "kind", "who", "operator", "session", "host",
    "application", "job", "sequence", "digests", "body",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width forms count
_MOST_NAMED = 3
_LONGEST_WORD = 80
_LONGEST_CELL = 100_000
_PLAIN_FIELDS = (
    "action", "stage", "preset", "plan", "segment", "means", "case", "item",
    "error", "reason", "value", "field", "assumption",
)  # fmt: skip


def event_line(event: LogEvent, *, with_digests: bool = True) -> str:
    """Return one line: when, what, who, which bytes, and whether it is sealed."""
    parts = [
        event.at or "time erased",
        _word(event.kind),
        _word(event.who) if event.who else "",
        *_facts(event),
        *(_digests(event.mentions) if with_digests else ()),
        f"job {_word(event.job)} #{event.sequence}",
        sealing(event),
    ]
    return "  ".join(part for part in parts if part)


def sealing(event: LogEvent) -> str:
    """Say whether an event is sealed: its leaf, and the size of the newest head above it."""
    if event.checkpoint is not None:
        return f"leaf {event.leaf}, checkpoint {event.checkpoint}"
    return f"leaf {event.leaf}, not sealed yet"


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a CSV file (RFC 4180) in pieces, head first; every cell is safe in a spreadsheet."""
    for row in (columns, *rows):
        piece = io.StringIO()
        csv.writer(piece, lineterminator="\r\n").writerow([safe_cell(cell) for cell in row])
        yield piece.getvalue()


def safe_cell(value: object) -> str:
    """Return a cell's text, with an apostrophe before anything that could be a formula."""
    if value is None:
        return ""
    text = shown(str(value), longest=_LONGEST_CELL)
    return f"'{text}" if text.lstrip(" '").startswith(_FORMULA) else text


def event_row(event: LogEvent) -> tuple[object, ...]:
    """Return an event under `CSV_COLUMNS`; the body as JSON in ASCII."""
    return (
        event.leaf,
        event.checkpoint,
        event.at,
        event.clock,
        event.stated_at,
        event.kind,
        event.who,
        *(event.actor.get(name) for name in ("operator", "session", "host", "application")),
        event.job,
        event.sequence,
        " ".join(dict.fromkeys(one.sha256 for one in event.mentions)),
        json.dumps(event.body, ensure_ascii=True, sort_keys=True) if event.body else None,
    )


def _facts(event: LogEvent) -> Iterator[str]:
    if event.is_stated:
        yield f"stated by {_word(event.actor.get('operator', ''))}"
        yield f"for {_word(event.stated_at)}" if event.stated_at else "for no time"
    for name in _PLAIN_FIELDS:
        value = event.body.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield f"{name} {_word(str(value))}"


def _digests(found: tuple[Mention, ...]) -> Iterator[str]:
    for part, label in ((Part.INPUT, "from"), (Part.OUTPUT, "made"), (Part.MENTIONED, "names")):
        named = [one for one in found if one.part is part]
        if named:
            some = ", ".join(_digest(one) for one in named[:_MOST_NAMED])
            more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
            yield f"{label} {some}{more}"


def _digest(mention: Mention) -> str:
    name = f" ({_word(mention.name)})" if mention.name else ""
    return f"{mention.sha256[:16]}…{name}"


def _word(text: str) -> str:
    return shown(text, longest=_LONGEST_WORD)
