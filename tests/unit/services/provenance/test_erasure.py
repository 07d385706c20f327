"""Erasing entries: gone from every file, said so for good, and the log as provable as before."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence import erasure
from pipelines.evidence.checkpoint import open_note
from pipelines.evidence.entry import JobProof, commitment, parse_entry
from pipelines.evidence.merkle import is_included, leaf_hash
from pipelines.evidence.note_key import parse_verifier_key
from pipelines.ports import SilentProgress
from services.provenance.fsck import check_log
from services.provenance.fsck_bodies import BodyFacts, check_bodies
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from services.provenance.published_log import LogFaultError, PublishedLog
from tests.unit.services.provenance.log_kit import ACTOR, open_log

WHO = "a name that must go"


@pytest.fixture
def log(tmp_path: Path) -> LocalLog:
    """Make a log with a secret in several entries of a job, in long and short bodies."""
    log = open_log(tmp_path / "log", FileSigner(tmp_path / "keys"))
    log.record_many(("others", "step", {"number": n}) for n in range(300))
    log.record("a", "step", {"number": 0})
    log.record("a", "step", {"number": 1, "who": WHO})
    log.record("a", "step", {"number": 2, "who": [WHO] * 900})
    log.seal("a")
    return log


def check(folder: Path) -> BodyFacts:
    """Check public files and database."""
    public = PublishedLog(folder / "public")
    head = check_log(public, progress=SilentProgress()).head
    return check_bodies(folder / "entries.db", public, head, progress=SilentProgress())


def holds(folder: Path, what: bytes) -> bool:
    """Whether any file in `folder` holds the bytes."""
    return any(what in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def assert_proven(proof: JobProof) -> None:
    """Assert that every entry of a proof is under its head."""
    head = open_note(proof.checkpoint, [parse_verifier_key(key) for key in proof.keys])
    rows = zip(proof.entries, proof.salts, proof.leaf_indexes, proof.inclusion, strict=True)
    for entry, salt, leaf, path in rows:
        data = leaf_hash(commitment(salt, entry))
        assert is_included(data, leaf, head.size, path, head.root)


def test_erased_bodies_and_salts_are_in_no_file(tmp_path: Path, log: LocalLog) -> None:
    """What was erased is in no file of the log any more, neither the body nor its salt."""
    folder = tmp_path / "log"
    salts = log.seal("a").salts
    assert holds(folder, WHO.encode())
    assert all(holds(folder, salt) for salt in salts)
    assert log.erase("a", reason="asked for by the person") == (300, 301, 302)
    assert not holds(folder, WHO.encode())
    assert not any(holds(folder, salt) for salt in salts)
    log.close()
    assert not holds(folder, WHO.encode())


def test_an_erased_log_stays_provable(tmp_path: Path, log: LocalLog) -> None:
    """After an erasure the log goes on, holds, and proves every entry that is left."""
    before = log.seal("others")
    log.erase("a", sequence=1, reason="asked for")
    log.record("others", "step", {})
    after = log.seal("others")
    assert_proven(before)
    assert_proven(after)
    assert check(tmp_path / "log") == BodyFacts(entries=305, jobs=3, erased=1, pending=0)


def test_the_log_says_what_was_erased_when_and_by_whom(log: LocalLog) -> None:
    """An entry of the log itself names the leaf, the reason, the actor and the time."""
    log.erase("a", sequence=2, reason="asked for")
    entry = parse_entry(log.seal("log").entries[0])
    assert (entry.job, entry.kind, entry.actor) == ("log", "erasure", ACTOR)
    assert entry.body == {"job": "a", "leaves": [302], "reason": "asked for"}


def test_an_erased_entry_is_never_shown_again(log: LocalLog) -> None:
    """A job that lost an entry has no proof of all its entries, and the error says why."""
    log.erase("a", sequence=1, reason="asked for")
    with pytest.raises(EvidenceError, match="Entry 1 of job a was erased"):
        log.seal("a")


def test_erasing_again_changes_nothing(tmp_path: Path, log: LocalLog) -> None:
    """What was erased before is passed over; one erasure is recorded once."""
    assert log.erase("a", sequence=1, reason="asked for") == (301,)
    assert log.erase("a", sequence=1, reason="asked for again") == ()
    assert log.erase("a", reason="all of it") == (300, 302)
    assert len(log.seal("log").entries) == 2
    assert check(tmp_path / "log").erased == 3


def test_many_entries_are_erased_by_several_records(
    tmp_path: Path, log: LocalLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job of more entries than one record can name is erased by several."""
    monkeypatch.setattr("services.provenance.local_log.MAX_ERASED", 128)
    assert len(log.erase("others", reason="asked for")) == 300
    assert [len(erasure.erased_leaves(parse_entry(one))) for one in log.seal("log").entries] == [
        128,
        128,
        44,
    ]
    assert check(tmp_path / "log").erased == 300


def test_entries_that_are_not_sealed_yet_can_be_erased(tmp_path: Path, log: LocalLog) -> None:
    """An entry erased before it is sealed is sealed as the commitment that it was."""
    log.record("a", "step", {"who": WHO})
    log.erase("a", reason="asked for")
    log.seal("log")
    assert check(tmp_path / "log") == BodyFacts(entries=305, jobs=3, erased=4, pending=0)


@pytest.mark.parametrize(
    ("job", "sequence", "reason"),
    [("log", None, "x"), ("nobody", None, "x"), ("a", 9, "x"), ("a", 0, ""), ("a", 0, "a\nb")],
)
def test_what_cannot_be_erased_is_refused(
    tmp_path: Path, log: LocalLog, job: str, sequence: int | None, reason: str
) -> None:
    """The log's own entries, entries that are not there, and erasures without a reason."""
    with pytest.raises(EvidenceError) as caught:
        log.erase(job, sequence=sequence, reason=reason)
    assert caught.value.next_step
    assert check(tmp_path / "log").erased == 0


FORGERIES = {
    "without a word": "UPDATE entries SET canonical = NULL, salt = NULL, erased_by = 302"
    " WHERE leaf = 5",
    "by a record that comes before": "UPDATE entries SET canonical = NULL, salt = NULL,"
    " erased_by = 4 WHERE leaf = 5",
    "by a record that names another": "UPDATE entries SET canonical = NULL, salt = NULL,"
    " erased_by = 303 WHERE leaf = 5",
    "by a record that is not there": "UPDATE entries SET canonical = NULL, salt = NULL,"
    " erased_by = 999 WHERE leaf = 5",
}


@pytest.mark.parametrize("statement", FORGERIES.values(), ids=list(FORGERIES))
def test_only_what_is_on_record_counts_as_erased(
    tmp_path: Path, log: LocalLog, statement: str
) -> None:
    """A body that is gone without a record of the log that says so is a fault."""
    folder = tmp_path / "log"
    log.erase("a", sequence=1, reason="asked for")
    log.seal("log")
    check(folder)
    log.close()
    with sqlite3.connect(folder / "entries.db") as db:
        assert db.execute(statement).rowcount == 1
    db.close()
    with pytest.raises(LogFaultError, match="erase"):
        check(folder)


def test_what_is_on_record_as_erased_is_not_there(tmp_path: Path, log: LocalLog) -> None:
    """An erased body that somebody put back is a fault: the record says that it is gone."""
    folder = tmp_path / "log"
    with sqlite3.connect(folder / "entries.db") as db:
        row = db.execute("SELECT canonical, salt FROM entries WHERE leaf = 301").fetchone()
    log.erase("a", sequence=1, reason="asked for")
    log.seal("log")
    put = "UPDATE entries SET canonical = ?, salt = ?, erased_by = NULL WHERE leaf = 301"
    with db:
        db.execute(put, row)
    db.close()
    with pytest.raises(LogFaultError, match="301 was erased, and it was not"):
        check(folder)
