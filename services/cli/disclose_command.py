"""`evident bundle disclose`: a copy of a bundle without what may not travel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import EvidenceError, EvidentError, RequestError, UnreadableError
from pipelines.evidence.archive_writer import ArchiveFacts
from pipelines.evidence.disclosure import build_disclosure, choose
from pipelines.evidence.entry import instant
from pipelines.evidence.finding import BundleError
from pipelines.evidence.json_value import Json
from pipelines.evidence.supplement import BundleName
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify import examine_bundle
from pipelines.evidence.verify_disclosure import verify_disclosure
from pipelines.evidence.verify_supplement import bundle_name
from pipelines.run.durable_file import writing
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.provenance.head_keys import HeadSigner
from services.settings.settings import Settings, read_settings

DISCLOSURE_KIND = "disclosure"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed."""

    bundle: Path
    without: tuple[str, ...]
    out: Path
    reason: str


def main(asked: Asked, *, as_json: bool) -> int:
    """Write the disclosure and put it on record; returns the exit code."""
    try:
        settings = read_settings()
        if asked.out.exists():
            raise RequestError(f"{asked.out} exists.", next_step="Name another file with --out.")
        signer = signing_key(settings)
        name, facts = _written(asked, settings, signer)
        verdict = _verified(asked.out)
        recorded = _record(asked, settings, signer, name, facts)
    except EvidentError as error:
        if as_json:
            print_json({"error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError | UnreadableError) else FAILED
    if as_json:
        print_json(
            {
                "disclosure": str(asked.out.absolute()),
                "sha256": facts.sha256,
                "bytes": facts.bytes,
                "job": verdict.job,
                "left_out": list(verdict.left_out),
                "recorded": recorded,
            }
        )
    else:
        print_text("\n".join((str(asked.out), *(f"Left out: {one}" for one in verdict.left_out))))
        if not recorded:
            print_text("Not on record: the bundle is from another log than the one here.")
    return GOOD


def _written(
    asked: Asked, settings: Settings, signer: HeadSigner
) -> tuple[BundleName, ArchiveFacts]:
    """Write the disclosure of a bundle that holds; return the bundle's name and its digest."""
    try:
        with asked.bundle.open("rb") as file:
            opened, verdict = examine_bundle(file)
            failure = verdict.first_failure
            if failure is not None:
                raise BundleError(failure.file, f"The bundle does not hold: {failure.detail}")
            name = bundle_name(opened)
            choice = choose(opened, asked.without)
            with writing(asked.out) as out:
                facts = build_disclosure(
                    out,
                    bundle=opened,
                    name=name,
                    choice=choice,
                    by=settings.operator,
                    at=instant(datetime.now(UTC)),
                    reason=asked.reason,
                    signer=signer,
                )
            return name, facts
    except OSError as error:
        raise UnreadableError(
            f"{asked.bundle} cannot be read: {error.strerror or error}.",
            next_step="Check the path.",
        ) from error


def _verified(path: Path) -> Verdict:
    with path.open("rb") as file:
        verdict = verify_disclosure(file)
    if not verdict.ok:
        path.unlink()
        failure = verdict.first_failure
        raise EvidenceError(f"What was written does not hold: {failure}")
    return verdict


def _record(
    asked: Asked, settings: Settings, signer: HeadSigner, name: BundleName, facts: ArchiveFacts
) -> bool:
    """Put the disclosure on record in the job's own log; False where that is elsewhere."""
    whole: Json = {"role": "bundle", "sha256": name.sha256, "bytes": name.size}
    part: Json = {"role": "disclosure", "sha256": facts.sha256, "bytes": facts.bytes}
    with evidence_log(settings, signer) as log:
        if log.origin != name.head.origin:
            return False
        without = ", ".join(asked.without)
        body = {"without": without, "reason": asked.reason, "inputs": [whole], "outputs": [part]}
        log.record(name.job, DISCLOSURE_KIND, body)
    return True
