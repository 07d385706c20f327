"""The checks of a bundle, one function each, in the order in which `verify` runs them.

Each takes the bundle with what earlier checks have found, returns what it found in words, and
raises `BundleError` naming the file where something does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from pipelines.evidence.archive_reader import read_chunks
from pipelines.evidence.bundle_content import export_lines, predicate
from pipelines.evidence.bundle_layout import (
    ENTRIES,
    ENVELOPE,
    LEDGER,
    LOG_KEYS,
    OWN_FILES,
    REQUIRED,
    SIGNATURE,
    TIME_STAMP,
    Role,
    role_of,
    sidecar_of,
)
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import Entry
from pipelines.evidence.entry_facts import check_entries, check_ledger
from pipelines.evidence.export_entry import exported
from pipelines.evidence.finding import ARCHIVE, BundleError
from pipelines.evidence.handover import log_signers
from pipelines.evidence.ledger_form import LedgerCheck
from pipelines.evidence.log_files import check_inclusion, log_entries, log_head, log_keys
from pipelines.evidence.opened_bag import (
    BAG_STEPS,
    OpenedBag,
    Step,
    blamed,
    check_trust,
    known,
    layout,
    witness_lines,
)
from pipelines.evidence.outside import (
    CredentialCheck,
    Medium,
    NotChecked,
    TimeStampCheck,
    member_source,
)
from pipelines.evidence.papers import HELD, Papers, check_plan, check_report, read_papers
from pipelines.evidence.signature import key_id
from pipelines.evidence.signed_bag import BUNDLE_KIND


@dataclass(slots=True)
class OpenedBundle(OpenedBag):
    """A bundle on its way through the checks."""

    time_stamp_check: TimeStampCheck | None = None
    credential_check: CredentialCheck | None = None
    ledger: LedgerCheck = field(default_factory=LedgerCheck)
    head: Checkpoint | None = None
    entries: tuple[Entry, ...] = ()
    job: str = ""
    papers: Papers | None = None


def opened_bundle(reader: BinaryIO, trusted_keys: tuple[bytes, ...]) -> OpenedBundle:
    """Take a bundle for the checks to begin with; nothing is read yet."""
    bundle = OpenedBundle(
        file=reader,
        kind=BUNDLE_KIND,
        trusted=trusted_keys,
        required=OWN_FILES,
        admits=lambda path: role_of(path) is not None,
        held=HELD.__contains__,
    )
    bundle.watchers[LEDGER] = bundle.ledger
    return bundle


def _layout(bundle: OpenedBundle) -> str:
    found = layout(bundle)
    roles = {role_of(path) for path in bundle.facts if path not in OWN_FILES}
    for role in REQUIRED:
        if role not in roles:
            raise BundleError(ARCHIVE, f"The bundle has no {role}.")
    return found


def _log_head(bundle: OpenedBundle) -> str:
    keys = log_keys(bundle.own)
    bundle.public_keys.append(keys[0].public_key)
    check_trust(bundle, log_signers(keys), LOG_KEYS)
    bundle.head = log_head(bundle.own, keys)
    return (
        f"{bundle.head.origin}, {bundle.head.size} leaves, signed by {key_id(keys[0].public_key)}"
    )


def _entries(bundle: OpenedBundle) -> str:
    bundle.entries = log_entries(bundle.own)
    bundle.job = bundle.entries[0].job
    return f"{len(bundle.entries)} entries of job {bundle.job}, without a gap"


def _inclusion(bundle: OpenedBundle) -> str:
    check_inclusion(bundle.own, known(bundle.head))
    return "every entry is a leaf of the log, in the job's order"


def _export(bundle: OpenedBundle) -> str:
    stated = blamed(ENTRIES, lambda: exported(bundle.entries))
    found = export_lines(bundle.facts)
    if canonical_bytes(stated) != canonical_bytes(found):
        for line in found:
            if line not in stated and isinstance(line, dict):
                raise BundleError(str(line["path"]), "The export entry does not name this file.")
        raise BundleError(ENTRIES, "The export entry names files that are not in the bundle.")
    return f"the export entry names the {len(found)} files of the job"


def _claim(bundle: OpenedBundle) -> str:
    said = canonical_bytes(bundle.statement.predicate)
    if said != canonical_bytes(predicate(bundle.job, known(bundle.head), bundle.facts)):
        raise BundleError(ENVELOPE, "The statement is about another job, log or set of files.")
    return "the statement is about this job, this log and these files"


def _plan(bundle: OpenedBundle) -> str | NotChecked:
    bundle.papers = read_papers(bundle.own, bundle.facts)
    return check_plan(bundle.papers)


def _report(bundle: OpenedBundle) -> str | NotChecked:
    return check_report(known(bundle.papers), bundle.job)


def _record(bundle: OpenedBundle) -> str:
    return check_entries(known(bundle.papers), bundle.entries)


def _ledger(bundle: OpenedBundle) -> str:
    if LEDGER not in bundle.facts:
        return "none in this bundle"
    ledger = blamed(LEDGER, bundle.ledger.finish)
    chunks = read_chunks(bundle.file, bundle.members[LEDGER])
    papers = known(bundle.papers)
    return blamed(LEDGER, lambda: check_ledger(ledger, chunks, papers, bundle.entries))


def _time_stamp(bundle: OpenedBundle) -> str | NotChecked:
    if TIME_STAMP not in bundle.facts:
        return NotChecked("the bundle carries none")
    check = bundle.time_stamp_check
    if check is None:
        return NotChecked("there is one, and nothing here that reads it")
    found = blamed(TIME_STAMP, lambda: check(bundle.own[SIGNATURE], bundle.own[TIME_STAMP]))
    if isinstance(found, NotChecked):
        return found
    bundle.stamped = found.anchored
    return found.detail


def _credentials(bundle: OpenedBundle) -> str | NotChecked:
    check = bundle.credential_check
    if check is None:
        return NotChecked("nothing here that reads those inside the media")
    details = []
    for path in bundle.facts:
        if role_of(path) is not Role.RESULT:
            continue
        medium = _medium(bundle, path)
        found = blamed(path, partial(check, medium))
        if isinstance(found, NotChecked):
            return found
        details.append(found.detail)
    return "; ".join(details)


def _medium(bundle: OpenedBundle, path: str) -> Medium:
    sidecar = bundle.members.get(sidecar_of(path))
    return Medium(
        path,
        member_source(bundle.file, bundle.members[path]),
        None if sidecar is None else member_source(bundle.file, sidecar),
    )


STEPS: tuple[tuple[str, Step[OpenedBundle]], ...] = (
    *((name, _layout if name == "layout" else step) for name, step in BAG_STEPS),
    ("log head", _log_head),
    ("witnesses", witness_lines),
    ("entries", _entries),
    ("inclusion", _inclusion),
    ("export", _export),
    ("statement's claim", _claim),
    ("plan", _plan),
    ("report", _report),
    ("record", _record),
    ("ledger", _ledger),
    ("time stamp", _time_stamp),
    ("credentials", _credentials),
)
