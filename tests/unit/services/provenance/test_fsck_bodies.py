"""The private database checked against its log."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from pipelines.ports import SilentProgress
from services.provenance.fsck import check_log
from services.provenance.fsck_bodies import BodyFacts, check_bodies
from services.provenance.keys import FileSigner
from services.provenance.published_log import LogFaultError, PublishedLog
from tests.unit.services.provenance.log_kit import open_log


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a log of two jobs and some entries that are not sealed."""
    folder = tmp_path_factory.mktemp("original")
    with open_log(folder / "log", FileSigner(folder / "keys")) as log:
        log.record_many((job, "step", {"number": n}) for n in range(150) for job in ("a", "b"))
        log.seal("a")
        log.record("c", "step", {"number": 0})
    return folder / "log"


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """Give a copy of that log to spoil."""
    return Path(shutil.copytree(original, tmp_path / "log"))


def check(folder: Path) -> BodyFacts:
    """Check public files and database."""
    public = PublishedLog(folder / "public")
    head = check_log(public, progress=SilentProgress()).head
    return check_bodies(folder / "entries.db", public, head, progress=SilentProgress())


def test_a_database_that_agrees_with_its_log(folder: Path) -> None:
    """A database as it was written agrees, and what is not sealed yet is counted."""
    assert check(folder) == BodyFacts(entries=301, jobs=3, erased=0, pending=1)


def test_checking_changes_nothing(folder: Path) -> None:
    """A check writes neither the database nor any other file of the log."""
    before = {path: path.read_bytes() for path in folder.rglob("*.db")}
    check(folder)
    assert {path: path.read_bytes() for path in before} == before


SPOILS = {
    "body reworded": "UPDATE entries SET canonical = CAST(replace(CAST(canonical AS TEXT),"
    """ '"number":7}', '"number":8}') AS BLOB) WHERE leaf = 14""",
    "body and salt exchanged": "UPDATE entries SET (canonical, salt) ="
    " (SELECT canonical, salt FROM entries WHERE leaf = 3) WHERE leaf = 4",
    "whole rows exchanged": "UPDATE entries SET (canonical, salt, commitment) ="
    " (SELECT canonical, salt, commitment FROM entries WHERE leaf = 3) WHERE leaf = 4",
    "salt gone": "UPDATE entries SET salt = x'' WHERE leaf = 9",
    "commitment changed": "UPDATE entries SET commitment = zeroblob(32) WHERE leaf = 9",
    "job renamed": "UPDATE entries SET job = 'z' WHERE job = 'a'",
    "sequence moved": "UPDATE entries SET sequence = 900 WHERE leaf = 299",
    "leaf lost": "DELETE FROM entries WHERE leaf = 100",
    "last leaf lost": "DELETE FROM entries WHERE leaf >= 299",
    "first leaf lost": "DELETE FROM entries WHERE leaf = 0",
    "unsealed body changed": "UPDATE entries SET canonical = CAST(replace(CAST(canonical AS TEXT),"
    """ '"number":0}', '"number":1}') AS BLOB) WHERE leaf = 300""",
    "older": "UPDATE log SET numbered = 299",
    "of another log": "UPDATE log SET origin = 'evident.invalid/local/0000000000000000'",
    "of another version": "PRAGMA user_version = 77",
}


@pytest.mark.parametrize("statement", SPOILS.values(), ids=list(SPOILS))
def test_a_database_that_was_changed_is_found(folder: Path, statement: str) -> None:
    """Nothing in the database can change without the log telling."""
    with sqlite3.connect(folder / "entries.db") as db:
        db.execute(statement)
    db.close()
    with pytest.raises(LogFaultError) as caught:
        check(folder)
    assert caught.value.file == "entries.db"


def test_a_missing_database_is_named(folder: Path) -> None:
    """Without its database a log's bodies are not called checked."""
    (folder / "entries.db").unlink()
    with pytest.raises(LogFaultError, match="missing"):
        check(folder)
