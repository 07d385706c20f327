"""Logs for tests: opened by somebody, as every log is."""

from __future__ import annotations

from pathlib import Path

from pipelines.evidence.entry import Actor
from pipelines.ports import Signer
from services.provenance.local_log import LOCK_WAIT_SECONDS, LocalLog, system_clock

ACTOR = Actor("operator", "session-1", "host", "evident test")


def open_log(
    folder: Path,
    signer: Signer,
    *,
    actor: Actor = ACTOR,
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
) -> LocalLog:
    """Open the log in `folder` for `actor`."""
    return LocalLog(folder, signer, system_clock, actor=actor, lock_wait_seconds=lock_wait_seconds)
