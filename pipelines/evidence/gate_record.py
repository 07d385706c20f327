"""A gate's record: what was judged, how it did, and who says so, in one signed statement.

An in-toto Statement v1 in a DSSE envelope (see `attestation`), predicate type
`https://evident.invalid/gate/v1`. Its subjects are the weights and the golden set's manifest by
digest. A record binds weights, engine (major.minor), precision and kind of device; it says
nothing about any other, and nothing about one picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.attestation import Statement, open_statement, sign_statement
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import Signer

PREDICATE_TYPE = "https://evident.invalid/gate/v1"
VERSION = 1
MAX_RECORD_BYTES = 4 << 20

WEIGHTS = "weights"
GOLDEN_SET = "golden-set"
_NOT_A_RECORD = "The statement is not a gate record of version 1."
_SUBJECT = (
    "network",
    "version",
    "weights_sha256",
    "engine",
    "engine_version",
    "precision",
    "device_class",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a gate holds for: exactly these weights in exactly this way of running.

    `engine_version` is major.minor.
    """

    network: str
    version: str
    weights_sha256: str
    engine: str
    engine_version: str
    precision: str
    device_class: str


@dataclass(frozen=True, slots=True)
class GateRecord:
    """A record taken apart. `sha256` is that of the envelope; `at` is UTC as in entries."""

    judged: Judged
    passed: bool
    set_name: str
    set_sha256: str
    cases: int
    at: str
    operator: str
    application: str
    results: Mapping[str, Json]
    lines: tuple[Json, ...]
    sha256: str


def sign_record(
    results: Mapping[str, Json],
    lines: tuple[Mapping[str, Json], ...],
    *,
    passed: bool,
    said: Mapping[str, str],
    signer: Signer,
) -> bytes:
    """Return the signed record of `results` (as a gate spells them) and its judged `lines`.

    `said` has `at`, `clock`, `operator`, `application`, `thresholds_sha256` and
    `baseline_sha256`. Raises EvidenceError for values without a canonical spelling.
    """
    subject, golden = results.get("subject"), results.get("set")
    if not isinstance(subject, Mapping) or not isinstance(golden, Mapping):
        raise EvidenceError("The results name no subject and no golden set.")
    statement = Statement(
        subjects={WEIGHTS: str(subject["weights_sha256"]), GOLDEN_SET: str(golden["sha256"])},
        predicate={
            "version": VERSION,
            **dict(said),
            "passed": passed,
            "lines": list(lines),
            "results": dict(results),
        },
        predicate_type=PREDICATE_TYPE,
    )
    return sign_statement(statement, signer)


def open_record(envelope: bytes, public_key: bytes) -> GateRecord:
    """Return the record in `envelope`, signed by `public_key`; EvidenceError for anything else."""
    if len(envelope) > MAX_RECORD_BYTES:
        raise EvidenceError("The gate record is too long.")
    statement = open_statement(envelope, public_key, predicate_type=PREDICATE_TYPE).statement
    match statement.predicate:
        case {
            "version": int(version),
            "passed": bool(passed),
            "at": str(at),
            "operator": str(operator),
            "application": str(application),
            "lines": list(lines),
            "results": dict(results),
        } if version == VERSION:
            judged, set_name, set_sha256, cases = _facts(results)
        case _:
            raise EvidenceError(_NOT_A_RECORD)
    if dict(statement.subjects) != {WEIGHTS: judged.weights_sha256, GOLDEN_SET: set_sha256}:
        raise EvidenceError("The gate record's subjects are not what it speaks of.")
    if passed != (bool(lines) and all(_holds(line) for line in lines)):
        raise EvidenceError("The gate record's verdict does not follow from its lines.")
    return GateRecord(
        judged=judged,
        passed=passed,
        set_name=set_name,
        set_sha256=set_sha256,
        cases=cases,
        at=at,
        operator=operator,
        application=application,
        results=results,
        lines=tuple(lines),
        sha256=hashlib.sha256(envelope).hexdigest(),
    )


def _facts(results: Mapping[str, Json]) -> tuple[Judged, str, str, int]:
    """What was judged, on which set, and how many cases it had."""
    match results:
        case {
            "subject": dict(subject),
            "set": {"name": str(set_name), "sha256": str(set_sha256)},
            "scores": list(scores),
        } if all(isinstance(subject.get(one), str) for one in _SUBJECT):
            cases = {str(one.get("case")) for one in scores if isinstance(one, Mapping)}
            judged = Judged(*(str(subject[one]) for one in _SUBJECT))
            return judged, set_name, set_sha256, len(cases)
        case _:
            raise EvidenceError(_NOT_A_RECORD)


def _holds(line: Json) -> bool:
    return isinstance(line, Mapping) and line.get("holds") is True
