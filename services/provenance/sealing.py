"""What whoever works on a job may ask of the log: the port, and the right by which it is asked.

Two adapters keep these promises: `LocalSealer` beside the log, and `SealingClient` on any other
machine. Nothing is proven or signed for an attempt that is not in force, and no statement is
signed that does not follow, word for word, from what the log has sealed of that job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipelines.errors import EvidentError, ResourceError
from pipelines.evidence.entry import JobProof
from pipelines.stages.export.facts_custody import CustodyLine


@dataclass(frozen=True, slots=True)
class WorkRight:
    """The claim under which something is asked; `attempt` is its fencing token."""

    job: str
    stage: str
    attempt: int
    worker: str


class OvertakenError(EvidentError):
    """The attempt that asks is not in force any more: the work is another's."""


class KeyChangedError(ResourceError):
    """The log's key changed between a seal and the signature that was asked for."""


class JobSealer(Protocol):
    """Seals, proves and signs. Every call under a right may raise OvertakenError.

    ResourceError where the log cannot answer now; EvidenceError where it never will.
    """

    def entries(self, right: WorkRight) -> tuple[bytes, ...]:
        """Every entry of the job up to now in canonical form, in its order."""

    def seal(self, right: WorkRight) -> JobProof:
        """Number what is pending, publish a checkpoint, and prove every entry of the job."""

    def public_key(self) -> bytes:
        """The raw 32-byte key that statements are signed with now."""

    def sign(
        self, right: WorkRight, message: bytes, *, checkpoint: bytes, public_key: bytes
    ) -> bytes:
        """Return the signature over a bundle's statement, by the key that was named.

        `message` is DSSE's encoding of the statement, `checkpoint` the note of the job's proof.
        Raises NotSealedError for a statement that does not follow from that proof, and
        KeyChangedError where another key signs by now.
        """

    def custody(self, right: WorkRight, sha256: str) -> tuple[CustodyLine, ...]:
        """What the log knows of bytes that the job's own entries name. Raises EvidenceError."""
