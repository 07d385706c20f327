"""The facts about who had what and when: people, custody, digests per stage, log entries.

Each line of custody says where it comes from: a sealed leaf of the log, an entry that is not
sealed yet, or the word of the operator. Nothing of one kind can pass for another: a sealed line
names its leaf and carries a clock's time, a stated one carries its time as a person wrote it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import model_validator

from pipelines.stages.export.fact_types import Count, Digest, Facts, Text, UtcTime


class PersonRole(StrEnum):
    """What somebody has to do with the job."""

    OPERATOR = "operator"
    REQUESTER = "requester"
    REVIEWER = "reviewer"


class PersonFacts(Facts):
    """Somebody as the operator named them; nobody's identity is checked here.

    `function` is what they do ("forensic examiner"), `organisation` for whom.
    """

    name: Text
    role: PersonRole
    function: Text | None = None
    organisation: Text | None = None


class CustodyKind(StrEnum):
    """What happened to an item."""

    RECEIVED = "received"
    TRANSFER = "transfer"
    ACCESS = "access"
    STAGE = "stage"
    EXPORT = "export"


class CustodySource(StrEnum):
    """Where a line of custody comes from."""

    SEALED = "sealed"
    UNSEALED = "unsealed"
    STATED = "stated"


class CustodyLine(Facts):
    """One receipt, transfer, access, stage or export.

    `at` is a clock's time and `clock` names the clock; `stated_time` is a time in a person's own
    words. `entry` is the kind of the log entry behind it, `leaf` its number in the sealed log.
    `what` says in plain words what happened, empty where `kind` says it all. `sha256` names the
    bytes that it happened to. What a person stated may say who recorded it, when, and as which
    leaf: that is when it was said, not when it happened.
    """

    kind: CustodyKind
    who: Text
    source: CustodySource
    at: UtcTime | None = None
    clock: Text | None = None
    stated_time: Text | None = None
    what: Text = ""
    entry: Text | None = None
    leaf: Count | None = None
    sha256: Digest | None = None
    recorded_by: Text | None = None
    recorded_at: UtcTime | None = None
    recorded_leaf: Count | None = None

    @model_validator(mode="after")
    def _says_where_it_comes_from(self) -> Self:
        if (self.leaf is not None) != (self.source is CustodySource.SEALED):
            raise ValueError("a line of custody names a leaf exactly when it is sealed")
        stated = self.source is CustodySource.STATED
        if stated and (self.at is not None or self.entry is not None):
            raise ValueError("what a person stated carries no clock's time and no entry")
        if not stated and (self.at is None or self.clock is None or self.stated_time is not None):
            raise ValueError("what the log holds carries its clock's time and no other")
        recorded = (self.recorded_by, self.recorded_at, self.recorded_leaf)
        if not stated and any(one is not None for one in recorded):
            raise ValueError("only what a person stated was recorded apart from happening")
        return self


class DigestStage(StrEnum):
    """At which point of the work a digest was taken, in the order of the work."""

    RECEIVED = "received"
    GRAPH = "graph"
    PLAN = "plan"
    WEIGHTS = "weights"
    INDEX = "index"
    DECODED = "decoded"
    TRACKS = "tracks"
    FUSION = "fusion"
    ENCODER = "encoder"
    ENCODER_FRAMES = "encoder-frames"
    DELIVERED_SAMPLES = "delivered-samples"
    DELIVERED_FRAMES = "delivered-frames"
    LEDGER = "ledger"
    MAP = "map"
    CREDENTIALS = "credentials"
    RESULT = "result"


class DigestLine(Facts):
    """One digest; `name` tells things of one stage apart, such as two files of weights."""

    stage: DigestStage
    sha256: Digest
    name: Text = ""
    algorithm: Literal["SHA-256 (FIPS 180-4)"] = "SHA-256 (FIPS 180-4)"


class EntryLine(Facts):
    """One entry of the job as the log holds it: its place in the job, its kind, its time.

    `sha256` is the digest of the entry's canonical form, which travels in the bundle.
    """

    sequence: Count
    kind: Text
    at: UtcTime
    clock: Text
    sha256: Digest | None = None


class PreservationFacts(Facts):
    """Where the file as received is: as the operator named it, and inside the bundle."""

    original_path: Text
    bundle_path: Text


class AttestationKind(StrEnum):
    """A proof that reaches beyond the bundle's own signature."""

    TIME_STAMP = "time-stamp"
    WITNESS = "witness"


class AttestationState(StrEnum):
    """What is known about it when the report is written, which is before anything is signed."""

    REQUESTED = "requested"
    NONE = "none"
    FAILED = "failed"


class AttestationFacts(Facts):
    """One such proof: a time stamp (RFC 3161) or a witness of the log."""

    kind: AttestationKind
    state: AttestationState
    detail: Text = ""
