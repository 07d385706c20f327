"""A trace as a tree for a person, as JSON, and as rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.stages.export.sanitise import shown
from services.provenance.event_text import CSV_COLUMNS, event_line, event_row
from services.provenance.log_event import LogEvent
from services.provenance.trace import Branch, Trace, Traced, Way

TRACE_COLUMNS = ("way", "depth", "next_to_sha256", "sha256", "names", *CSV_COLUMNS)

_TAKEN = ("access", "transfer")
_MOST_NAMES = 4
_HEADS = {
    Way.BACK: "Back, what it was made from:",
    Way.FORWARD: "Forward, what was made from it:",
}
_ARROWS = {Way.BACK: "<-", Way.FORWARD: "->"}


def trace_lines(found: Trace) -> Iterator[str]:
    """Yield the tree, line by line; every text in it is safe on a terminal."""
    root = found.root
    yield _title(root)
    if not found.is_known:
        yield "The log names these bytes nowhere."
        return
    taken = [one for one in root.events if one.kind in _TAKEN]
    yield "Who took or handed it over:"
    yield from (f"  {event_line(one)}" for one in taken)
    if not taken:
        yield "  Nobody, as far as this log knows."
    yield "What happened:"
    yield from (f"  {event_line(one)}" for one in root.events if one.kind not in _TAKEN)
    if root.more_events:
        yield "  more events name it: see evident log query --digest"
    for way, branches in found.ways.items():
        yield _HEADS[way]
        for branch in branches:
            yield from _branch_lines(branch, way, 1)
        if found.more[way]:
            yield "  more is on record than is shown here"
        if not branches:
            yield "  nothing is on record"


def trace_json(found: Trace) -> dict[str, Any]:
    """Spell a trace for programs; events stand in full at each digest."""
    return {
        **_node_json(found.root),
        "known": found.is_known,
        **{
            way.value: {
                "branches": [_branch_json(one) for one in branches],
                "more": found.more[way],
            }
            for way, branches in found.ways.items()
        },
    }


def trace_rows(found: Trace) -> Iterator[tuple[object, ...]]:
    """Yield a trace under `TRACE_COLUMNS`: one row per digest and event, each digest once a way."""
    yield from _node_rows("", 0, "", found.root)
    for way, branches in found.ways.items():
        for branch in branches:
            yield from _branch_rows(branch, way, 1, found.root.sha256)


def _title(node: Traced) -> str:
    names = ", ".join(shown(one) for one in node.names[:_MOST_NAMES])
    more = len(node.names) - _MOST_NAMES
    return "  ".join(
        part for part in (node.sha256, names + (f" and {more} more" if more > 0 else "")) if part
    )


def _branch_lines(branch: Branch, way: Way, depth: int) -> Iterator[str]:
    indent = "  " * depth
    yield f"{indent}{_ARROWS[way]} {_title(branch.to)}"
    yield f"{indent}   by {_brief(branch.by)}"
    if branch.again:
        yield f"{indent}   shown in another place of this tree"
        return
    for event in branch.to.events:
        if event.leaf != branch.by.leaf:
            yield f"{indent}   {_brief(event)}"
    if branch.to.more_events:
        yield f"{indent}   more events name it"
    for one in branch.branches:
        yield from _branch_lines(one, way, depth + 1)
    if branch.more:
        yield f"{indent}   more is on record than is shown here"


def _brief(event: LogEvent) -> str:
    return event_line(event, with_digests=False)


def _node_json(node: Traced) -> dict[str, Any]:
    return {
        "sha256": node.sha256,
        "names": list(node.names),
        "events": [one.as_json() for one in node.events],
        "more_events": node.more_events,
    }


def _branch_json(branch: Branch) -> dict[str, Any]:
    place = {"sha256": branch.to.sha256, "names": list(branch.to.names)}
    return {
        **(place if branch.again else _node_json(branch.to)),
        "by": {"job": branch.by.job, "sequence": branch.by.sequence, "leaf": branch.by.leaf,
               "kind": branch.by.kind, "at": branch.by.at},
        "again": branch.again,
        "branches": [_branch_json(one) for one in branch.branches],
        "more": branch.more,
    }  # fmt: skip


def _node_rows(way: str, depth: int, beside: str, node: Traced) -> Iterator[tuple[object, ...]]:
    names = ", ".join(node.names)
    for event in node.events:
        yield (way, depth, beside, node.sha256, names, *event_row(event))


def _branch_rows(branch: Branch, way: Way, depth: int, beside: str) -> Iterator[tuple[object, ...]]:
    if not branch.again:
        yield from _node_rows(way.value, depth, beside, branch.to)
        for one in branch.branches:
            yield from _branch_rows(one, way, depth + 1, branch.to.sha256)
