"""Accesses: on record before the first byte, once per principal, artifact and quarter hour."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, EvidentError, ResourceError
from services.provenance.access import AccessBook, Taking
from services.provenance.folder_lock import holding
from services.provenance.index_search import Filter
from services.provenance.log_view import LogView
from tests.unit.services.provenance.view_kit import Clock, digest, writing

ROOT = Path(__file__).resolve().parents[4]

TAKER = """
import sys
from pathlib import Path
from services.provenance.access import AccessBook, Taking
from services.provenance.log_view import LogView
from tests.unit.services.provenance.view_kit import Clock, digest, writing
home, clock = Path(sys.argv[1]), Clock()
with writing(home, clock) as log, LogView(home / "log") as view:
    print("ready", flush=True)
    sys.stdin.readline()
    book = AccessBook(home / "log", log, view, clock)
    for number in range(6):
        book.note(Taking("vera", digest(f"file-{number % 3}"), "download"))
"""


@contextmanager
def book(home: Path, clock: Clock) -> Iterator[tuple[AccessBook, LogView]]:
    """A book of accesses with a clock of the test's."""
    with writing(home, clock) as log, LogView(home / "log") as view:
        yield AccessBook(home / "log", log, view, clock, lock_wait_seconds=0.2), view


def test_a_quarter_of_an_hour_is_one_entry(tmp_path: Path) -> None:
    """Accesses within fifteen minutes of an entry are covered by it; the next is a new one."""
    clock = Clock()
    taking = Taking("vera", digest("x"), "download", name="x.png", request="r-1")
    with book(tmp_path, clock) as (accesses, view):
        assert accesses.note(taking)
        for minutes, new in ((0, False), (14.9, False), (0.1, True), (14, False), (2, True)):
            clock.step(minutes=minutes)
            assert accesses.note(taking) is new
        events = view.page(Filter(kind="access")).events
    assert len(events) == 3
    assert events[0].body == {
        "principal": "vera", "means": "download", "name": "x.png", "request": "r-1",
        "sha256": digest("x"), "window_seconds": 900,
    }  # fmt: skip
    assert [one.at[11:16] for one in events] == ["10:00", "10:15", "10:31"]


def test_others_and_other_bytes_are_entries_of_their_own(tmp_path: Path) -> None:
    """Another principal or another artifact is never covered; the means make no difference."""
    with book(tmp_path, Clock()) as (accesses, _):
        assert accesses.note(Taking("vera", digest("x"), "download"))
        assert accesses.note(Taking("boris", digest("x"), "download"))
        assert accesses.note(Taking("vera", digest("y"), "download"))
        assert not accesses.note(Taking("vera", digest("x"), "view"))


def test_a_clock_that_was_set_back_covers_nothing(tmp_path: Path) -> None:
    """An entry from what is now the future covers no access."""
    clock = Clock()
    with book(tmp_path, clock) as (accesses, _):
        assert accesses.note(Taking("vera", digest("x"), "download"))
        clock.step(minutes=-5)
        assert accesses.note(Taking("vera", digest("x"), "download"))


def test_what_somebody_states_covers_nothing(tmp_path: Path) -> None:
    """An operator's word about an access, or another's entry naming them, is not an access."""
    clock = Clock()
    body = {"principal": "vera", "sha256": digest("x"), "stated": True}
    with book(tmp_path, clock) as (accesses, view):
        with writing(tmp_path, clock, operator="vera") as log:
            log.record("log", "access", body)
            log.record("log", "access", {"principal": "anna", "sha256": digest("x")})
        assert accesses.note(Taking("vera", digest("x"), "download"))
        assert len(view.page(Filter(kind="access")).events) == 3


def test_processes_and_threads_that_race_record_one(tmp_path: Path) -> None:
    """Of several processes, each with its own log and index, one records each access."""
    with writing(tmp_path) as log:
        log.record("a", "step", {})
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKER, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.communicate("go\n", timeout=60)
        assert racer.returncode == 0
    with book(tmp_path, Clock()) as (accesses, view):
        assert len(view.page(Filter(kind="access")).events) == 3
        taking = Taking("vera", digest("threads"), "download")
        threads = [threading.Thread(target=accesses.note, args=(taking,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(view.page(Filter(digest=digest("threads"))).events) == 1


def test_without_a_record_nothing_may_go_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the lock is held or the log cannot write, the access is refused, not forgotten."""
    clock = Clock()
    taking = Taking("vera", digest("x"), "download")
    with book(tmp_path, clock) as (accesses, view):
        lock = tmp_path / "log" / "access.lock"
        with holding(lock, doing="testing"), pytest.raises(ResourceError, match="recording"):
            accesses.note(taking)

        def full(*facts: object) -> None:
            raise ResourceError("No space.")

        monkeypatch.setattr(accesses._log, "record", full)
        with pytest.raises(EvidentError):
            accesses.note(taking)
        assert view.page(Filter(kind="access")).events == ()


@pytest.mark.parametrize(
    "taking",
    [
        Taking("", digest("x"), "download"),
        Taking("a\nb", digest("x"), "download"),
        Taking("x" * 201, digest("x"), "download"),
        Taking("vera", "sha256:" + digest("x"), "download"),
        Taking("vera", digest("x").upper(), "download"),
        Taking("vera", digest("x"), "download", name="\u202e"),
    ],
)
def test_a_taking_out_of_form_is_refused(tmp_path: Path, taking: Taking) -> None:
    """Who and what is taken are plain words and a digest, or nothing is handed out."""
    with book(tmp_path, Clock()) as (accesses, _), pytest.raises(EvidenceError):
        accesses.note(taking)
