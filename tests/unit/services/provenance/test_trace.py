"""Tracing a digest: back and forward through derivations, bounded, and every digest once."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from services.provenance.event_text import csv_text
from services.provenance.local_log import LocalLog
from services.provenance.log_view import LogView
from services.provenance.trace import Branch, Trace, Way, trace
from services.provenance.trace_text import TRACE_COLUMNS, trace_json, trace_lines, trace_rows
from tests.unit.services.provenance.view_kit import digest, file, writing


def derive(log: LocalLog, made: str, *sources: str, kind: str = "operation") -> None:
    """Record that `made` was made from `sources`."""
    log.record("a", kind, {"inputs": [file(one) for one in sources], "outputs": [file(made)]})


def traced(home: Path, name: str) -> Trace:
    """Trace the digest of a name."""
    with LogView(home / "log") as view:
        return trace(view, digest(name))


def tree(branches: tuple[Branch, ...]) -> dict[str, object]:
    """The names in a tree of branches; `...` stands for one opened elsewhere."""
    return {one.to.names[0]: "..." if one.again else tree(one.branches) for one in branches}


def test_a_chain_is_followed_to_both_ends(tmp_path: Path) -> None:
    """From the middle of a chain both ends are found, and no neighbour's relatives."""
    with writing(tmp_path) as log:
        derive(log, "b", "a", "weights")
        derive(log, "c", "b")
        derive(log, "d", "c")
        derive(log, "other", "weights")
    found = traced(tmp_path, "b")
    assert tree(found.ways[Way.BACK]) == {"a": {}, "weights": {}}
    assert tree(found.ways[Way.FORWARD]) == {"c": {"d": {}}}
    assert tree(traced(tmp_path, "weights").ways[Way.FORWARD]) == {
        "b": {"c": {"d": {}}},
        "other": {},
    }


def test_ways_that_meet_and_cycles_are_opened_once(tmp_path: Path) -> None:
    """A digest reached twice, by two ways or by a cycle, is opened at its first place only."""
    with writing(tmp_path) as log:
        derive(log, "b", "a")
        derive(log, "c", "a")
        derive(log, "d", "b", "c")
        derive(log, "a", "d")
        derive(log, "a", "a")
    assert tree(traced(tmp_path, "a").ways[Way.FORWARD]) == {
        "b": {"d": {"a": "..."}},
        "c": {"d": "..."},
    }


def test_the_same_bytes_out_as_in_are_no_derivation(tmp_path: Path) -> None:
    """A job that hands back identical bytes does not make them their own parent."""
    with writing(tmp_path) as log:
        derive(log, "a", "a")
    found = traced(tmp_path, "a")
    assert found.is_known
    assert found.ways == {Way.BACK: (), Way.FORWARD: ()}


def test_fan_out_is_bounded_and_exports_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more products than can be read the exported are kept, and that more exist is said."""
    monkeypatch.setattr("services.provenance.trace.MOST_FAN", 5)
    with writing(tmp_path) as log:
        log.record_many(
            ("a", "operation", {"inputs": [file("a")], "outputs": [file(f"part-{number}")]})
            for number in range(30)
        )
        derive(log, "result", "a", kind="export")
    found = traced(tmp_path, "a")
    assert [one.to.names[0] for one in found.ways[Way.FORWARD]] == [
        "result", "part-0", "part-1", "part-2", "part-3",
    ]  # fmt: skip
    assert found.more[Way.FORWARD]
    assert not found.more[Way.BACK]
    assert "  more is on record than is shown here" in list(trace_lines(found))


def test_depth_and_number_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk ends at its bounds, and says at which digests it ended."""
    with writing(tmp_path) as log:
        for number in range(8):
            derive(log, f"n{number + 1}", f"n{number}")
    monkeypatch.setattr("services.provenance.trace.MOST_DEPTH", 3)
    (branch,) = traced(tmp_path, "n0").ways[Way.FORWARD]
    assert tree((branch,)) == {"n1": {"n2": {"n3": {}}}}
    assert branch.branches[0].branches[0].more
    monkeypatch.setattr("services.provenance.trace.MOST_NODES", 3)
    (branch,) = traced(tmp_path, "n0").ways[Way.FORWARD]
    assert tree((branch,)) == {"n1": {"n2": {}}}
    assert branch.branches[0].more


def test_who_took_it_stands_first(tmp_path: Path) -> None:
    """A tree names who took the bytes and who handed them over, sealed or not."""
    with writing(tmp_path) as log:
        derive(log, "b", "a")
        log.record("log", "access", {"principal": "vera", "sha256": digest("b")})
        log.seal("a")
        log.record("log", "transfer", {"from": "vera", "to": "court", "sha256": digest("b")})
    lines = list(trace_lines(traced(tmp_path, "b")))
    assert lines[0] == f"{digest('b')}  b"
    assert lines[1] == "Who took or handed it over:"
    assert "access  vera" in lines[2]
    assert lines[2].endswith("leaf 1, checkpoint 2")
    assert "transfer  vera -> court" in lines[3]
    assert lines[3].endswith("leaf 2, not sealed yet")
    assert any(line.startswith(f"  <- {digest('a')}  a") for line in lines)


def test_a_digest_that_no_entry_names_is_unknown(tmp_path: Path) -> None:
    """Bytes that the log does not know are said to be so, not traced to nothing."""
    with writing(tmp_path) as log:
        derive(log, "b", "a")
    found = traced(tmp_path, "x")
    assert not found.is_known
    assert list(trace_lines(found))[-1] == "The log names these bytes nowhere."


def test_every_form_tells_the_same(tmp_path: Path) -> None:
    """Text, JSON and CSV name the same digests, and hostile names act in none of them."""
    with writing(tmp_path) as log:
        log.record("a", "operation", {
            "inputs": [{"sha256": digest("a"), "name": "=cmd()\x1b[31m\n\u202e"}],
            "outputs": [file("b")],
        })  # fmt: skip
        derive(log, "c", "b")
    found = traced(tmp_path, "b")
    lines = list(trace_lines(found))
    assert all(line.isprintable() for line in lines)
    rows = list(csv.reader(io.StringIO("".join(csv_text(TRACE_COLUMNS, trace_rows(found))))))
    assert {row[3] for row in rows[1:]} == {digest(name) for name in "abc"}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    spelt = json.loads(json.dumps(trace_json(found)))
    assert spelt["back"]["branches"][0]["sha256"] == digest("a")
    assert spelt["forward"]["branches"][0]["sha256"] == digest("c")
    assert spelt["forward"]["branches"][0]["by"]["leaf"] == 1
    for name in "abc":
        assert any(digest(name) in line for line in lines)
