"""What the report says about custody: entries, digests at every stage, where the original is.

All of it is read from what is on record already: the job's entries in the log, the history that
the log knows of the file as received, the files themselves. Nothing is remembered besides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.evidence.archive_name import safe_part
from pipelines.evidence.entry import Entry, parse_entry
from pipelines.evidence.json_value import Json
from pipelines.run.job import Job, Made
from pipelines.run.marks import file_sha256
from pipelines.stages.export.facts_custody import (
    AttestationFacts,
    AttestationKind,
    AttestationState,
    CustodyLine,
    DigestLine,
    DigestStage,
    EntryLine,
    PreservationFacts,
)

RECEIVED_FOLDER = "data/received/"

_STAGES = {
    "index_sha256": DigestStage.INDEX,
    "samples_sha256": DigestStage.DECODED,
    "encoder_sha256": DigestStage.ENCODER,
    "encoder_frames_sha256": DigestStage.ENCODER_FRAMES,
    "delivered_sha256": DigestStage.DELIVERED_SAMPLES,
    "delivered_frames_sha256": DigestStage.DELIVERED_FRAMES,
}
_WHOLE_JOB = ("stage.finished", "laws")
"""Kinds of entry whose digests are about the whole file; others are about segments."""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the log holds of a job and of the file that it is about."""

    entries: tuple[EntryLine, ...]
    digests: tuple[DigestLine, ...]
    custody: tuple[CustodyLine, ...]


def on_record(job: Job, made: Made) -> OnRecord:
    """Read what the log holds up to now. Raises EvidenceError where an entry is damaged."""
    canonical = job.tools.log.entries(job.job)
    entries = [parse_entry(one) for one in canonical]
    history = job.tools.history
    return OnRecord(
        entries=tuple(
            EntryLine(
                sequence=entry.sequence,
                kind=entry.kind,
                at=entry.at,
                clock=entry.clock,
                sha256=hashlib.sha256(one).hexdigest(),
            )
            for entry, one in zip(entries, canonical, strict=True)
        ),
        digests=(*_digests(entries), *_ledger(made)),
        custody=() if history is None else history(job.received.sha256),
    )


def attestations(job: Job) -> tuple[AttestationFacts, ...]:
    """Say which proofs by others are asked for; they come after the report, with the signature."""
    stamped = job.tools.time_stamps is not None and "bundle" in job.checked.export.formats
    return (
        _asked(AttestationKind.TIME_STAMP, asked=stamped),
        _asked(AttestationKind.WITNESS, asked=job.tools.witnessed),
    )


def preservation(job: Job) -> PreservationFacts:
    """Say where the file as received is: as it was named, and inside the bundle."""
    name = safe_part(job.received.name)
    return PreservationFacts(
        original_path=str(job.received.path), bundle_path=f"{RECEIVED_FOLDER}{name}"
    )


def _asked(kind: AttestationKind, *, asked: bool) -> AttestationFacts:
    state = AttestationState.REQUESTED if asked else AttestationState.NONE
    return AttestationFacts(kind=kind, state=state)


def _digests(entries: Iterable[Entry]) -> Iterator[DigestLine]:
    """Yield the digests that entries about the whole file state, the last of each stage."""
    found: dict[DigestStage, Json] = {}
    for entry in entries:
        if entry.kind in _WHOLE_JOB:
            stated = {stage: entry.body[key] for key, stage in _STAGES.items() if key in entry.body}
            found.update(stated)
    for stage, digest in found.items():
        yield DigestLine(stage=stage, sha256=str(digest))


def _ledger(made: Made) -> Iterator[DigestLine]:
    if made.ledger is not None:
        yield DigestLine(stage=DigestStage.LEDGER, sha256=file_sha256(made.ledger))
