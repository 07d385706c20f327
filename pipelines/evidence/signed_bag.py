"""Writes a signed bag: payload, BagIt manifests, and one statement over all of it, in one zip.

A bundle, a supplement and a disclosure are such bags; they differ in the folder that they
stand in and in what their statement says. Nothing is circular: the manifest lists the
payload, the statement signs the manifest, a time stamp covers the signature, and the tag
manifest lists the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.evidence.archive_writer import (
    ArchiveFacts,
    Measured,
    Sink,
    bytes_source,
    measure,
    write_archive,
)
from pipelines.evidence.attestation import (
    PREDICATE_TYPE,
    Statement,
    open_statement,
    sign_statement,
)
from pipelines.evidence.bundle_content import (
    DECLARATION_BYTES,
    Facts,
    FileFact,
    manifest,
    subjects,
    tag_manifest,
)
from pipelines.evidence.bundle_layout import (
    BASE,
    DECLARATION,
    ENVELOPE,
    MANIFEST,
    SIGNATURE,
    SIGNED_BYTES,
    STATEMENT_PEM,
    TAG_MANIFEST,
    TIME_STAMP,
)
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import Signer, public_pem

TimeStamper = Callable[[bytes], bytes]
"""Gets the statement's signature and hands back an RFC 3161 response over it (DER)."""


@dataclass(frozen=True, slots=True)
class BagKind:
    """What sort of bag it is: its name, its folder in the archive, its statement's type."""

    name: str
    base: str
    predicate_type: str


BUNDLE_KIND = BagKind("bundle", BASE, PREDICATE_TYPE)


def write_bag(
    out: Sink,
    kind: BagKind,
    files: Mapping[str, Measured],
    predicate: Callable[[Facts], dict[str, Json]],
    *,
    signer: Signer,
    time_stamper: TimeStamper | None = None,
) -> ArchiveFacts:
    """Write `files` (everything under `data/`, and VERIFY.txt) as a signed bag to `out`.

    `predicate` is asked for what the statement says, once everything that it signs is known.
    """
    content = dict(files)
    _add(content, {DECLARATION: DECLARATION_BYTES})
    _add(content, {MANIFEST: manifest(facts_of(content))})
    facts = facts_of(content)
    statement = Statement(subjects(facts), predicate(facts), kind.predicate_type)
    parts = statement_files(sign_statement(statement, signer), signer.public_key, kind)
    _add(content, parts)
    if time_stamper is not None:
        _add(content, {TIME_STAMP: time_stamper(parts[SIGNATURE])})
    _add(content, {TAG_MANIFEST: tag_manifest(facts_of(content))})
    return write_archive(out, [(kind.base + path, one) for path, one in content.items()])


def statement_files(
    envelope: bytes, public_key: bytes, kind: BagKind = BUNDLE_KIND
) -> dict[str, bytes]:
    """Return the files under `statement/`: the envelope, and its parts as openssl reads them."""
    signed = open_statement(envelope, public_key, predicate_type=kind.predicate_type)
    return {
        ENVELOPE: envelope,
        SIGNED_BYTES: signed.signed_bytes,
        SIGNATURE: signed.signature,
        STATEMENT_PEM: public_pem(public_key),
    }


def measured(files: Mapping[str, bytes]) -> dict[str, Measured]:
    """Return files in memory as a writer takes them."""
    return {path: measure(bytes_source(data)) for path, data in files.items()}


def facts_of(content: Mapping[str, Measured]) -> dict[str, FileFact]:
    """Return digests and sizes of measured files."""
    return {path: FileFact(one.sha256, one.size) for path, one in content.items()}


def _add(content: dict[str, Measured], files: Mapping[str, bytes]) -> None:
    content.update(measured(files))
