"""The custody lines of one digest, for a report: who received, took and handed over the bytes.

Every line rests on an entry of the log and says how: sealed under a leaf, not sealed yet, or
stated by somebody about what happened outside. A stated line carries the stated time as its
time; when, by whom and where the statement was recorded stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.evidence.mentions import Part
from pipelines.stages.export.facts_custody import CustodyKind, CustodyLine, CustodySource
from services.provenance.index_search import Filter
from services.provenance.log_event import LogEvent
from services.provenance.log_view import LogView

_KINDS = {
    "upload": CustodyKind.RECEIVED,
    "received": CustodyKind.RECEIVED,
    "transfer": CustodyKind.TRANSFER,
    "access": CustodyKind.ACCESS,
    "stage.finished": CustodyKind.STAGE,
    "replay": CustodyKind.STAGE,
    "retention": CustodyKind.STAGE,
    "deletion": CustodyKind.STAGE,
    "imported": CustodyKind.STAGE,
    "export": CustodyKind.EXPORT,
}
_PAGE = 1_000


def history(view: LogView, sha256: str) -> tuple[CustodyLine, ...]:
    """Return what happened to the bytes with this SHA-256, in the order of the log."""
    return tuple(
        CustodyLine.model_validate(_line(event, sha256))
        for event in _events(view, sha256)
        if event.kind in _KINDS
    )


def _events(view: LogView, sha256: str) -> Iterator[LogEvent]:
    cursor = None
    while True:
        page = view.page(Filter(digest=sha256), cursor=cursor, most=_PAGE)
        yield from page.events
        cursor = page.next_cursor
        if cursor is None:
            return


def _line(event: LogEvent, sha256: str) -> dict[str, object]:
    common = {"kind": _KINDS[event.kind], "sha256": sha256}
    if event.is_stated:
        return {
            **common,
            "who": event.who,
            "source": CustodySource.STATED,
            "stated_time": event.stated_at,
            "what": _what(event, sha256),
            "recorded_by": event.actor.get("operator", ""),
            "recorded_at": event.at,
            "recorded_leaf": event.leaf,
        }
    sealed = event.checkpoint is not None
    return {
        **common,
        "who": event.who,
        "source": CustodySource.SEALED if sealed else CustodySource.UNSEALED,
        "at": event.at,
        "clock": event.clock,
        "what": _what(event, sha256),
        "entry": event.kind,
        "leaf": event.leaf if sealed else None,
    }


def _what(event: LogEvent, sha256: str) -> str:
    """Say in words what the entry's kind leaves open."""
    if event.kind == "export":
        parts = {one.part for one in event.mentions if one.sha256 == sha256}
        return "exported as a result" if Part.OUTPUT in parts else "used for an export"
    head = "record of an older log" if event.kind == "imported" else None
    words = [head, *(event.word(key) for key in ("action", "stage", "means", "verdict", "reason"))]
    return ", ".join(word for word in words if word)
