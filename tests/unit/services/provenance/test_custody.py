"""What happened outside is stated as such, and custody lines say what they rest on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import RequestError
from pipelines.stages.export.facts_custody import CustodyKind, CustodySource
from services.provenance.custody import history
from services.provenance.import_events import import_events
from services.provenance.index_search import Filter
from services.provenance.log_view import LogView
from services.provenance.stated import StatedFacts, access_body, stated_time, transfer_body
from tests.unit.services.provenance.view_kit import digest, file, writing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_stated_transfer_says_that_it_is_stated() -> None:
    """A hand-over's body carries who, when, how, and that somebody states it."""
    facts = StatedFacts(
        digest("x"), at="2026-02-28T09:00:00+03:00", means="by courier", case="C-1", item="2",
        name="x.mp4", size=7,
    )  # fmt: skip
    assert transfer_body(facts, giver="police", taker="lab", now=NOW) == {
        "stated": True, "stated_at": "2026-02-28T06:00:00Z", "sha256": digest("x"),
        "means": "by courier", "case": "C-1", "item": "2", "name": "x.mp4", "bytes": 7,
        "from": "police", "to": "lab",
    }  # fmt: skip


def test_a_date_stays_a_date() -> None:
    """Nobody is made to have stated an hour that they did not state."""
    assert stated_time("2026-02-28", now=NOW) == "2026-02-28"
    assert stated_time("2026-02-28T09:00", now=NOW) == "2026-02-28T09:00:00Z"


@pytest.mark.parametrize("text", ["soon", "", "2026-02-30", "2026-03-03", "2026-03-02T13:00:00Z"])
def test_a_time_that_cannot_be_is_refused(text: str) -> None:
    """What is no time, or has not come, cannot be stated."""
    with pytest.raises(RequestError):
        stated_time(text, now=NOW)


@pytest.mark.parametrize("word", ["", "a\nb", "\u202ex", "x" * 201])
def test_words_that_cannot_be_shown_are_refused(word: str) -> None:
    """Names that could act in a report, or that are none, are refused."""
    facts = StatedFacts(digest("x"), at="2026-02-28", means="by hand")
    with pytest.raises(RequestError):
        transfer_body(facts, giver=word, taker="lab", now=NOW)
    with pytest.raises(RequestError):
        access_body(facts, principal=word, now=NOW)


def test_custody_tells_what_each_line_rests_on(tmp_path: Path) -> None:
    """Sealed, unsealed and stated lines cannot pass for one another, and keep the log's order."""
    facts = StatedFacts(digest("x"), at="2026-02-28", means="by courier")
    with writing(tmp_path) as log:
        log.record("log", "transfer", transfer_body(facts, giver="police", taker="lab", now=NOW))
        log.record("a", "received", {"outputs": [file("x", "received")]})
        log.record("a", "plan", {"plan_sha256": digest("x")})
        log.record("a", "export", {"files": [file("x", "received"), file("y", "result")]})
        log.seal("a")
        log.record("log", "access", {"principal": "vera", "sha256": digest("x")})
    with LogView(tmp_path / "log") as view:
        lines = history(view, digest("x"))
        (made,) = history(view, digest("y"))
        assert view.page(Filter(stated=True, since=0)).events[0].kind == "transfer"
    assert [(one.kind, one.source, one.leaf) for one in lines] == [
        (CustodyKind.TRANSFER, CustodySource.STATED, None),
        (CustodyKind.RECEIVED, CustodySource.SEALED, 1),
        (CustodyKind.EXPORT, CustodySource.SEALED, 3),
        (CustodyKind.ACCESS, CustodySource.UNSEALED, None),
    ]
    transfer, received, used, taken = lines
    assert (transfer.who, transfer.stated_time, transfer.at) == (
        "police -> lab",
        "2026-02-28",
        None,
    )
    assert transfer.what == "by courier"
    assert (transfer.recorded_by, transfer.recorded_at, transfer.recorded_leaf) == (
        "anna",
        "2026-03-01T10:00:00.000000Z",
        0,
    )
    assert (received.who, received.at) == ("anna", "2026-03-01T10:00:00.000000Z")
    assert (used.what, made.what) == ("used for an export", "exported as a result")
    assert taken.who == "vera"


def test_bytes_that_nobody_had_have_no_custody(tmp_path: Path) -> None:
    """A digest that no entry names has no lines."""
    with writing(tmp_path) as log:
        log.record("a", "step", {})
    with LogView(tmp_path / "log") as view:
        assert history(view, digest("x")) == ()


def test_whoever_imports_a_line_is_not_whom_it_is_about(tmp_path: Path) -> None:
    """A line of an older log that names nobody and no time is about nobody that is known."""
    path = tmp_path / "events.jsonl"
    path.write_text(
        json.dumps({"sha256": digest("x")})
        + "\n"
        + json.dumps({"sha256": digest("x"), "user": "vera", "time": "2020-01-01T00:00:00Z"})
    )
    with writing(tmp_path) as log, LogView(tmp_path / "log") as view:
        import_events(path, tmp_path / "log", log, view)
        lines = history(view, digest("x"))
    assert [(one.who, one.stated_time, one.recorded_by) for one in lines] == [
        ("not stated", None, "anna"),
        ("vera", "2020-01-01T00:00:00Z", "anna"),
    ]
    assert {one.source for one in lines} == {CustodySource.STATED}
