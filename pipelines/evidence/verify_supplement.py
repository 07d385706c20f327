"""Checks supplements against the bundle that they are about.

A supplement counts only beside its bundle: the bundle is checked first, and a supplement of
one that does not hold is not looked at. After the seven checks of any signed bag:
8. tie: it names this archive by SHA-256 and size, this job, these entries, this head;
9. log head: the newer checkpoint's signatures hold, under the pinned keys if there are any,
   else under a key that the bundle's log had;
10. witnesses: the cosignatures of those that were named hold;
11. entries: of this job, from where the bundle's end;
12. inclusion: each is a leaf of the newer head that was not there when the bundle was made;
13. growth: the newer head extends the bundle's;
14. statement's claim: it is about this bundle and this head;
15. time stamps: over the bundle's signature, by the callable that was handed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from pipelines.evidence.archive_writer import CHUNK_BYTES
from pipelines.evidence.bundle_layout import CHECKPOINT, ENVELOPE, LOG_KEYS, SIGNATURE
from pipelines.evidence.bundle_steps import OpenedBundle
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import Entry
from pipelines.evidence.finding import BundleError
from pipelines.evidence.handover import extended_trust, log_signers
from pipelines.evidence.log_files import check_inclusion, log_entries, log_head, log_keys
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.opened_bag import (
    BAG_STEPS,
    OpenedBag,
    Step,
    blamed,
    check_trust,
    known,
    run_steps,
    standings_of,
    witness_lines,
)
from pipelines.evidence.outside import CredentialCheck, NotChecked, TimeStampCheck
from pipelines.evidence.signature import key_id
from pipelines.evidence.supplement import (
    STAMPS,
    SUPPLEMENT_FILES,
    SUPPLEMENT_KIND,
    TIE,
    BundleName,
    parse_tie,
    require_growth,
    supplement_admits,
    supplement_predicate,
)
from pipelines.evidence.verdict import Standing, Verdict
from pipelines.evidence.verify import examine_bundle


def verify_with_supplements(
    bundle: BinaryIO,
    supplements: Sequence[BinaryIO],
    *,
    trusted_keys: tuple[bytes, ...] = (),
    witnesses: tuple[VerifierKey, ...] = (),
    time_stamp_check: TimeStampCheck | None = None,
    credential_check: CredentialCheck | None = None,
) -> tuple[Verdict, ...]:
    """Check the bundle and then each supplement of it; return the verdicts in that order.

    Without a bundle that holds, no supplement is looked at.
    """
    opened, verdict = examine_bundle(
        bundle,
        trusted_keys=trusted_keys,
        witnesses=witnesses,
        time_stamp_check=time_stamp_check,
        credential_check=credential_check,
    )
    if not verdict.ok or not supplements:
        return (verdict,)
    name = bundle_name(opened)
    return (verdict, *(_examine(one, opened, name) for one in supplements))


def bundle_name(bundle: OpenedBundle) -> BundleName:
    """Name an opened bundle that holds, by the digest of its archive."""
    digest = hashlib.sha256()
    size = bundle.file.seek(0)
    while chunk := bundle.file.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    job = bundle.entries[0].job
    return BundleName(digest.hexdigest(), size, job, len(bundle.entries), known(bundle.head))


@dataclass(slots=True)
class _Supplement(OpenedBag):
    """A supplement on its way through the checks, and the bundle that it is held against."""

    bundle: OpenedBundle = field(kw_only=True)
    name: BundleName = field(kw_only=True)
    consistency: tuple[bytes, ...] = ()
    head: Checkpoint | None = None
    entries: tuple[Entry, ...] = ()


def _examine(reader: BinaryIO, bundle: OpenedBundle, name: BundleName) -> Verdict:
    opened = _Supplement(
        file=reader,
        kind=SUPPLEMENT_KIND,
        trusted=bundle.trusted,
        witnesses=bundle.witnesses,
        required=SUPPLEMENT_FILES,
        admits=supplement_admits,
        held=lambda path: path.startswith(STAMPS),
        bundle=bundle,
        name=name,
    )
    checks, unreached = run_steps(opened, _STEPS)
    ok = all(check.passed for check in checks)
    return Verdict(
        checks=checks,
        files=tuple(opened.facts),
        standings=standings_of(opened) if ok else (Standing.REFUSED,),
        not_checked=(*unreached, *_limits(opened)),
        job=name.job,
        keys=tuple(key_id(key) for key in opened.public_keys),
        subject=SUPPLEMENT_KIND.name,
    )


def _tie(supplement: _Supplement) -> str:
    tie = blamed(TIE, partial(parse_tie, supplement.own[TIE]))
    if tie.bundle != supplement.name:
        raise BundleError(TIE, "The supplement is about another bundle.")
    supplement.consistency = tie.consistency
    return f"about the bundle with SHA-256 {supplement.name.sha256}"


def _log_head(supplement: _Supplement) -> str:
    keys = log_keys(supplement.own)
    supplement.public_keys.append(keys[0].public_key)
    check_trust(supplement, log_signers(keys), LOG_KEYS)
    before = log_signers(log_keys(supplement.bundle.own))
    note = supplement.own[CHECKPOINT]
    reached = blamed(CHECKPOINT, lambda: extended_trust(before, note, keys))
    if not supplement.trusted and not reached & {*log_signers(keys)}:
        raise BundleError(LOG_KEYS, "The log's key is another than the bundle's; pin the new one.")
    supplement.head = log_head(supplement.own, keys)
    return f"{supplement.head.origin}, {supplement.head.size} leaves"


def _entries(supplement: _Supplement) -> str:
    name = supplement.name
    supplement.entries = log_entries(supplement.own, first=name.entries, job=name.job)
    return f"{len(supplement.entries)} later entries of job {name.job}, without a gap"


def _inclusion(supplement: _Supplement) -> str:
    since = supplement.name.head.size
    check_inclusion(supplement.own, known(supplement.head), since=since)
    return "every entry is a leaf of the newer head and came after the bundle"


def _growth(supplement: _Supplement) -> str:
    old, new = supplement.name.head, known(supplement.head)
    blamed(TIE, lambda: require_growth(old, new, supplement.consistency))
    return f"the log grew from {old.size} to {new.size} leaves and lost none"


def _claim(supplement: _Supplement) -> str:
    said = canonical_bytes(supplement.statement.predicate)
    if said != canonical_bytes(supplement_predicate(supplement.name, known(supplement.head))):
        raise BundleError(ENVELOPE, "The statement is about another bundle or head.")
    return "the statement is about this bundle and this head"


def _stamps(supplement: _Supplement) -> str | NotChecked:
    paths = [path for path in supplement.facts if path.startswith(STAMPS)]
    check = supplement.bundle.time_stamp_check
    if not paths:
        return NotChecked("the supplement carries none")
    if check is None:
        return NotChecked(f"there are {len(paths)}, and nothing here that reads them")
    details = []
    for path in paths:
        stamped = supplement.bundle.own[SIGNATURE]
        found = blamed(path, partial(check, stamped, supplement.own[path]))
        if isinstance(found, NotChecked):
            return found
        supplement.stamped = supplement.stamped or found.anchored
        details.append(found.detail)
    return "; ".join(details)


_STEPS: tuple[tuple[str, Step[_Supplement]], ...] = (
    *BAG_STEPS,
    ("tie", _tie),
    ("log head", _log_head),
    ("witnesses", witness_lines),
    ("entries", _entries),
    ("inclusion", _inclusion),
    ("growth", _growth),
    ("statement's claim", _claim),
    ("time stamps", _stamps),
)


def _limits(supplement: _Supplement) -> list[str]:
    limits = ["whether there are later entries and supplements than these"]
    signers = (supplement.public_keys[:1], supplement.bundle.public_keys[:1])
    if not supplement.trusted:
        limits.append("whose key it is: no key was pinned")
        if signers[0] != signers[1]:
            limits.append("who made the supplement: another key than the bundle's signed it")
    if any(path.startswith("data/attachments/") for path in supplement.facts):
        limits.append("what the attachments say")
    return limits
