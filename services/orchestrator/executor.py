"""Where stages run: the port that the worker asks, and what an executor is given.

An executor puts bytes into the store and hands back facts; it commits nothing. The worker
commits them, under the claim's token, or throws the bytes away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pipelines.evidence.json_value import Json
from services.jobs.values import Claim, NewOutput


class Desk(Protocol):
    """What an executor may say and ask while it works. Any call may raise StaleTokenError."""

    def record(self, kind: str, body: Mapping[str, Json]) -> None:
        """Commit an entry of evidence."""

    def progress(self, step: str, *, done: int, total: int) -> None:
        """Say what is done now; cheap to call often."""

    def segment(self, number: int, frames: range, delivered_sha256: str) -> None:
        """Note a finished segment."""

    def stop_asked(self) -> str | None:
        """Return the word for why the work should stop, None while it should go on."""


class Executor(Protocol):
    """Runs one claimed stage at a time per call; calls may run side by side."""

    def run(self, claim: Claim, desk: Desk) -> tuple[NewOutput, ...]:
        """Do the stage and return what it made, which lies in the store.

        Raises EvidentError or ModelError where it fails, StopAsked where it stopped as asked.
        """

    def committed(self, claim: Claim) -> None:
        """The stage's end is on record: whatever was kept to go on from is not needed."""

    def tidy(self) -> None:
        """Remove what is kept for jobs that are over: by processes that died, or were overtaken."""

    def discard(self, outputs: tuple[NewOutput, ...]) -> None:
        """Nobody will commit these: remove their bytes."""
