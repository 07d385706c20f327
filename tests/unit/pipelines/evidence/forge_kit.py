"""Takes signed bags apart and puts them together again, rightly or not."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.archive_writer import write_archive
from pipelines.evidence.attestation import Statement, sign_statement
from pipelines.evidence.bundle_content import FileFact, manifest, predicate, subjects, tag_manifest
from pipelines.evidence.bundle_layout import (
    CHECKPOINT,
    ENTRIES,
    MANIFEST,
    STATEMENT_FILES,
    TAG_MANIFEST,
)
from pipelines.evidence.checkpoint import Checkpoint, parse_checkpoint
from pipelines.evidence.entry import parse_entry
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import Signer
from pipelines.evidence.signed_bag import (
    BUNDLE_KIND,
    BagKind,
    facts_of,
    measured,
    statement_files,
)

Files = Mapping[str, bytes]
"""A bag's files by their paths in it."""


def unpack(bag: bytes, kind: BagKind = BUNDLE_KIND) -> dict[str, bytes]:
    """Return the files of `bag`."""
    file = BytesIO(bag)
    return {
        member.name.removeprefix(kind.base): b"".join(read_chunks(file, member))
        for member in read_members(file)
    }


def pack(files: Files, kind: BagKind = BUNDLE_KIND) -> bytes:
    """Return a canonical archive of `files`, whatever they say."""
    out = BytesIO()
    write_archive(out, [(kind.base + path, one) for path, one in measured(files).items()])
    return out.getvalue()


def facts(files: Files) -> dict[str, FileFact]:
    """Measure `files`."""
    return facts_of(measured(files))


def relist(files: Files) -> dict[str, bytes]:
    """Return `files` with manifests that are right about them."""
    kept = {path: d for path, d in files.items() if path not in {MANIFEST, TAG_MANIFEST}}
    kept[MANIFEST] = manifest(facts(kept))
    kept[TAG_MANIFEST] = tag_manifest(facts(kept))
    return kept


def resign(
    files: Files,
    signer: Signer,
    *,
    said: Mapping[str, Json] | None = None,
    kind: BagKind = BUNDLE_KIND,
) -> bytes:
    """Return a bag of `files` with manifests and statement made anew over them.

    `said` is what the statement says; a bundle's follows from its files otherwise.
    """
    drop = {*STATEMENT_FILES, MANIFEST, TAG_MANIFEST}
    kept = {path: data for path, data in files.items() if path not in drop}
    kept[MANIFEST] = manifest(facts(kept))
    found = facts(kept)
    said = bundle_says(kept) if said is None else said
    statement = Statement(subjects(found), said, kind.predicate_type)
    kept |= statement_files(sign_statement(statement, signer), signer.public_key, kind)
    kept[TAG_MANIFEST] = tag_manifest(facts(kept))
    return pack(kept, kind)


def bundle_says(
    files: Files, *, head: Checkpoint | None = None, job: str | None = None
) -> dict[str, Json]:
    """Return what a bundle's statement says about `files`, or about another head or job."""
    head = head or parse_checkpoint(files[CHECKPOINT].partition(b"\n\n")[0] + b"\n")
    job = job or parse_entry(files[ENTRIES].split(b"\n")[0]).job
    return predicate(job, head, facts(files))
