"""A run's evidence log, signer and progress, as the pipelines know them, over the desk of a claim.

What a run records is committed in the records first, under the token, and carried into the log
when somebody reads it or seals: a job that was overtaken cannot write into the log of the one
that overtook it, and nothing is signed for it. Where the sealer does not answer the export waits
for it here, and hears meanwhile whether it should stop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from pipelines.errors import EvidenceError
from pipelines.evidence.entry import JobProof
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import key_id
from pipelines.run.job import StopAsked
from pipelines.stages.export.facts_custody import CustodyLine
from services.jobs.errors import StaleTokenError
from services.orchestrator.executor import Desk
from services.provenance.sealing import JobSealer, OvertakenError, WorkRight
from services.provenance.service_line import SealerAwayError

WAIT_SECONDS = 900.0
"""So long an export waits for the sealer before its stage is given back, to be tried again."""
WAITING = "waiting for the log"
_AGAIN_SECONDS = 1.0

_T = TypeVar("_T")


class DeskSealer:
    """The sealer as one claim asks it: patiently, and with the words of the queue."""

    def __init__(
        self,
        desk: Desk,
        sealer: JobSealer,
        right: WorkRight,
        *,
        wait_seconds: float = WAIT_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._desk = desk
        self._sealer = sealer
        self._right = right
        self._wait_seconds = wait_seconds
        self._sleep = sleep

    def ask(self, question: Callable[[JobSealer, WorkRight], _T]) -> _T:
        """Return the answer, however long it takes the service to come back, up to a limit.

        Raises StaleTokenError where the claim was overtaken, StopAsked where it should stop.
        """
        deadline = time.monotonic() + self._wait_seconds
        waits = False
        while True:
            try:
                return question(self._sealer, self._right)
            except OvertakenError as error:
                raise StaleTokenError(str(error), next_step=error.next_step) from error
            except SealerAwayError:
                if time.monotonic() >= deadline:
                    raise
            if not waits:
                self._desk.progress(WAITING, done=0, total=0)
                waits = True
            word = self._desk.stop_asked()
            if word is not None:
                raise StopAsked(word)
            self._sleep(_AGAIN_SECONDS)


class DeskLog:
    """An `EvidenceLog` for one claim; every job that it is asked about is the claim's."""

    def __init__(self, desk: Desk, sealer: DeskSealer) -> None:
        self._desk = desk
        self._sealer = sealer
        self.proof: JobProof | None = None
        """What was sealed last."""

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
        del job
        return self._sealer.ask(lambda sealer, right: sealer.entries(right))

    def seal(self, job: str) -> JobProof:
        """Have what is pending sealed, and the job's entries proven."""
        del job
        self.proof = self._sealer.ask(lambda sealer, right: sealer.seal(right))
        return self.proof

    def custody(self, sha256: str) -> tuple[CustodyLine, ...]:
        """Return what the log knows of bytes that the job names."""
        return self._sealer.ask(lambda sealer, right: sealer.custody(right, sha256))


class DeskSigner:
    """A `Signer` for one claim: its key is the log's, and signs what `log` has sealed."""

    def __init__(self, log: DeskLog, sealer: DeskSealer) -> None:
        self._log = log
        self._sealer = sealer
        self._key = b""

    @property
    def key_id(self) -> str:
        """SHA-256 of the raw public key."""
        return key_id(self.public_key)

    @property
    def public_key(self) -> bytes:
        """The raw public key: the one that was in force when it was first asked for."""
        if not self._key:
            self._key = self._sealer.ask(lambda sealer, _right: sealer.public_key())
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Return the signature over the statement of a bundle of the sealed job."""
        proof, key = self._log.proof, self.public_key
        if proof is None:
            raise EvidenceError("A statement is signed after its job was sealed.")
        return self._sealer.ask(
            lambda sealer, right: sealer.sign(
                right, message, checkpoint=proof.checkpoint, public_key=key
            )
        )


class NoClaim:
    """The log and the signer of a process that works under claims, between them: refuses."""

    key_id = ""
    public_key = b""

    def record(self, job: str, kind: str, body: Mapping[str, Json]) -> None:
        """Refuse."""
        del job, kind, body
        raise _no_claim()

    def entries(self, job: str) -> Sequence[bytes]:
        """Refuse."""
        del job
        raise _no_claim()

    def seal(self, job: str) -> JobProof:
        """Refuse."""
        del job
        raise _no_claim()

    def sign(self, message: bytes) -> bytes:
        """Refuse."""
        del message
        raise _no_claim()


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

    def heard(self) -> None:
        """Hear whether to stop; nothing new is done."""
        self.advance(0)

    def note(self, message: str) -> None:
        """Say nothing: what counts is in the report and in the entries."""

    def _tell(self) -> None:
        word = self._desk.stop_asked()
        if word is not None:
            raise StopAsked(word)
        self._desk.progress(self._step, done=self._done, total=self._total)


def _no_claim() -> EvidenceError:
    return EvidenceError("Here the log is spoken to under a claim alone.")
