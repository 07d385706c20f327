"""Whether a statement says no more than the log has sealed: what a signer asks before it signs.

A statement that comes from another machine is signed where it is, word for word, the one that
follows from the job's proof: subjects are the files of the job's last export entry and the files
of the proof itself, with the manifest that lists them, and what is said of job, head, materials
and results is derived again. Refused: everything else. The one subject that does not follow from
the proof is `VERIFY.txt`, the page for a person; it is taken as it comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pipelines.errors import EvidenceError
from pipelines.evidence.attestation import Statement
from pipelines.evidence.bundle_content import DECLARATION_BYTES, FileFact, manifest, predicate
from pipelines.evidence.bundle_layout import (
    DECLARATION,
    MANIFEST,
    OWN_FILES,
    REQUIRED,
    VERIFY,
    role_of,
)
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import JobProof, parse_entry
from pipelines.evidence.export_entry import exported
from pipelines.evidence.json_value import Json
from pipelines.evidence.log_files import encode_proof


class NotSealedError(EvidenceError):
    """A statement says what the log has not sealed."""


def require_sealed(statement: Statement, proof: JobProof, head: Checkpoint) -> None:
    """Raise `NotSealedError` unless `statement` follows from `proof`, which is under `head`.

    The caller has made the proof itself: nothing in it comes from whoever wants the signature.
    """
    page = statement.subjects.get(VERIFY)
    if page is None:
        raise _refused(f"it does not name {VERIFY}")
    facts = {path: FileFact(sha256, 0) for path, sha256 in _exported_files(proof).items()}
    for path, data in encode_proof(proof).items():
        facts[path] = FileFact(_sha256(data), len(data))
    facts[MANIFEST] = FileFact(_sha256(manifest(facts)), 0)
    facts[DECLARATION] = FileFact(_sha256(DECLARATION_BYTES), 0)
    facts[VERIFY] = FileFact(page, 0)
    if statement.subjects != {path: fact.sha256 for path, fact in facts.items()}:
        raise _refused("its files are not those of the job's sealed export")
    said = predicate(proof.job, head, facts)
    if canonical_bytes(dict(statement.predicate)) != canonical_bytes(said):
        raise _refused("what it says of job, log, materials and results is not what was sealed")


def _exported_files(proof: JobProof) -> Mapping[str, str]:
    """Return path and digest of every file of the job's last export, each in its place."""
    found: dict[str, str] = {}
    for line in exported([parse_entry(one) for one in proof.entries]):
        path, sha256 = _file(line)
        if path in found or path in OWN_FILES:
            raise _refused(f"the export names {path} where it may not stand")
        found[path] = sha256
    missing = set(REQUIRED) - {role_of(path) for path in found}
    if missing:
        raise _refused(f"the export lacks its {min(missing)}")
    return found


def _file(line: Json) -> tuple[str, str]:
    match line:
        case {"role": str(role), "path": str(path), "sha256": str(sha256)} if role_of(
            path
        ) is not None and role == str(role_of(path)):
            return path, sha256
        case _:
            raise _refused("the export has a line that names no file of a bundle")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refused(why: str) -> NotSealedError:
    return NotSealedError(
        f"The statement is not signed: {why}.",
        next_step="See what asked for it; a worker of this version asks for what is sealed.",
    )
