"""What the pipelines need from the outside world, as small protocols.

`services` implements them; nothing here or below knows how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from pipelines.evidence.entry import JobProof
from pipelines.evidence.json_value import Json


class Signer(Protocol):
    """Holds an Ed25519 private key and signs with it."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the raw public key, lower-case hexadecimal."""

    @property
    def public_key(self) -> bytes:
        """The raw 32-byte Ed25519 public key."""

    def sign(self, message: bytes) -> bytes:
        """A 64-byte Ed25519 signature (RFC 8032)."""


class CredentialSigner(Protocol):
    """Signs content credentials with a certified key of its own, never with the evidence key.

    The bytes come from a process that has read a stranger's file, so this key must be worth
    nothing elsewhere.
    """

    @property
    def algorithm(self) -> str:
        """The COSE algorithm as C2PA names it: `ed25519`, `es256` or `es384`."""

    @property
    def certificates(self) -> str:
        """The chain as PEM, the signer's own certificate first."""

    @property
    def certificate_sha256(self) -> str:
        """SHA-256 of the signer's own certificate (DER), lower-case hexadecimal."""

    def sign(self, message: bytes) -> bytes:
        """A signature as COSE wants it (RFC 9053): for ECDSA, r and s side by side."""


class TimeStampAuthority(Protocol):
    """Stamps digests with the time (RFC 3161)."""

    @property
    def authority(self) -> str:
        """Who is asked, for a person."""

    def stamp(self, message: bytes) -> bytes:
        """A response (DER) over SHA-256 of `message`. Raises TimeStampError."""


class EvidenceLog(Protocol):
    """Takes entries and seals them. An entry is durable when `record` returns."""

    def record(self, job: str, kind: str, body: Mapping[str, Json]) -> None:
        """Commit one entry of `job`; entries of a job keep their order."""

    def entries(self, job: str) -> Sequence[bytes]:
        """Every entry of `job` up to now in canonical form, in its order."""

    def seal(self, job: str) -> JobProof:
        """Number what is pending, publish a checkpoint, and prove every entry of `job`."""


class GateState(StrEnum):
    """What is known about a network in the way it would run."""

    PASSED = "passed"
    """A gate passed, for this engine build or by known answers, and nobody withdrew it."""
    FAILED = "failed"
    """The newest gate for this way of running failed."""
    UNGATED = "ungated"
    """No gate has judged it in this way of running."""
    WITHDRAWN = "withdrawn"
    """Somebody withdrew the network."""


class Admission(StrEnum):
    """Why a gate holds here."""

    RECORD = "record"
    """Its record names this engine (major.minor), precision and kind of device."""
    KNOWN_ANSWERS = "known-answers"
    """Its record names another build; this one gives the shipped known answers."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class GateStanding:
    """The gate that counts for a network as it would run; `detail` is for a person.

    `sha256` is that of the record, `judged_set` and `cases` what it was judged on. `way_out` is
    what a person has to do where another gate would change nothing; empty where one would.
    """

    state: GateState
    admitted_by: Admission = Admission.NONE
    sha256: str = ""
    judged_set: str = ""
    cases: int = 0
    detail: str = ""
    way_out: str = ""


class GateBook(Protocol):
    """Knows what gates have said about networks."""

    def standing(self, facts: Mapping[str, str | int], run: Callable[[Any], Any]) -> GateStanding:
        """Tell what is known of a network.

        `facts` are how it would run here (`Networks.facts`); `run` runs it on one plane, for
        known answers, and is called only where these decide.
        """


class Progress(Protocol):
    """Hears how far long work has come."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins; `total` is its number of steps, 0 when unknown."""

    def advance(self, steps: int = 1) -> None:
        """Some steps of the current stage are done."""

    def note(self, message: str) -> None:
        """One line for a person."""


class SilentProgress:
    """A `Progress` that nobody listens to."""

    def start(self, stage: str, total: int) -> None:
        """Say nothing."""

    def advance(self, steps: int = 1) -> None:
        """Say nothing."""

    def note(self, message: str) -> None:
        """Say nothing."""
