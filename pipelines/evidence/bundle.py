"""Builds a bundle: the job's files, its proof, and a statement over all of it, in one zip.

The order that keeps it free of circles: `place` the finished files, record an entry of kind
`EXPORT_KIND` with `export_body(placed)`, seal the job, then `build_bundle`. The same input
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_writer import (
    ArchiveFacts,
    Measured,
    Sink,
    bytes_source,
    measure,
    write_archive,
)
from pipelines.evidence.attestation import Statement, open_statement, sign_statement
from pipelines.evidence.bundle_content import (
    DECLARATION_BYTES,
    FileFact,
    export_lines,
    manifest,
    predicate,
    subjects,
    tag_manifest,
)
from pipelines.evidence.bundle_layout import (
    BASE,
    DECLARATION,
    ENVELOPE,
    MANIFEST,
    REQUIRED,
    SIGNATURE,
    SIGNED_BYTES,
    STATEMENT_PEM,
    TAG_MANIFEST,
    VERIFY,
    PlacedFile,
)
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.entry import JobProof, parse_entry
from pipelines.evidence.export_entry import exported
from pipelines.evidence.log_files import check_inclusion, encode_proof, log_head, log_keys
from pipelines.evidence.signature import Signer, key_id, public_pem
from pipelines.evidence.verify_text import verify_page


def build_bundle(
    out: Sink, *, files: Sequence[PlacedFile], proof: JobProof, signer: Signer
) -> ArchiveFacts:
    """Write the bundle to `out` as a stream; return its SHA-256 and size.

    Memory is flat in the size of the files, each of which is read once more here. Raises
    `EvidenceError` where a required file is missing, the job's export entry does not name
    exactly `files`, the proof does not hold, or a file has changed since it was placed.
    """
    missing = [role for role in REQUIRED if all(file.role is not role for file in files)]
    if missing:
        raise EvidenceError(f"The bundle lacks its {missing[0]}.")
    content = {file.path: file.content for file in files}
    entries = [parse_entry(entry) for entry in proof.entries]
    if canonical_bytes(exported(entries)) != canonical_bytes(export_lines(_facts(content))):
        raise EvidenceError("The export entry does not name exactly the files of the bundle.")

    log = encode_proof(proof)
    head = log_head(log, log_keys(log))
    check_inclusion(log, head)
    _add(content, log)
    page = verify_page(
        job=proof.job,
        statement_key=signer.key_id,
        log_key=key_id(log_keys(log)[0].public_key),
    )
    _add(content, {VERIFY: page, DECLARATION: DECLARATION_BYTES})
    _add(content, {MANIFEST: manifest(_facts(content))})

    facts = _facts(content)
    statement = Statement(subjects(facts), predicate(proof.job, head, facts))
    envelope = sign_statement(statement, signer)
    _add(content, statement_files(envelope, signer.public_key))
    _add(content, {TAG_MANIFEST: tag_manifest(_facts(content))})
    return write_archive(out, [(BASE + path, one) for path, one in content.items()])


def statement_files(envelope: bytes, public_key: bytes) -> dict[str, bytes]:
    """Return the files under `statement/`: the envelope, and its parts as openssl reads them."""
    signed = open_statement(envelope, public_key)
    return {
        ENVELOPE: envelope,
        SIGNED_BYTES: signed.signed_bytes,
        SIGNATURE: signed.signature,
        STATEMENT_PEM: public_pem(public_key),
    }


def _add(content: dict[str, Measured], files: dict[str, bytes]) -> None:
    content.update({path: measure(bytes_source(data)) for path, data in files.items()})


def _facts(content: dict[str, Measured]) -> dict[str, FileFact]:
    return {path: FileFact(one.sha256, one.size) for path, one in content.items()}
