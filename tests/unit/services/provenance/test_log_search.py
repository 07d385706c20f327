"""Asking the log: every filter, alone and together, in the order of arrival, page by page."""

from __future__ import annotations

import itertools
import random
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import RequestError
from pipelines.evidence.json_value import Json
from services.provenance.asked import Asked, digest_of, filter_of
from services.provenance.index_search import Filter
from services.provenance.log_event import LogEvent
from services.provenance.log_view import LogView
from tests.unit.services.provenance.view_kit import Clock, digest, file, writing


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of several people, sessions, jobs, cases and kinds, from a fixed seed."""
    folder = tmp_path_factory.mktemp("home")
    chosen = random.Random(7)  # noqa: S311 - chance for a test
    clock = Clock()
    with ExitStack() as stack:
        logs = [
            stack.enter_context(writing(folder, clock, operator=operator, session=session))
            for operator in ("anna", "boris")
            for session in ("s-1", "s-2")
        ]
        for number in range(60):
            clock.step(minutes=chosen.randrange(-5, 30))
            job = chosen.choice(("job-1", "job-2", "log"))
            kind = chosen.choice(("submission", "operation", "access", "transfer"))
            chosen.choice(logs).record(job, kind, _body(kind, job, chosen, number))
    return folder


def _body(kind: str, job: str, chosen: random.Random, number: int) -> dict[str, Json]:
    name = f"file-{chosen.randrange(4)}"
    if kind == "submission":
        return {"inputs": [file(name)], **({"case": f"case-{job}"} if number % 2 else {})}
    if kind == "operation":
        return {"inputs": [file(name)], "outputs": [file(name + "-made")]}
    if kind == "access":
        return {"principal": chosen.choice(("boris", "vera")), "sha256": digest(name)}
    return {"from": "vera", "to": "anna", "sha256": digest(name), "case": "case-job-1",
            "item": chosen.choice((1, 2)), "stated_at": "2026-01-05T00:00:00Z"}  # fmt: skip


def admitted(wanted: Filter, events: tuple[LogEvent, ...]) -> list[int]:
    """Judge every entry by itself, from what it says, without any index."""
    cases: dict[str, Any] = {}
    for one in events:
        if one.job != "log" and one.kind == "submission" and "case" in one.body:
            cases.setdefault(one.job, one.body["case"])
    return [one.leaf for one in events if _admits(wanted, one, cases)]


def _admits(wanted: Filter, one: LogEvent, cases: dict[str, Any]) -> bool:
    people = {one.actor["operator"], *(one.body.get(key) for key in ("principal", "from", "to"))}
    item = one.body.get("item")
    facts = {
        "session": one.actor["session"],
        "host": one.actor["host"],
        "job": one.job,
        "kind": one.kind,
        "case": one.body.get("case", cases.get(one.job)),
        "item": None if item is None else str(item),
    }
    given = {key: value for key, value in asdict(wanted).items() if value is not None}
    minute = one.at[:16]
    return (
        all(facts[key] == given[key] for key in facts if key in given)
        and ("user" not in given or given["user"] in people)
        and ("digest" not in given or given["digest"] in {m.sha256 for m in one.mentions})
        and ("since" not in given or minute >= SINCE[:16])
        and ("until" not in given or minute < UNTIL[:16])
    )


SINCE, UNTIL = "2026-03-01T14:00Z", "2026-03-01T20:00Z"
CHOICES: dict[str, tuple[str | None, ...]] = {
    "user": (None, "anna", "vera"),
    "session": (None, "s-2"),
    "job": (None, "job-1"),
    "case": (None, "case-job-1"),
    "kind": (None, "access", "operation"),
    "digest": (None, digest("file-1")),
    "since": (None, SINCE),
    "until": (None, UNTIL),
}


def test_every_combination_finds_what_reading_finds(home: Path) -> None:
    """For every combination of filters the index finds exactly what reading each entry finds."""
    found = 0
    with LogView(home / "log") as view:
        events = view.page(Filter(), most=1000).events
        for values in itertools.product(*CHOICES.values()):
            wanted = filter_of(Asked(**dict(zip(CHOICES, values, strict=True))))
            page = view.page(wanted, most=1000)
            assert [one.leaf for one in page.events] == admitted(wanted, events), wanted
            found += len(page.events)
    assert found > 500


@pytest.mark.parametrize("enough", [0, 2, 10_000])
def test_what_drives_a_search_does_not_change_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, enough: int
) -> None:
    """Whichever set drives the search, large or small, the entries found are the same."""
    wanted = [
        Filter(user="anna", kind="operation"),
        Filter(digest=digest("file-1"), user="vera"),
        Filter(case="case-job-1", since=1_772_370_000_000_000),
        Filter(until=1_772_390_000_000_000),
        Filter(stated=True, since=0),
        Filter(item="1"),
        Filter(host="desk", session="s-1"),
    ]
    with LogView(home / "log") as view:
        found = [[e.leaf for e in view.page(one, most=1000).events] for one in wanted]
        monkeypatch.setattr("services.provenance.index_search._ENOUGH", enough)
        again = [[e.leaf for e in view.page(one, most=1000).events] for one in wanted]
    assert found == again
    assert all(found)


def test_pages_join_without_a_gap(home: Path) -> None:
    """Pages that follow each other's cursors hold every entry once, in order."""
    pages, cursor = [], None
    with LogView(home / "log") as view:
        while True:
            page = view.page(Filter(), cursor=cursor, most=25)
            pages.append([one.leaf for one in page.events])
            cursor = page.next_cursor
            if cursor is None:
                break
    assert pages == [list(range(25)), list(range(25, 50)), list(range(50, 60))]


def test_a_job_belongs_to_its_case_from_its_first_entry(tmp_path: Path) -> None:
    """Entries of a job belong to its submission's case, earlier ones too, unless they say else."""
    with writing(tmp_path) as log:
        log.record("a", "received", {})
        log.record("a", "submission", {"case": "C-7", "item": 3})
        log.record("a", "plan", {})
        log.record("a", "transfer", {"case": "C-8"})
        log.record("log", "access", {"sha256": digest("x")})
        log.record("log", "transfer", {"case": "C-7"})
        log.record("b", "plan", {})
    with LogView(tmp_path / "log") as view:
        of_case = view.page(Filter(case="C-7")).events
        of_item = view.page(Filter(item="3")).events
    assert [one.kind for one in of_case] == ["received", "submission", "plan", "transfer"]
    assert [one.kind for one in of_item] == ["received", "submission", "plan", "transfer"]


def test_people_are_found_wherever_they_are_named(tmp_path: Path) -> None:
    """Whoever made an entry, took, gave, received, or is listed in it as a person, is found."""
    with writing(tmp_path) as log:
        log.record("log", "transfer", {"from": "giver", "to": "taker"})
        log.record("log", "access", {"principal": "reader"})
        log.record("a", "submission", {"people": [{"name": "reviewer"}, {"name": 7}, "x", None]})
        log.record("a", "odd", {"people": "nobody", "principal": ["nobody"]})
    with LogView(tmp_path / "log") as view:
        found = {
            user: [one.kind for one in view.page(Filter(user=user)).events]
            for user in ("giver", "taker", "reader", "reviewer", "nobody")
        }
        assert len(view.page(Filter(user="anna")).events) == 4
    assert found == {
        "giver": ["transfer"],
        "taker": ["transfer"],
        "reader": ["access"],
        "reviewer": ["submission"],
        "nobody": [],
    }


def test_a_day_alone_is_meant_whole() -> None:
    """`until` with a date alone includes that day; a time without a zone is UTC."""
    day = 86_400_000_000
    first = filter_of(Asked(since="1970-01-02", until="1970-01-02"))
    assert (first.since, first.until) == (day, 2 * day)
    zoned = filter_of(Asked(since="1970-01-02T01:00:00+01:00", until="1970-01-02T00:00:01"))
    assert (zoned.since, zoned.until) == (day, day + 1_000_000)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(since="yesterday"),
        Asked(since="2026-13-01"),
        Asked(until="9999-12-31"),
        Asked(until="2026-11-21T25:00:00Z"),
        Asked(digest="abc"),
        Asked(digest="g" * 64),
        Asked(user=""),
        Asked(user="x" * 401),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: Asked) -> None:
    """A question that is not one is refused with a reason, not answered with nothing."""
    with pytest.raises(RequestError):
        filter_of(asked)


def test_a_digest_may_be_written_as_tools_write_it() -> None:
    """Capital letters and the prefix of an artifact's name are read as the digest meant."""
    assert digest_of("sha256:" + digest("x").upper()) == digest("x")


@pytest.mark.parametrize("cursor", ["", "-1", "1 ", "x", "\u0661", "9" * 19])
def test_a_cursor_that_is_none_is_refused(tmp_path: Path, cursor: str) -> None:
    """Only a cursor that a listing gave is taken."""
    with writing(tmp_path) as log:
        log.record("a", "n0", {})
    with LogView(tmp_path / "log") as view, pytest.raises(RequestError):
        view.page(Filter(), cursor=cursor)


def test_without_a_log_nothing_is_made(tmp_path: Path) -> None:
    """Asking where there is no log is refused and makes neither log nor key."""
    with pytest.raises(RequestError, match="no evidence log"):
        LogView(tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


def test_a_word_that_is_no_text_finds_nothing(home: Path) -> None:
    """Raw bytes on a command line, and words full of a query's own signs, are only words."""
    with LogView(home / "log") as view:
        for word in ("\udcff", "' OR 1=1 --", "%", "anna\x00", "x" * 400):
            assert view.page(filter_of(Asked(user=word))).events == ()
            assert view.page(filter_of(Asked(kind=word, case=word, job=word))).events == ()
