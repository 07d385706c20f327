"""The shape of the words of custody, truths, verification, signatures and the summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.stages.export.facts_custody import (
    AttestationKind,
    AttestationState,
    CustodyKind,
    CustodySource,
    DigestStage,
    PersonRole,
)
from pipelines.stages.export.words.language import Plural


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyWords:
    """Chain of custody: people, lines, digests, entries, further proofs."""

    heading: str
    introduction: str
    people: str
    people_columns: tuple[str, str, str, str]
    roles: Mapping[PersonRole, str]
    identity: str
    lines: str
    lines_introduction: str
    no_lines: str
    line_columns: tuple[str, str, str, str]
    kinds: Mapping[CustodyKind, str]
    sources: Mapping[CustodySource, str]
    recorded: str
    time_stated: str
    time_unknown: str
    digest_line: str
    digests: str
    digests_introduction: str
    digest_columns: tuple[str, str]
    stages: Mapping[DigestStage, str]
    entries: str
    entries_introduction: str
    no_entries: str
    entry_columns: tuple[str, str, str, str]
    proofs: str
    proof_kinds: Mapping[AttestationKind, str]
    proof_states: Mapping[AttestationState, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingWords:
    """Limits, verification, repetition, signatures."""

    limits: str
    verify: str
    verify_introduction: str
    bundle: str
    received: str
    delivered: str
    by_hand: str
    replay: str
    shows: str
    report_digest: str
    signatures: str
    signatures_introduction: str
    signature_name: str
    signature_function: str
    signature_organisation: str
    signature_date: str
    signature_sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceWords:
    """The sentences that the product prints because they are true."""

    presets: Mapping[str, str]
    trained: str
    consistency: str
    supplied: str
    fusion: str
    fusion_frames: str
    gate: str
    time: str
    verify: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWords:
    """What may not be concluded."""

    before_receipt: str
    not_the_recording: str
    not_measured: str
    repeatable: str
    display: str
    ungated: str
    lossy: str
    mixed: str
    agreement: str
    estimated: str
    enlarged: str
    no_operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWords:
    """The lines that the command line prints at the end of a job."""

    head: str
    no_operation: str
    result: str
    frames: Plural
    network: str
    note: str
    assumed: str
    override: str
    warning: str
    fusion: str
    tracks: str
    tracks_found: Plural
    defect: str
    broken: str
    became: str
    more: str
    more_settings: Plural
    already: str
    bundle: str
    bundle_holds: str
