"""The local log: what is recorded is kept, sealed once, proven, and never forked."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError, ResourceError
from pipelines.evidence.checkpoint import open_note
from pipelines.evidence.entry import Actor, JobProof, commitment, parse_entry
from pipelines.evidence.merkle import (
    Frontier,
    consistency_proof,
    is_consistent,
    is_included,
    leaf_hash,
)
from pipelines.evidence.note_key import parse_verifier_key
from pipelines.evidence.tiles import decode_entries, node_reader, tile_path
from services.provenance import log_folder
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from tests.unit.services.provenance.log_kit import ACTOR, open_log


@pytest.fixture
def signer(tmp_path: Path) -> FileSigner:
    """Make a key."""
    return FileSigner(tmp_path / "keys")


def check(proof: JobProof) -> None:
    """Assert that a proof proves each of its entries, in order."""
    keys = [parse_verifier_key(key) for key in proof.keys]
    head = open_note(proof.checkpoint, keys)
    assert head.size == proof.tree_size
    assert list(proof.leaf_indexes) == sorted(set(proof.leaf_indexes))
    rows = zip(proof.entries, proof.salts, proof.leaf_indexes, proof.inclusion, strict=True)
    for sequence, (entry, salt, leaf, path) in enumerate(rows):
        assert parse_entry(entry).job == proof.job
        assert parse_entry(entry).sequence == sequence
        data = leaf_hash(commitment(salt, entry))
        assert is_included(data, leaf, head.size, path, head.root)


def test_a_sealed_job_is_proven(tmp_path: Path, signer: FileSigner) -> None:
    """Every entry of a sealed job is proven, among entries of others."""
    with open_log(tmp_path / "log", signer) as log:
        for number in range(5):
            log.record("a", "step", {"number": number})
            log.record("b", "step", {"number": number})
        proof = log.seal("a")
        check(proof)
        assert proof.tree_size == 10
        assert [parse_entry(entry).body for entry in proof.entries] == [
            {"number": number} for number in range(5)
        ]
        log.record("a", "step", {"number": 5})
        later = log.seal("a")
        check(later)
        assert later.entries[:5] == proof.entries
        assert later.salts[:5] == proof.salts
        check(log.seal("b"))


def test_times_come_from_the_clock_that_was_given(tmp_path: Path, signer: FileSigner) -> None:
    """An entry carries the caller's clock, in UTC, and names it as the system's."""
    moment = datetime(2026, 3, 1, 10, tzinfo=UTC)

    def clock() -> datetime:
        return moment + timedelta(microseconds=7)

    with LocalLog(tmp_path / "log", signer, clock, actor=ACTOR) as log:
        log.record("a", "step", {})
        entry = parse_entry(log.seal("a").entries[0])
    assert (entry.at, entry.clock) == ("2026-03-01T10:00:00.000007Z", "system")


def test_an_entry_says_who_made_it(tmp_path: Path, signer: FileSigner) -> None:
    """Each entry of a shared log names the operator, session, host and program that made it."""
    first = Actor("day shift", "session-a", "desk-1", "evident 1.0")
    second = Actor("night shift", "session-b", "desk-2", "evident 1.1")
    for actor in (first, second):
        with open_log(tmp_path / "log", signer, actor=actor) as log:
            log.record("a", "step", {})
            proof = log.seal("a")
    assert [parse_entry(entry).actor for entry in proof.entries] == [first, second]


def test_entries_outlive_their_process(tmp_path: Path, signer: FileSigner) -> None:
    """What was recorded and not sealed is there for the next process to seal, salts fresh."""
    with open_log(tmp_path / "log", signer) as log:
        log.record("a", "step", {"same": 1})
        log.record("a", "step", {"same": 1})
        origin = log.origin
    with open_log(tmp_path / "log", signer) as log:
        proof = log.seal("a")
        assert log.origin == origin
    check(proof)
    assert len(set(proof.salts)) == 2


def test_sealing_twice_changes_nothing(tmp_path: Path, signer: FileSigner) -> None:
    """A seal with nothing pending gives the same proof and writes no second head."""
    with open_log(tmp_path / "log", signer) as log:
        log.record("a", "step", {})
        assert log.seal("a") == log.seal("a")
    names = [path.name for path in (tmp_path / "log" / "public" / "checkpoints").iterdir()]
    assert names == ["1"]


def test_a_job_without_entries_has_no_proof(tmp_path: Path, signer: FileSigner) -> None:
    """There is nothing to prove about a job that was never recorded, in an empty log or not."""
    with open_log(tmp_path / "log", signer) as log:
        with pytest.raises(EvidenceError):
            log.seal("a")
        log.record("b", "step", {})
        with pytest.raises(EvidenceError):
            log.seal("a")


def test_bad_entries_leave_no_gap(tmp_path: Path, signer: FileSigner) -> None:
    """An entry that is refused takes no number."""
    with open_log(tmp_path / "log", signer) as log:
        log.record("a", "step", {})
        with pytest.raises(EvidenceError):
            log.record("a", "step", {"real": 1.5})  # type: ignore[dict-item]
        with pytest.raises(EvidenceError):
            log.record("a", "Not A Kind", {})
        log.record("a", "step", {})
        check(log.seal("a"))


def test_public_files_are_commitments_only(tmp_path: Path, signer: FileSigner) -> None:
    """The public folder shows heads and commitments, never a body, a salt or a job's name."""
    with open_log(tmp_path / "log", signer) as log:
        log.record("job-secret", "step", {"who": "somebody"})
        proof = log.seal("job-secret")
    public = tmp_path / "log" / "public"
    texts = [path.read_bytes() for path in public.rglob("*") if path.is_file()]
    for word in (b"secret", b"somebody", proof.salts[0]):
        assert not any(word in text for text in texts)
    shown = decode_entries((public / "tile/entries/000.p/1").read_bytes())
    assert shown == (commitment(proof.salts[0], proof.entries[0]),)
    assert (tmp_path / "log" / "entries.db").stat().st_mode & 0o077 == 0


def test_published_heads_extend_each_other(tmp_path: Path, signer: FileSigner) -> None:
    """Across tile borders every head is a prefix of the next, provable from public tiles."""
    heads = []
    with open_log(tmp_path / "log", signer) as log:
        for count in (1, 2, 252, 1, 1, 3, 300):
            for _ in range(count):
                log.record("a", "step", {})
            proof = log.seal("a")
            key = parse_verifier_key(proof.keys[0])
            heads.append(open_note(proof.checkpoint, (key,)))
        check(proof)
    public = tmp_path / "log" / "public"
    assert (public / "checkpoint").read_bytes() == proof.checkpoint
    read = node_reader(560, lambda *name: (public / tile_path(*name)).read_bytes())
    for old in heads:
        path = consistency_proof(old.size, 560, read)
        assert is_consistent(old.size, 560, old.root, heads[-1].root, path)
        kept = (public / "checkpoints" / str(old.size)).read_bytes()
        assert open_note(kept, (key,)) == old


def copy_of(folder: Path) -> Path:
    """Copy a closed log's folder aside."""
    return Path(shutil.copytree(folder, folder.with_name("backup")))


def test_an_older_database_is_refused(tmp_path: Path, signer: FileSigner) -> None:
    """A database set back to before the last publication cannot fork the log."""
    folder = tmp_path / "log"
    with open_log(folder, signer) as log:
        log.record("a", "step", {})
        log.seal("a")
    backup = copy_of(folder)
    with open_log(folder, signer) as log:
        log.record("a", "step", {})
        log.seal("a")
    published = {p: p.read_bytes() for p in (folder / "public").rglob("*") if p.is_file()}
    shutil.copy(backup / "entries.db", folder / "entries.db")
    with open_log(folder, signer) as log:
        log.record("a", "step", {"fork": True})
        with pytest.raises(EvidenceError, match="older than the log"):
            log.seal("a")
    assert published == {p: p.read_bytes() for p in published}


def test_a_database_with_another_past_is_refused(tmp_path: Path, signer: FileSigner) -> None:
    """A database that numbered other entries than were published cannot fork the log."""
    folder = tmp_path / "log"
    with open_log(folder, signer) as log:
        log.record("a", "step", {})
        log.seal("a")
    backup = copy_of(folder)
    for where, count in ((folder, 1), (backup, 1)):
        with open_log(where, signer) as log:
            for _ in range(count):
                log.record("a", "step", {})
            log.seal("a")
    shutil.copy(backup / "entries.db", folder / "entries.db")
    with open_log(folder, signer) as log, pytest.raises(EvidenceError, match="not the entry"):
        log.seal("a")


def test_two_writers_cannot_publish_two_heads(tmp_path: Path, signer: FileSigner) -> None:
    """Where two databases feed one public folder, the second head of a size is refused."""
    folder = tmp_path / "log"
    with open_log(folder, signer) as log:
        log.record("a", "step", {})
        log.seal("a")
    twin = copy_of(folder)
    shutil.rmtree(twin / "public")
    (twin / "public").symlink_to(folder / "public")
    with open_log(folder, signer) as one, open_log(twin, signer) as two:
        one.record("a", "step", {})
        two.record("a", "step", {"other": 1})
        one.seal("a")
        with pytest.raises(EvidenceError):
            two.seal("a")
        check(one.seal("a"))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda p: (p / "tile/0/000.p/3").unlink(), id="tile-lost"),
        pytest.param(lambda p: (p / "tile/0/000.p/3").write_bytes(bytes(96)), id="tile-changed"),
        pytest.param(lambda p: (p / "tile/0/000.p/3").write_bytes(b""), id="tile-cut"),
        pytest.param(lambda p: (p / "checkpoints/3").write_bytes(b"x"), id="head-changed"),
        pytest.param(lambda p: (p / "checkpoints/3").unlink(), id="head-lost"),
        pytest.param(
            lambda p: (p / "checkpoints/3").rename(p / "checkpoints/2"), id="head-misnamed"
        ),
    ],
)
def test_a_damaged_log_is_not_continued(
    tmp_path: Path, signer: FileSigner, spoil: Callable[[Path], None]
) -> None:
    """Where the public files are not what was published, sealing refuses to go on."""
    with open_log(tmp_path / "log", signer) as log:
        for _ in range(3):
            log.record("a", "step", {})
        log.seal("a")
        spoil(tmp_path / "log" / "public")
        log.record("a", "step", {})
        with pytest.raises(EvidenceError):
            log.seal("a")


def test_a_changed_body_is_found(tmp_path: Path, signer: FileSigner) -> None:
    """An entry reworded in the database no longer has a proof."""
    with open_log(tmp_path / "log", signer) as log:
        log.record("a", "step", {"value": 1})
        log.seal("a")
    with sqlite3.connect(tmp_path / "log" / "entries.db") as db:
        db.execute(
            "UPDATE entries SET canonical = "
            "CAST(replace(CAST(canonical AS TEXT), 'value\":1', 'value\":2') AS BLOB)"
        )
    db.close()
    with open_log(tmp_path / "log", signer) as log, pytest.raises(EvidenceError):
        log.seal("a")


def test_another_key_does_not_continue_the_log(tmp_path: Path, signer: FileSigner) -> None:
    """A log that one key published is not continued by another."""
    with open_log(tmp_path / "log", signer) as log:
        log.record("a", "step", {})
        log.seal("a")
    with open_log(tmp_path / "log", FileSigner(tmp_path / "other")) as log:
        with pytest.raises(EvidenceError) as caught:
            log.seal("a")
        assert "key" in caught.value.next_step


def test_a_second_sealer_waits_and_then_says_so(tmp_path: Path, signer: FileSigner) -> None:
    """While one sealer is at work another waits up to its limit, then fails; entries are safe."""
    with (
        open_log(tmp_path / "log", signer) as one,
        open_log(tmp_path / "log", signer, lock_wait_seconds=0.1) as two,
    ):
        with one.exclusive():
            two.record("a", "step", {})
            with pytest.raises(ResourceError):
                two.seal("a")
        check(two.seal("a"))


@pytest.mark.parametrize("data", [b"not a database, whatever its name says", b"SQLite format 3\0"])
def test_a_damaged_database_is_a_plain_error(
    tmp_path: Path, signer: FileSigner, data: bytes
) -> None:
    """A file that is no database is refused with a reason and left alone."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "entries.db").write_bytes(data * 100)
    with pytest.raises(EvidenceError) as caught:
        open_log(tmp_path / "log", signer)
    assert caught.value.next_step


@pytest.mark.parametrize("version", [1, 99])
def test_another_database_is_refused(tmp_path: Path, signer: FileSigner, version: int) -> None:
    """A database of an earlier or later version is not guessed at; a person is told what to do."""
    with open_log(tmp_path / "log", signer):
        pass
    db = sqlite3.connect(tmp_path / "log" / "entries.db")
    db.execute(f"PRAGMA user_version = {version}")
    db.close()
    with pytest.raises(EvidenceError, match=f"version {version}") as caught:
        open_log(tmp_path / "log", signer)
    assert "aside" in caught.value.next_step


def test_a_folder_that_cannot_be_made_is_a_plain_error(tmp_path: Path, signer: FileSigner) -> None:
    """Where the log's folder cannot be, the reason is said."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ResourceError):
        open_log(tmp_path / "file" / "log", signer)


def test_many_entries_are_recorded_together_or_not_at_all(
    tmp_path: Path, signer: FileSigner
) -> None:
    """A batch keeps its order across jobs, and one bad entry in it leaves none behind."""
    with open_log(tmp_path / "log", signer) as log:
        log.record("b", "step", {"number": 0})
        log.record_many((job, "step", {"number": n}) for n in range(3) for job in ("a", "b"))
        with pytest.raises(EvidenceError):
            log.record_many([("a", "step", {}), ("a", "Not A Kind", {})])
        first, second = log.seal("a"), log.seal("b")
    check(first)
    check(second)
    assert [parse_entry(entry).body["number"] for entry in first.entries] == [0, 1, 2]
    assert [parse_entry(entry).body["number"] for entry in second.entries] == [0, 0, 1, 2]
    assert first.leaf_indexes == (1, 3, 5)


def test_a_database_that_lost_its_newest_entries_is_refused(
    tmp_path: Path, signer: FileSigner
) -> None:
    """Entries cut off the end of the table are missed, even if as many new ones follow."""
    with open_log(tmp_path / "log", signer) as log:
        log.record_many(("a", "step", {"number": n}) for n in range(4))
        log.seal("a")
    with sqlite3.connect(tmp_path / "log" / "entries.db") as db:
        db.execute("DELETE FROM entries WHERE leaf >= 2")
    db.close()
    with open_log(tmp_path / "log", signer) as log:
        with pytest.raises(EvidenceError, match="lost entries"):
            log.seal("a")
        log.record_many(("a", "step", {"other": n}) for n in range(2))
        with pytest.raises(EvidenceError, match="not the entry"):
            log.seal("a")


def test_sealing_works_in_batches(
    tmp_path: Path, signer: FileSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seal that takes its leaves in many batches publishes the same tree as one that does not."""
    monkeypatch.setattr(log_folder, "BATCH_LEAVES", 256)
    heads = []
    with open_log(tmp_path / "log", signer) as log:
        for count in (300, 1, 900):
            log.record_many(("a", "step", {"number": n}) for n in range(count))
            proof = log.seal("a")
            heads.append(open_note(proof.checkpoint, [parse_verifier_key(proof.keys[0])]))
    check(proof)
    frontier = Frontier()
    roots = {}
    for entry, salt in zip(proof.entries, proof.salts, strict=True):
        frontier.append(leaf_hash(commitment(salt, entry)))
        roots[frontier.size] = frontier.root
    assert {head.size: head.root for head in heads} == {n: roots[n] for n in (300, 301, 1201)}


def test_an_empty_log_is_published_as_nothing(tmp_path: Path, signer: FileSigner) -> None:
    """A seal of an empty log makes no head, and is no error."""
    with open_log(tmp_path / "log", signer) as log:
        assert log.publish().size == 0
    assert not (tmp_path / "log" / "public" / "checkpoint").exists()
