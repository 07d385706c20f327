"""The local log killed between any two steps, and shared between processes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DiskFullError
from pipelines.evidence.checkpoint import open_note
from pipelines.evidence.entry import commitment, parse_entry
from pipelines.evidence.merkle import is_included, leaf_hash
from pipelines.evidence.note_key import parse_verifier_key
from services.provenance.keys import FileSigner
from tests.unit.services.provenance.log_kit import open_log

ROOT = Path(__file__).resolve().parents[4]
STEPS = ("open", "fsync", "link", "replace", "mkdir", "unlink")
KILLED = 99

WRITER = """
import sys
from pathlib import Path
from services.provenance.keys import FileSigner
from tests.unit.services.provenance.log_kit import open_log
home, job, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_log(home / "log", FileSigner(home / "keys")) as log:
    for number in range(count):
        log.record(job, "step", {"number": number})
        print(number, flush=True)
        if number % 3 == 2:
            log.seal(job)
    log.seal(job)
"""


def numbers_of(home: Path, job: str) -> list[object]:
    """Seal and prove `job`; return the numbers that its entries carry, in order."""
    with open_log(home / "log", FileSigner(home / "keys")) as log:
        proof = log.seal(job)
    head = open_note(proof.checkpoint, [parse_verifier_key(key) for key in proof.keys])
    rows = zip(proof.entries, proof.salts, proof.leaf_indexes, proof.inclusion, strict=True)
    for entry, salt, leaf, path in rows:
        data = leaf_hash(commitment(salt, entry))
        assert is_included(data, leaf, head.size, path, head.root)
    return [parse_entry(entry).body["number"] for entry in proof.entries]


def counted(
    real: Callable[..., Any], left: list[int], stop: Callable[[], object]
) -> Callable[..., Any]:
    """Return `real`, but for `stop` running before the call at which `left` reaches zero."""

    def call(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            stop()
        return real(*args, **kwargs)

    return call


def seal_and_die(home: Path, at: int) -> bool:
    """Seal job `a` in a child that dies before its file-system step `at`; True if it died."""
    child = os.fork()
    if child == 0:
        left = [at]
        with open_log(home / "log", FileSigner(home / "keys")) as log:
            for name in STEPS:
                setattr(os, name, counted(getattr(os, name), left, lambda: os._exit(KILLED)))
            try:
                log.seal("a")
            finally:
                os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, KILLED}
    return code == KILLED


def test_a_kill_at_any_step_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Whatever step of sealing a kill precedes, the next seal completes one unbroken log."""
    numbers: list[object] = []
    with open_log(tmp_path / "log", FileSigner(tmp_path / "keys")):
        pass
    at, deaths = 0, 0
    while True:
        at += 1
        # Enough entries that seals cross from one tile to the next.
        with open_log(tmp_path / "log", FileSigner(tmp_path / "keys")) as log:
            for _ in range(16):
                log.record("a", "step", {"number": len(numbers)})
                numbers.append(len(numbers))
        if not seal_and_die(tmp_path, at):
            break
        deaths += 1
        if deaths % 3 == 0:
            assert numbers_of(tmp_path, "a") == numbers
    assert deaths > 20
    assert numbers_of(tmp_path, "a") == numbers


def test_a_full_disk_at_any_step_is_said_and_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No space at any step of sealing is a plain error, and sealing works once there is space."""

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with open_log(tmp_path / "log", FileSigner(tmp_path / "keys")) as log:
        failures = 0
        for at in range(1, 200):
            log.record("a", "step", {"number": at})
            left = [at]
            with monkeypatch.context() as patch:
                for name in ("fsync", "link", "replace", "mkdir"):
                    patch.setattr(os, name, counted(getattr(os, name), left, full))
                try:
                    log.seal("a")
                    break
                except DiskFullError:
                    failures += 1
        assert failures > 8
        assert len(log.seal("a").entries) == failures + 1


def start(home: Path, job: str, count: int) -> subprocess.Popen[str]:
    """Start a process that records and seals."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), job, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_writer_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    """After SIGKILL at random moments every entry that was reported is there, once, in order."""
    for round_number in range(4):
        job = f"job-{round_number}"
        with start(tmp_path, job, 10_000) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "0\n"
            time.sleep(0.05 + 0.07 * round_number)
            writer.send_signal(signal.SIGKILL)
            reported = [0, *(int(line) for line in writer.stdout if line.endswith("\n"))]
        numbers = numbers_of(tmp_path, job)
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= len(reported)


def test_processes_share_one_log(tmp_path: Path) -> None:
    """Several processes record and seal at once, and every job is whole in one log."""
    FileSigner(tmp_path / "keys")
    writers = [start(tmp_path, f"job-{number}", 8) for number in range(3)]
    for writer in writers:
        output, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        assert output.split() == [str(number) for number in range(8)]
    for number in range(3):
        assert numbers_of(tmp_path, f"job-{number}") == list(range(8))
    newest = max(int(p.name) for p in (tmp_path / "log/public/checkpoints").iterdir())
    assert newest == 24
