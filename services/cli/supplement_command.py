"""`evident bundle supplement`: later facts about a bundle, from the log that it came from."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidenceError, EvidentError, RequestError, UnreadableError
from pipelines.evidence.archive_writer import ArchiveFacts, bytes_source
from pipelines.evidence.bundle_layout import SIGNATURE
from pipelines.evidence.finding import BundleError
from pipelines.evidence.json_value import Json
from pipelines.evidence.supplement import BundleName, Extra, LaterProof, build_supplement
from pipelines.evidence.verify import examine_bundle
from pipelines.evidence.verify_supplement import bundle_name, verify_with_supplements
from pipelines.ports import Signer, TimeStampAuthority
from pipelines.run.durable_file import writing
from pipelines.run.entries import TIME_STAMP_KIND, time_stamp_body
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.outside_checks import time_stamps
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.provenance.local_log import LocalLog
from services.settings.settings import Settings, read_settings
from services.telemetry.breakers import Breakers

SUPPLEMENT_KIND = "supplement"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed."""

    bundle: Path
    out: Path | None
    attach: tuple[Path, ...]
    time_stamps: tuple[Path, ...]
    ask_for_stamp: bool = False


@dataclass(frozen=True, slots=True)
class Supplement:
    """A supplement that was written and holds."""

    path: Path
    sha256: str
    size: int
    bundle_sha256: str
    job: str
    entries: int
    tree_size: int


def main(asked: Asked, *, as_json: bool) -> int:
    """Write the supplement; returns the exit code."""
    try:
        made = supplement(asked)
    except EvidentError as error:
        if as_json:
            print_json({"error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "", str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError | UnreadableError) else FAILED
    if as_json:
        print_json(
            {
                "supplement": str(made.path.absolute()),
                "sha256": made.sha256,
                "bytes": made.size,
                "bundle_sha256": made.bundle_sha256,
                "job": made.job,
                "later_entries": made.entries,
            }
        )
    else:
        print_text(f"{made.path}: later entries {made.entries}, leaves in the log {made.tree_size}")
    return GOOD


def supplement(asked: Asked) -> Supplement:
    """Write the supplement, verified beside its bundle.

    Raises RequestError for a bundle of another log, and what bundles and files raise.
    """
    settings = read_settings()
    signer = signing_key(settings)
    name, signature = _name(asked.bundle)
    out = _free(asked)
    authority = _authority(settings) if asked.ask_for_stamp else None
    stamps: list[Extra] = []
    with evidence_log(settings, signer) as log:
        if log.origin != name.head.origin:
            raise RequestError(
                f"The bundle is from another log, {name.head.origin}.",
                next_step="Run this where that log is; EVIDENT_HOME names it.",
            )
        if authority is not None:
            token = authority.stamp(signature)
            body = time_stamp_body(authority.authority, signature, token)
            log.record(name.job, TIME_STAMP_KIND, body)
            stamps.append(Extra("authority.tsr", bytes_source(token), stamp=True))
        later = log.seal_later(name.job, first=name.entries, since=name.head.size)
        facts = _written(asked, out, name, later, signer, stamps)
        _record(log, name, facts)
    proof = later.proof
    return Supplement(
        out, facts.sha256, facts.bytes, name.sha256, name.job, len(proof.entries), proof.tree_size
    )


def _name(bundle: Path) -> tuple[BundleName, bytes]:
    """Verify the bundle; return its name and its signature. A bad one gets no supplement."""
    try:
        with bundle.open("rb") as file:
            opened, verdict = examine_bundle(file)
            failure = verdict.first_failure
            if failure is not None:
                raise BundleError(failure.file, f"The bundle does not hold: {failure.detail}")
            return bundle_name(opened), opened.own[SIGNATURE]
    except OSError as error:
        raise _unreadable(bundle, error) from error


def _free(asked: Asked) -> Path:
    """Return where the supplement goes; nothing is ever overwritten."""
    if asked.out is not None:
        if asked.out.exists():
            raise RequestError(f"{asked.out} exists.", next_step="Name another file with --out.")
        return asked.out
    names = (f"supplement{'' if n == 1 else f'-{n}'}.zip" for n in itertools.count(1))
    return next(path for name in names if not (path := asked.bundle.with_name(name)).exists())


def _authority(settings: Settings) -> TimeStampAuthority:
    authority = time_stamps(settings, Breakers())
    if authority is None:
        raise RequestError(
            "No time-stamping authority is set.", next_step="Set EVIDENT_TSA_URL, or leave --stamp."
        )
    return authority


def _written(
    asked: Asked,
    out: Path,
    name: BundleName,
    later: LaterProof,
    signer: Signer,
    stamps: Sequence[Extra],
) -> ArchiveFacts:
    extras = [*stamps, *(_extra(path, stamp=False) for path in asked.attach)]
    extras += [_extra(path, stamp=True) for path in asked.time_stamps]
    with writing(out) as file:
        facts = build_supplement(file, bundle=name, later=later, extras=extras, signer=signer)
    with asked.bundle.open("rb") as bundle, out.open("rb") as supplement:
        failures = [one.first_failure for one in verify_with_supplements(bundle, [supplement])]
    for failure in failures:
        if failure is not None:
            out.unlink()
            raise EvidenceError(f"What was written does not hold: {failure.detail}")
    return facts


def _record(log: LocalLog, name: BundleName, facts: ArchiveFacts) -> None:
    """Put the supplement on record; the entry is in the log, and in the next supplement."""
    bundle: Json = {"role": "bundle", "sha256": name.sha256, "bytes": name.size}
    made: Json = {"role": "supplement", "sha256": facts.sha256, "bytes": facts.bytes}
    log.record(name.job, SUPPLEMENT_KIND, {"inputs": [bundle], "outputs": [made]})


def _extra(path: Path, *, stamp: bool) -> Extra:
    try:
        with path.open("rb"):
            return Extra(path.name, lambda: path.open("rb"), stamp)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UnreadableError:
    return UnreadableError(
        f"{path} cannot be read: {error.strerror or error}.", next_step="Check the path."
    )
