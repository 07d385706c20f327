"""Logs to ask questions of: written by the real log, with a clock that tests set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.evidence.entry import Actor
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog

BEGIN = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def step(self, **by: float) -> None:
        """Move on."""
        self.now += timedelta(**by)


def digest(name: str) -> str:
    """The SHA-256 of a name, standing for that of a file."""
    return hashlib.sha256(name.encode()).hexdigest()


def file(name: str, role: str = "") -> dict[str, str]:
    """A line of `inputs` or `outputs`."""
    return {"sha256": digest(name), "name": name, **({"role": role} if role else {})}


@contextmanager
def writing(
    home: Path, clock: Clock | None = None, *, operator: str = "anna", session: str = "s-1"
) -> Iterator[LocalLog]:
    """Open the log under `home` as one operator in one session."""
    actor = Actor(operator, session, "desk", "evident 1")
    with LocalLog(home / "log", FileSigner(home / "keys"), clock or Clock(), actor=actor) as log:
        yield log
