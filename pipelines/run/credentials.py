"""Puts content credentials on a finished file, before the laws are checked on its final bytes.

A result without them is still delivered: then the reason is on record and in the report, for
statement and log prove the same and more. Only a full disk ends the job.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import CredentialsError, DecodeChildError
from pipelines.evidence.json_value import Json
from pipelines.graph.plan import Plan
from pipelines.media.credentials import (
    EMBEDDED_TYPES,
    SIDECAR_SUFFIX,
    MadeCredentials,
    Parent,
    is_installed,
    make_credentials,
)
from pipelines.ports import CredentialSigner
from pipelines.run.durable_file import write_whole
from pipelines.run.job import Job
from pipelines.stages.export.credential_manifest import credential_manifest, parent_ingredient
from pipelines.stages.export.facts_media import CredentialFacts, CredentialForm

ENTRY_KIND = "credentials"

UNPARSED = (
    "The content credentials name the file as received by its digest only; the C2PA library "
    "could not read that file itself."
)
BROKEN_PARENT = "The content credentials of the file as received do not hold: {codes}."
_RECORD = "credentials.json"
_LEFT_OUT = "they were left out on request"
_NO_SIGNER = "no key for them is configured"
_NO_LIBRARY = "the C2PA library is not installed"


@dataclass(frozen=True, slots=True)
class Credentialed:
    """What became of a result's credentials. `sidecar` lies beside the result in the work folder.

    `warnings` are sentences for the report.
    """

    facts: CredentialFacts
    sidecar: Path | None = None
    warnings: tuple[str, ...] = ()


def embeds(job: Job, media_type: str) -> bool:
    """Whether a result of this type will carry its credentials within itself."""
    return media_type in EMBEDDED_TYPES and not _lacks(job)


def add_credentials(
    job: Job,
    plan: Plan,
    result: Path,
    *,
    unsigned: Path,
    media_type: str,
    received_type: str,
    turned: bool = False,
) -> Credentialed:
    """Make `result` of `unsigned`, which may be the same file, and sign credentials for it.

    They are in the file where its kind takes them, else in a sidecar; then, and where there are
    none, `unsigned` becomes `result` as it is. `received_type` is the media type of the file as
    received; `turned` says that its orientation tag was applied. One entry says what came of it.
    Raises ResourceError, EvidenceError.
    """
    signer, lacks = job.tools.credentials, _lacks(job)
    if signer is None or lacks:
        unsigned.replace(result)
        return _without(job, lacks)
    job.progress.start("credentials", 0)
    embed = media_type in EMBEDDED_TYPES
    try:
        made = make_credentials(
            job.tools.pool,
            unsigned,
            media_type=media_type,
            parent=Parent(job.received.path, received_type, parent_ingredient(job.received)),
            manifest=credential_manifest(
                plan,
                job.checked.steps,
                job=job.job,
                application=job.tools.operator.application,
                received=job.received,
                result_name=result.name,
                turned=turned,
            ),
            signer=signer,
            out=result if embed else None,
        )
    except (CredentialsError, DecodeChildError) as error:
        unsigned.replace(result)
        return _without(job, str(error).rstrip("."))
    sidecar = None
    if not embed:
        unsigned.replace(result)
        sidecar = result.with_name(result.name + SIDECAR_SUFFIX)
        write_whole(sidecar, made.store)
    facts = _facts(made, signer, sidecar)
    job.record(ENTRY_KIND, _body(job, facts))
    return Credentialed(facts, sidecar, tuple(_about_parent(made)))


def save_credentialed(work: Path, made: Credentialed) -> None:
    """Make what came of the credentials durable, for an attempt that goes on."""
    record = {
        "facts": made.facts.model_dump(mode="json"),
        "sidecar": None if made.sidecar is None else made.sidecar.name,
        "warnings": list(made.warnings),
    }
    write_whole(work / _RECORD, json.dumps(record).encode())


def load_credentialed(work: Path) -> Credentialed | None:
    """What an earlier attempt made; None where there is nothing that can be read."""
    try:
        record = json.loads((work / _RECORD).read_bytes())
        sidecar = record["sidecar"]
        return Credentialed(
            CredentialFacts.model_validate(record["facts"]),
            None if sidecar is None else work / sidecar,
            tuple(record["warnings"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _about_parent(made: MadeCredentials) -> Iterator[str]:
    """What a reader of the report must know of the parent in the credentials."""
    if not made.parsed_parent:
        yield UNPARSED
    if made.parent_failures:
        yield BROKEN_PARENT.format(codes=", ".join(made.parent_failures))


def _lacks(job: Job) -> str:
    """Why there can be no credentials; empty where there can."""
    if job.checked.export.credentials == "none":
        return _LEFT_OUT
    if job.tools.credentials is None:
        return _NO_SIGNER
    return "" if is_installed() else _NO_LIBRARY


def _without(job: Job, reason: str) -> Credentialed:
    facts = CredentialFacts(form=CredentialForm.NONE, reason=reason)
    job.record(ENTRY_KIND, _body(job, facts))
    return Credentialed(facts, None, (f"The result carries no content credentials: {reason}.",))


def _facts(
    made: MadeCredentials, signer: CredentialSigner, sidecar: Path | None
) -> CredentialFacts:
    return CredentialFacts(
        form=CredentialForm.EMBEDDED if sidecar is None else CredentialForm.SIDECAR,
        state=made.found.state,
        library=made.found.library,
        manifest_sha256=made.store_sha256,
        certificate_sha256=signer.certificate_sha256,
        file_name=None if sidecar is None else sidecar.name,
    )


def _body(job: Job, facts: CredentialFacts) -> dict[str, Json]:
    """The entry: made over which file, and the manifest store that came of it."""
    body: dict[str, Json] = {
        "form": facts.form.value,
        "inputs": [{"role": "received", "sha256": job.received.sha256}],
        "outputs": [],
    }
    if facts.form is CredentialForm.NONE:
        return {**body, "reason": facts.reason}
    return {
        **body,
        "outputs": [{"role": "credentials", "sha256": facts.manifest_sha256}],
        "certificate_sha256": facts.certificate_sha256,
        "library": facts.library,
        "state": facts.state,
    }
