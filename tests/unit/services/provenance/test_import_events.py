"""Older audit logs: imported whole or not at all, once, and never as more than they are."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, InputError, TooLargeError, UnreadableError
from services.provenance import import_events as module
from services.provenance.import_events import Imported, import_events
from services.provenance.index_search import Filter
from services.provenance.local_log import LocalLog
from services.provenance.log_event import LogEvent
from services.provenance.log_view import LogView
from services.provenance.older_event import MOST_LINE_BYTES, OlderLineError, older_event
from tests.unit.services.provenance.view_kit import digest, writing

LINES = [
    {"time": "2020-01-02T03:04:05+03:00", "user": "vera", "action": "download",
     "file": {"name": "x", "sha256": digest("x").upper()}, "case_id": 7, "sessionId": "s9"},
    {"ts": 1577934245.5, "actor": {"name": "boris", "id": 3}, "event": "login", "ip": "10.0.0.1"},
    {"Timestamp": "2020-01-02 03:04", "checksums": ["sha256:" + digest("y"), "nothing"]},
    {},
]  # fmt: skip


@contextmanager
def opened(home: Path) -> Iterator[tuple[LocalLog, LogView]]:
    """A log and a view of it."""
    with writing(home) as log, LogView(home / "log") as view:
        yield log, view


def taken(home: Path, data: bytes) -> Imported:
    """Import a file with these bytes."""
    path = home / "events.jsonl"
    path.write_bytes(data)
    with opened(home) as (log, view):
        return import_events(path, home / "log", log, view)


def events(home: Path) -> tuple[LogEvent, ...]:
    """Every entry of the log."""
    with LogView(home / "log") as view:
        return view.page(Filter(), most=1000).events


def spelt(*lines: object) -> bytes:
    """Lines of JSON, with white space of their own."""
    return b"".join(json.dumps(one, indent=None).encode() + b"\n" for one in lines)


def test_every_line_is_kept_whole(tmp_path: Path) -> None:
    """Each line's bytes and digest are in its entry, the whole file's digest in one of its own."""
    data = spelt(*LINES)
    found = taken(tmp_path, data + b"\n  \n")
    assert (found.older.events, found.older.blank, found.before) == (4, 2, None)
    head, *rest = events(tmp_path)
    assert head.body["inputs"] == [
        {
            "sha256": hashlib.sha256(data + b"\n  \n").hexdigest(),
            "name": "events.jsonl",
            "bytes": len(data) + 4,
        }
    ]
    assert head.body["sealed_before"] is False
    for number, (event, line) in enumerate(zip(rest, data.splitlines(), strict=True), start=1):
        assert event.kind == "imported"
        assert event.is_stated
        assert event.body["text"].encode() == line
        assert event.body["line_sha256"] == hashlib.sha256(line).hexdigest()
        assert (event.body["line"], event.body["sealed_before"]) == (number, False)


def test_known_fields_are_found_by(tmp_path: Path) -> None:
    """People, cases, digests and stated times of an older log are found like others."""
    taken(tmp_path, spelt(*LINES))
    with LogView(tmp_path / "log") as view:

        def lines(wanted: Filter) -> list[object]:
            return [one.body.get("line") for one in view.page(wanted).events]

        assert lines(Filter(user="vera")) == [1]
        assert lines(Filter(user="boris")) == [2]
        assert lines(Filter(case="7")) == [1]
        assert lines(Filter(digest=digest("x"))) == [1]
        assert lines(Filter(digest=digest("y"))) == [3]
        assert lines(Filter(stated=True, since=0)) == [1, 2, 3]


def test_times_are_kept_as_they_were_stated() -> None:
    """A time with its zone is put into UTC; one without stays as it is, its zone not guessed."""
    found = [older_event(json.dumps(one).encode()).get("stated_at") for one in LINES]
    assert found == [
        "2020-01-02T00:04:05Z",
        "2020-01-02T03:04:05.500000Z",
        "2020-01-02 03:04",
        None,
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b'"x"', b"7", b"\xff{}", b"\xef\xbb\xbf{}", b"{} {}", b"[" * 5000,
        b'{"a": "' + b"x" * MOST_LINE_BYTES + b'"}',
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(line: bytes) -> None:
    """A line that is not one JSON object in UTF-8 of a bounded size is no event."""
    with pytest.raises(OlderLineError):
        older_event(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"user": "\\ud800", "time": 1e400}', b'{"time": NaN, "user": true}',
        b'{"user": {"name": ["x"]}, "time": -5}', b'{"time": "99999-01-01", "case": {}}',
        b'{"user": "\\u0000\\n\\u202e"}', b'{"a": 1, "a": 2}', b'{"sha256": null}\r',
        b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", b'{"time": 1e11, "ts": "x"}',
        b'{"q": "' + b'\\"' * (MOST_LINE_BYTES // 2 - 5) + b'"}',
        b'{"user": "' + b"x" * 5000 + b'", "hash": ["' + b"a" * 64 + b'"]}',
    ],
)  # fmt: skip
def test_odd_events_are_taken_whole(tmp_path: Path, line: bytes) -> None:
    """An event with values of any kind fits into an entry, with its text unchanged."""
    taken(tmp_path, line + b"\n")
    _, event = events(tmp_path)
    assert event.body["text"].encode() == line
    assert event.who.isprintable()


def test_a_bad_line_leaves_nothing(tmp_path: Path) -> None:
    """Where any line is no event nothing is imported, and the lines at fault are named."""
    with pytest.raises(InputError, match=r"line 2 \(not JSON\), 4 \(not an object\) is no event"):
        taken(tmp_path, b'{}\nx\n\n[]\n{"a":1}\n')
    assert events(tmp_path) == ()


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    """Of very many lines at fault the first are named and the others counted."""
    with pytest.raises(InputError, match=r"20 \(not JSON\) and 30 more is no event"):
        taken(tmp_path, b"x\n" * 50)


def test_the_same_file_is_imported_once(tmp_path: Path) -> None:
    """A file whose bytes were imported is recognised, whatever it is called."""
    assert taken(tmp_path, spelt(*LINES)).before is None
    (tmp_path / "events.jsonl").rename(tmp_path / "other.jsonl")
    again = taken(tmp_path, spelt(*LINES))
    assert again.before is not None
    assert again.before.leaf == 0
    assert len(events(tmp_path)) == 5


def test_two_imports_at_once_are_one(tmp_path: Path) -> None:
    """Of imports of one file that run at the same moment, one takes it."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(spelt(*LINES))
    found: list[Imported] = []
    with opened(tmp_path) as (log, view):

        def work() -> None:
            found.append(import_events(path, tmp_path / "log", log, view))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [one.before is None for one in found].count(True) == 1
    assert len(events(tmp_path)) == 5


def test_a_file_that_changes_meanwhile_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that reads differently the second time is not imported in part."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(spelt(*LINES))
    real = module._facts
    for change in (b'{"more": 1}\n', b"no event\n"):

        def changed(file, older, change=change):
            with path.open("ab") as other:
                other.write(change)
            return real(file, older)

        monkeypatch.setattr(module, "_facts", changed)
        with opened(tmp_path) as (log, view), pytest.raises(EvidenceError, match="changed"):
            import_events(path, tmp_path / "log", log, view)
    assert events(tmp_path) == ()


def test_bounds_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with too many lines or bytes, an empty one, and none at all are refused."""
    monkeypatch.setattr(module, "MOST_LINES", 3)
    with pytest.raises(TooLargeError):
        taken(tmp_path, spelt(*LINES))
    monkeypatch.setattr(module, "MOST_FILE_BYTES", 10)
    with pytest.raises(TooLargeError):
        taken(tmp_path, spelt(*LINES))
    with pytest.raises(InputError):
        taken(tmp_path, b"\n \n")
    with opened(tmp_path) as (log, view):
        for path in (tmp_path, tmp_path / "nowhere"):
            with pytest.raises(UnreadableError):
                import_events(path, tmp_path / "log", log, view)
    assert events(tmp_path) == ()


def test_an_endless_line_takes_no_memory(tmp_path: Path) -> None:
    """A line of many megabytes is one bad line; the next is judged as the next."""
    with pytest.raises(InputError, match=r"line 1 \(longer than \d+ bytes\), 3 \(not JSON\) is"):
        taken(tmp_path, b"x" * 3_000_000 + b"\n{}\nx\n")
