"""The evidence index: complete whenever it answers, disposable, and never believed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import ResourceError
from services.provenance.index_search import Filter
from services.provenance.log_view import LogView, forget_erased
from tests.unit.services.provenance.view_kit import digest, file, writing

ROOT = Path(__file__).resolve().parents[4]


def kinds(home: Path, wanted: Filter | None = None) -> list[str]:
    """Ask a fresh view; return the kinds that it finds."""
    with LogView(home / "log") as view:
        return [one.kind for one in view.page(wanted or Filter(), most=1000).events]


def test_an_answer_knows_all_that_was_recorded(tmp_path: Path) -> None:
    """An open view answers with entries that came after it was opened, sealed or not."""
    with writing(tmp_path) as log:
        log.record("a", "one", {})
        with LogView(tmp_path / "log") as view:
            for number in range(3):
                log.record("a", f"more.n{number}", {})
                assert len(view.page(Filter()).events) == number + 2
            assert [one.checkpoint for one in view.page(Filter()).events] == [None] * 4
            log.seal("a")
            assert [one.leaf for one in view.page(Filter()).events] == [0, 1, 2, 3]
            assert {one.checkpoint for one in view.page(Filter()).events} == {4}


def test_reading_in_batches_finds_every_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many batches a reading takes, nothing is left out or doubled."""
    monkeypatch.setattr("services.provenance.evidence_index.BATCH_ENTRIES", 3)
    monkeypatch.setattr("services.provenance.entry_reader._ROWS_AT_ONCE", 2)
    with writing(tmp_path) as log:
        for number in range(11):
            log.record("a", f"n{number}", {})
    assert kinds(tmp_path) == [f"n{number}" for number in range(11)]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda p: p.unlink(), id="lost"),
        pytest.param(lambda p: p.write_bytes(b""), id="empty"),
        pytest.param(lambda p: p.write_bytes(b"no database at all " * 99), id="foreign"),
        pytest.param(lambda p: p.write_bytes(p.read_bytes()[:5000]), id="cut"),
        pytest.param(
            lambda p: p.write_bytes(p.read_bytes()[:4096] + bytes(len(p.read_bytes()) - 4096)),
            id="zeroed",
        ),
        pytest.param(lambda p: change(p, "PRAGMA user_version = 99"), id="newer"),
        pytest.param(lambda p: change(p, "DROP TABLE mentions"), id="half"),
        pytest.param(lambda p: change(p, "UPDATE mark SET leaf = 1"), id="behind"),
        pytest.param(lambda p: change(p, "UPDATE mark SET origin = 'other'"), id="of-another"),
    ],
)
def test_an_index_that_cannot_be_used_is_made_again(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """A lost, torn, foreign or newer index costs nothing: the answers are the same."""
    with writing(tmp_path) as log:
        for number in range(4):
            log.record("a", "step", {"sha256": digest(str(number))})
    asked = Filter(digest=digest("2"))
    assert kinds(tmp_path) == ["step"] * 4
    spoil(tmp_path / "log" / "index.db")
    assert kinds(tmp_path, asked) == ["step"]
    assert kinds(tmp_path) == ["step"] * 4


def change(path: Path, statement: str) -> None:
    """Change a database behind everybody's back."""
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


def test_a_log_that_was_set_back_is_read_again(tmp_path: Path) -> None:
    """Where the log's database was restored from a backup, the index follows it."""
    with writing(tmp_path) as log:
        log.record("a", "first", {})
    backup = tmp_path / "backup.db"
    shutil.copy(tmp_path / "log" / "entries.db", backup)
    with writing(tmp_path) as log:
        log.record("a", "lost", {})
    assert kinds(tmp_path) == ["first", "lost"]
    shutil.copy(backup, tmp_path / "log" / "entries.db")
    assert kinds(tmp_path) == ["first"]
    with writing(tmp_path) as log:
        log.record("a", "other", {})
    assert kinds(tmp_path, Filter(kind="lost")) == []
    assert kinds(tmp_path) == ["first", "other"]


def test_two_views_keep_one_index(tmp_path: Path) -> None:
    """Two processes' views that catch up by turns each answer completely."""
    with writing(tmp_path) as log:
        log.record("a", "n0", {})
        with LogView(tmp_path / "log") as one, LogView(tmp_path / "log") as two:
            for number in range(1, 6):
                log.record("a", f"n{number}", {})
                view = one if number % 2 else two
                assert len(view.page(Filter()).events) == number + 1


def test_an_open_view_outlives_its_index(tmp_path: Path) -> None:
    """A view whose index file was removed by somebody goes on answering completely."""
    with writing(tmp_path) as log:
        log.record("a", "n0", {})
        with LogView(tmp_path / "log") as view:
            assert len(view.page(Filter()).events) == 1
            for path in (tmp_path / "log").glob("index.db*"):
                path.unlink()
            log.record("a", "n1", {"inputs": [file("x")]})
            assert len(view.page(Filter()).events) == 2
    assert kinds(tmp_path) == ["n0", "n1"]


def test_the_index_is_private(tmp_path: Path) -> None:
    """The index holds names of people: its owner alone may read it."""
    with writing(tmp_path) as log:
        log.record("a", "n0", {})
    kinds(tmp_path)
    assert (tmp_path / "log" / "index.db").stat().st_mode & 0o777 == 0o600


def erase(home: Path, job: str, sequence: int) -> None:
    """Erase an entry's body, as an operator would."""
    with writing(home) as log:
        log.erase(job, sequence=sequence, reason="asked for")


@pytest.mark.parametrize("known", [True, False])
def test_what_the_log_erased_is_forgotten(tmp_path: Path, *, known: bool) -> None:
    """No word and no digest of an erased body stays in the index, whenever it was read."""
    with writing(tmp_path) as log:
        log.record("a", "received", {"note": 1})
        log.record("a", "submission", {"case": "Sensitive-Case", "sha256": digest("secret")})
        log.record("a", "access", {"principal": "Erased-Person", "sha256": digest("kept")})
        log.record("b", "access", {"principal": "Kept-Person"})
    if known:
        assert kinds(tmp_path, Filter(case="Sensitive-Case")) == [
            "received",
            "submission",
            "access",
        ]
    erase(tmp_path, "a", 1)
    assert kinds(tmp_path, Filter(case="Sensitive-Case")) == []
    erase(tmp_path, "a", 2)
    assert kinds(tmp_path, Filter(user="Erased-Person")) == []
    assert kinds(tmp_path, Filter(digest=digest("secret"))) == []
    assert kinds(tmp_path, Filter(job="a")) == ["received", "erased", "erased"]
    assert kinds(tmp_path, Filter(user="Kept-Person")) == ["access"]
    held = b"".join(path.read_bytes() for path in (tmp_path / "log").glob("index.db*"))
    assert b"Kept-Person" in held
    for gone in (b"Sensitive-Case", b"Erased-Person", bytes.fromhex(digest("secret"))):
        assert gone not in held


READER = """
import sys
from pathlib import Path
from services.provenance import evidence_index
from services.provenance.index_search import Filter
from services.provenance.log_view import LogView, forget_erased
evidence_index.BATCH_ENTRIES = 20
print("ready", flush=True)
with LogView(Path(sys.argv[1])) as view:
    view.page(Filter())
"""


def test_a_killed_reading_is_taken_up(tmp_path: Path) -> None:
    """Processes killed at any moment of their reading, several at once, leave a right index."""
    with writing(tmp_path) as log:
        log.record_many(
            (f"job-{n % 50}", "step", {"inputs": [file(f"f{n}")], "case": "C"}) for n in range(2000)
        )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", READER, str(tmp_path / "log")]
    for delay in (0.0, 0.03, 0.06, 0.1, 0.15):
        readers = [
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)
        ]
        for reader in readers:
            assert reader.stdout is not None
            reader.stdout.readline()
        time.sleep(delay)
        for reader in readers:
            reader.kill()
            reader.communicate()
    with LogView(tmp_path / "log") as view:
        assert len(view.page(Filter(), most=10_000).events) == 2000
        for number in (0, 999, 1999):
            (event,) = view.page(Filter(digest=digest(f"f{number}"), case="C")).events
            assert event.leaf == number
        assert len(view.page(Filter(job="job-7"), most=10_000).events) == 40


def test_an_erasure_is_forgotten_at_once_where_there_is_an_index(tmp_path: Path) -> None:
    """What was erased need not wait for the next question; without an index none is made."""
    with writing(tmp_path) as log:
        log.record("a", "access", {"principal": "Erased-Person"})
    erase(tmp_path, "a", 0)
    forget_erased(tmp_path / "log")
    assert not (tmp_path / "log" / "index.db").exists()
    with writing(tmp_path) as log:
        log.record("b", "access", {"principal": "Other-Person"})
    assert kinds(tmp_path, Filter(user="Other-Person")) == ["access"]
    erase(tmp_path, "b", 0)
    forget_erased(tmp_path / "log")
    held = b"".join(path.read_bytes() for path in (tmp_path / "log").glob("index.db*"))
    assert b"Other-Person" not in held


def test_a_word_that_another_process_dropped_is_learnt_again(tmp_path: Path) -> None:
    """A view that knew a word finds entries by it after others dropped and used its number."""
    with writing(tmp_path) as log:
        log.record("a", "access", {"principal": "vera"})
    with LogView(tmp_path / "log") as view:
        assert len(view.page(Filter(user="vera")).events) == 1
        erase(tmp_path, "a", 0)
        forget_erased(tmp_path / "log")
        with writing(tmp_path) as log:
            log.record("b", "access", {"principal": "boris"})
            assert kinds(tmp_path, Filter(user="boris")) == ["access"]
            log.record("b", "access", {"principal": "vera"})
            log.record("b", "access", {"principal": "boris"})
        assert [one.sequence for one in view.page(Filter(user="vera")).events] == [1]
        assert [one.sequence for one in view.page(Filter(user="boris")).events] == [0, 2]
    assert len(kinds(tmp_path, Filter(user="vera"))) == 1


def test_a_reading_that_died_at_its_end_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that was read whole and not finished is finished, not thrown away."""
    with writing(tmp_path) as log:
        log.record("a", "step", {"inputs": [file("x")], "outputs": [file("y")]})
    with monkeypatch.context() as dying:
        dying.setattr("services.provenance.index_file._INDEXES", "SELECT 1; nonsense;")
        view = LogView(tmp_path / "log")
        with pytest.raises(ResourceError):
            view.page(Filter())
        view.close()
    monkeypatch.setattr(
        "services.provenance.evidence_index.discard", lambda path: pytest.fail(f"{path} is gone")
    )
    assert kinds(tmp_path, Filter(digest=digest("x"))) == ["step"]
