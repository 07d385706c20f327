"""Kills at random moments, sealers at once, backups put back: no gap, no fork, nothing lost.

`EVIDENT_KILLS` sets how many kills are tried (36 unless set).
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import open_note
from pipelines.evidence.merkle import consistency_proof, is_consistent
from pipelines.evidence.note_key import parse_verifier_key
from pipelines.ports import SilentProgress
from services.provenance.fsck import LogFacts, check_log
from services.provenance.fsck_bodies import BodyFacts, check_bodies
from services.provenance.keys import FileSigner
from services.provenance.published_log import PublishedLog
from tests.unit.services.provenance.log_kit import open_log

KILLS = int(os.environ.get("EVIDENT_KILLS", "36"))


def check(home: Path) -> tuple[LogFacts, BodyFacts]:
    """Check public files and database; both must hold."""
    log = PublishedLog(home / "log" / "public")
    facts = check_log(log, progress=SilentProgress())
    database = home / "log" / "entries.db"
    return facts, check_bodies(database, log, facts.head, progress=SilentProgress())


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """Run `work` in a child with a pipe to tell on; return the child and the end to hear from."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(hear)
            work(tell)
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    return child, hear


def recording(home: Path, job: str, seed: int, times: int) -> Callable[[int], None]:
    """Return work that records and seals by turns, and tells each entry once it is committed."""

    def work(tell: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - sizes of batches
        with open_log(home / "log", FileSigner(home / "keys")) as log:
            for _ in range(times):
                count = chance.choice((1, 2, 7, 40, 300))
                log.record_many((job, "step", {}) for _ in range(count))
                os.write(tell, b"." * count)
                log.publish()

    return work


def heard(pipe: int) -> int:
    """Read everything told so far, up to the end of a dead child's pipe."""
    count = 0
    while data := os.read(pipe, 1 << 16):
        count += len(data)
    os.close(pipe)
    return count


def test_kills_at_random_moments(tmp_path: Path) -> None:
    """After each SIGKILL the log holds, and every entry that was told committed is in it."""
    chance = random.Random(KILLS)  # noqa: S311 - when to kill
    with open_log(tmp_path / "log", FileSigner(tmp_path / "keys")) as log:
        log.record("a", "step", {})
        log.publish()
    told, sizes, cut_short = 1, [1], 0
    for number in range(KILLS):
        child, pipe = forked(recording(tmp_path, "a", number, 10_000))
        select.select([pipe], [], [], 60)
        time.sleep(chance.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        told += heard(pipe)
        public, bodies = check(tmp_path)
        assert bodies.entries >= told
        assert public.head.size >= sizes[-1]
        sizes.append(public.head.size)
        told = bodies.entries
        cut_short += bool(public.remarks)
    with open_log(tmp_path / "log", FileSigner(tmp_path / "keys")) as log:
        log.publish()
    public, bodies = check(tmp_path)
    assert (public.head.size, bodies.pending, public.remarks) == (told, 0, ())
    print(f"{KILLS} kills, {cut_short} of them left a seal cut short, {told} entries kept")  # noqa: T201


def test_sealers_at_once(tmp_path: Path) -> None:
    """Several processes that record and seal at once make one log, in which nothing is missing."""
    FileSigner(tmp_path / "keys")
    children = [forked(recording(tmp_path, f"job-{n}", n, 8)) for n in range(3)]
    told = [heard(pipe) for _, pipe in children]
    assert [os.waitpid(child, 0)[1] for child, _ in children] == [0, 0, 0]
    public, bodies = check(tmp_path)
    assert public.head.size == bodies.entries == sum(told)
    assert (bodies.jobs, bodies.pending) == (3, 0)


def sealed(home: Path, job: str, count: int) -> None:
    """Record and seal."""
    with open_log(home / "log", FileSigner(home / "keys")) as log:
        log.record_many((job, "step", {"number": n}) for n in range(count))
        log.publish()


def test_an_older_database_cannot_fork_the_log(tmp_path: Path) -> None:
    """A database put back from a backup is refused however much is recorded into it."""
    log, backup = tmp_path / "log", tmp_path / "backup"
    sealed(tmp_path, "a", 5)
    shutil.copytree(log, backup)
    sealed(tmp_path, "b", 3)
    newest = tmp_path / "newest.db"
    (log / "entries.db").rename(newest)
    shutil.copy(backup / "entries.db", log / "entries.db")
    published = {p: p.read_bytes() for p in (log / "public").rglob("*") if p.is_file()}
    with pytest.raises(EvidenceError, match="older than the log"):
        sealed(tmp_path, "fork", 50)
    found = {p: p.read_bytes() for p in (log / "public").rglob("*") if p.is_file()}
    assert found == published
    newest.replace(log / "entries.db")
    sealed(tmp_path, "c", 2)
    public, bodies = check(tmp_path)
    assert public.head.size == bodies.entries == 10


def test_an_older_public_folder_is_completed_not_forked(tmp_path: Path) -> None:
    """A public folder put back from a backup grows into the log that it was, and on."""
    public, backup, lost = tmp_path / "log/public", tmp_path / "backup", tmp_path / "lost"
    sealed(tmp_path, "a", 300)
    shutil.copytree(public, backup)
    sealed(tmp_path, "b", 300)
    public.rename(lost)
    shutil.copytree(backup, public)
    sealed(tmp_path, "c", 300)
    facts, bodies = check(tmp_path)
    assert facts.head.size == bodies.entries == 900
    key = parse_verifier_key((lost / "vkey").read_text().strip())
    seen = open_note((lost / "checkpoint").read_bytes(), (key,))
    proof = consistency_proof(seen.size, 900, PublishedLog(public).nodes(900))
    assert seen.size == 600
    assert is_consistent(seen.size, 900, seen.root, facts.head.root, proof)


def test_a_fork_over_the_same_files_is_refused(tmp_path: Path) -> None:
    """A second database of the same key and name publishes nothing beside the first's heads."""
    log, twin = tmp_path / "log", tmp_path / "twin" / "log"
    sealed(tmp_path, "a", 5)
    shutil.copytree(log, twin)
    shutil.copytree(tmp_path / "keys", tmp_path / "twin" / "keys")
    sealed(tmp_path, "b", 3)
    shutil.rmtree(twin / "public")
    (twin / "public").symlink_to(log / "public")
    with pytest.raises(EvidenceError):
        sealed(tmp_path / "twin", "fork", 3)
    with pytest.raises(EvidenceError):
        sealed(tmp_path / "twin", "fork", 30)
    assert check(tmp_path)[0].head.size == 8
