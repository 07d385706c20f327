"""A run's evidence log and progress, as the pipelines know them, over the desk of a claim.

What a run records is committed in the records first, under the token, and carried into the log
when somebody reads it or seals: a job that was overtaken cannot write into the log of the one
that overtook it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from pipelines.evidence.entry import JobProof
from pipelines.evidence.json_value import Json
from pipelines.run.job import StopAsked
from services.orchestrator.executor import Desk
from services.provenance.local_log import LocalLog
from services.provenance.pending import PendingEntries


class DeskLog:
    """An `EvidenceLog` for one claim; every job that it is asked about is the claim's."""

    def __init__(self, desk: Desk, pending: PendingEntries, log: LocalLog) -> None:
        self._desk = desk
        self._pending = pending
        self._log = log

    def record(self, job: str, kind: str, body: Mapping[str, Json]) -> None:
        """Commit one entry under the token; a segment that it tells of is noted as well."""
        del job
        self._desk.record(kind, body)
        if "segment" in body and "delivered_frames_sha256" in body:
            self._desk.segment(
                cast(int, body["segment"]),
                range(cast(int, body["first"]), cast(int, body["stop"])),
                str(body["delivered_frames_sha256"]),
            )

    def entries(self, job: str) -> Sequence[bytes]:
        """Return every entry of the job up to now in canonical form."""
        self._pending.drain(job)
        return self._log.entries(job)

    def seal(self, job: str) -> JobProof:
        """Carry what is pending into the log, seal it, and prove the job's entries."""
        self._pending.drain(job)
        return self._log.seal(job)


class DeskProgress:
    """A `Progress` that writes to the desk, and raises StopAsked where the work should stop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._step = ""
        self._done = 0
        self._total = 0

    def start(self, stage: str, total: int) -> None:
        """Begin a step of `total` parts, 0 when unknown."""
        self._step, self._done, self._total = stage, 0, total
        self._tell()

    def advance(self, steps: int = 1) -> None:
        """Count parts of the step."""
        self._done += steps
        self._tell()

    def note(self, message: str) -> None:
        """Say nothing: what counts is in the report and in the entries."""

    def _tell(self) -> None:
        word = self._desk.stop_asked()
        if word is not None:
            raise StopAsked(word)
        self._desk.progress(self._step, done=self._done, total=self._total)
