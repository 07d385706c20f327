"""Checks a bundle from its bytes alone: no server, no network, no clock, no other file.

Every byte of the archive is covered by one of these checks, in this order, and the first
that fails is the verdict:
1. archive form: the zip is its own canonical re-encoding;
2. contents: every file has the CRC-32 that the archive states;
3. layout: every file has a place, and none is missing;
4. statement: the signature holds, under the pinned keys if there are any;
5. signed digests: every signed file is the one that was signed, none more, none less;
6. statement copies: the parts laid out for openssl are those of the statement;
7. bag: declaration and manifests say what they must;
8. log head: the checkpoint's signatures hold, under the pinned keys if there are any;
9. entries: each in canonical form, of one job, without a gap;
10. inclusion: each entry is a leaf of that head, in the job's order;
11. export: the job's last export names exactly the job's files;
12. statement's claim: it is about this job, this head, these files;
13. ledger: well-formed, frames in sequence.
Trust comes from a pinned key, never from the bundle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_form import Member
from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.attestation import SignedStatement, open_statement
from pipelines.evidence.bundle import statement_files
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
    ENTRIES,
    ENVELOPE,
    LOG_KEYS,
    MANIFEST,
    OWN_FILES,
    REQUIRED,
    STATEMENT_PEM,
    TAG_MANIFEST,
    Role,
    role_of,
)
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import Entry
from pipelines.evidence.export_entry import exported
from pipelines.evidence.finding import ARCHIVE, BundleError
from pipelines.evidence.ledger_form import LedgerCheck
from pipelines.evidence.log_files import check_inclusion, log_entries, log_head, log_keys
from pipelines.evidence.signature import key_id, parse_public_pem
from pipelines.evidence.verdict import Check, Standing, Verdict

_T = TypeVar("_T")

MAX_OWN_FILE_BYTES = 64 << 20
"""How large a file that the bundle itself adds (manifests, proofs, statement) may be."""


def verify_bundle(reader: BinaryIO, *, trusted_keys: tuple[bytes, ...] = ()) -> Verdict:
    """Check the bundle in `reader` (seekable) and say what holds.

    `trusted_keys` are raw 32-byte Ed25519 public keys that the caller knows by another way;
    with any, a bundle or a log signed by another key fails. A bundle that does not hold is a
    verdict, not an exception; what the reader itself raises comes through. Memory is flat in
    the size of the job's files.
    """
    bundle = _Opened(reader, trusted_keys)
    checks: list[Check] = []
    unreached: list[str] = []
    for name, step in _STEPS:
        if any(not check.passed for check in checks):
            unreached.append(f"{name} (an earlier check failed)")
            continue
        try:
            checks.append(Check(name, passed=True, detail=step(bundle)))
        except BundleError as error:
            file = error.file.removeprefix(BASE)
            checks.append(Check(name, passed=False, detail=str(error), file=file))
    ok = not unreached and all(check.passed for check in checks)
    standing = Standing.PINNED if trusted_keys else Standing.SELF_ASSERTED
    return Verdict(
        checks=tuple(checks),
        files=tuple(bundle.facts),
        standing=standing if ok else Standing.REFUSED,
        not_checked=(*unreached, *_limits(bundle)),
        job=bundle.entries[0].job if bundle.entries else "",
        keys=tuple(key_id(key) for key in bundle.public_keys),
    )


@dataclass(slots=True)
class _Opened:
    """What the steps find and hand on."""

    file: BinaryIO
    trusted: tuple[bytes, ...]
    members: list[Member] = field(default_factory=list)
    facts: dict[str, FileFact] = field(default_factory=dict)
    own: dict[str, bytes] = field(default_factory=dict)
    public_keys: list[bytes] = field(default_factory=list)
    signed: SignedStatement | None = None
    head: Checkpoint | None = None
    entries: tuple[Entry, ...] = ()
    ledger: str = ""
    ledger_fault: str = ""


def _archive_form(bundle: _Opened) -> str:
    bundle.members = read_members(bundle.file)
    return f"{len(bundle.members)} files, stored back to back, nothing else"


def _contents(bundle: _Opened) -> str:
    for member in bundle.members:
        if not member.name.startswith(BASE):
            raise BundleError(member.name, f"It lies outside the folder {BASE}.")
        path = member.name.removeprefix(BASE)
        own = path in OWN_FILES
        if own and member.size > MAX_OWN_FILE_BYTES:
            raise BundleError(path, "It is larger than any file of its kind can be.")
        bundle.facts[path] = _digest(bundle, member, path, keep=own)
    total = sum(fact.size for fact in bundle.facts.values())
    return f"{total} bytes read and hashed"


def _digest(bundle: _Opened, member: Member, path: str, *, keep: bool) -> FileFact:
    digest = hashlib.sha256()
    kept = []
    ledger = LedgerCheck() if role_of(path) is Role.LEDGER else None
    for chunk in read_chunks(bundle.file, member):
        digest.update(chunk)
        if keep:
            kept.append(chunk)
        if ledger is not None and not bundle.ledger_fault:
            try:
                ledger.feed(chunk)
            except EvidenceError as error:
                bundle.ledger_fault = str(error)
    if keep:
        bundle.own[path] = b"".join(kept)
    if ledger is not None and not bundle.ledger_fault:
        try:
            bundle.ledger = f"{ledger.finish()} frames in sequence"
        except EvidenceError as error:
            bundle.ledger_fault = str(error)
    return FileFact(digest.hexdigest(), member.size)


def _layout(bundle: _Opened) -> str:
    for path in bundle.facts:
        if path not in OWN_FILES and role_of(path) is None:
            raise BundleError(path, "A bundle has no place for this file.")
    for path in OWN_FILES:
        if path not in bundle.facts:
            raise BundleError(path, "The file is missing.")
    roles = {role_of(path) for path in bundle.facts if path not in OWN_FILES}
    for role in REQUIRED:
        if role not in roles:
            raise BundleError(ARCHIVE, f"The bundle has no {role}.")
    return "every file has its place, and none is missing"


def _statement(bundle: _Opened) -> str:
    key = _blamed(STATEMENT_PEM, lambda: parse_public_pem(bundle.own[STATEMENT_PEM]))
    bundle.public_keys.append(key)
    _check_trust(bundle, key, STATEMENT_PEM)
    # Envelope and key accuse each other; the one that the tag manifest does not know is named.
    listed = bundle.own[TAG_MANIFEST].splitlines()
    strange = [path for path in (ENVELOPE, STATEMENT_PEM) if _sum(bundle, path) not in listed]
    fault = STATEMENT_PEM if strange == [STATEMENT_PEM] else ENVELOPE
    bundle.signed = _blamed(fault, lambda: open_statement(bundle.own[ENVELOPE], key))
    return f"signed by key {key_id(key)}"


def _signed_digests(bundle: _Opened) -> str:
    signed = dict(_known(bundle.signed).statement.subjects)
    found = subjects(bundle.facts)
    for path in sorted(signed.keys() - found.keys()):
        raise BundleError(path, "The file was there when the statement was signed.")
    for path in sorted(found.keys() - signed.keys()):
        raise BundleError(path, "The file was not there when the statement was signed.")
    for path, sha256 in found.items():
        if signed[path] != sha256:
            raise BundleError(path, "The file is not the one that was signed (SHA-256).")
    return f"{len(found)} files are those that were signed"


def _bag(bundle: _Opened) -> str:
    derived = {
        DECLARATION: DECLARATION_BYTES,
        MANIFEST: manifest(bundle.facts),
        TAG_MANIFEST: tag_manifest(bundle.facts),
    }
    return _compare(bundle, derived, "manifests list exactly these files")


def _statement_copies(bundle: _Opened) -> str:
    derived = statement_files(bundle.own[ENVELOPE], bundle.public_keys[0])
    return _compare(bundle, derived, "the parts for openssl are those of the statement")


def _log_head(bundle: _Opened) -> str:
    keys = log_keys(bundle.own)
    bundle.public_keys.append(keys[0].public_key)
    _check_trust(bundle, keys[0].public_key, LOG_KEYS)
    bundle.head = log_head(bundle.own, keys)
    return (
        f"{bundle.head.origin}, {bundle.head.size} leaves, signed by {key_id(keys[0].public_key)}"
    )


def _entries(bundle: _Opened) -> str:
    bundle.entries = log_entries(bundle.own)
    return f"{len(bundle.entries)} entries of job {bundle.entries[0].job}, without a gap"


def _inclusion(bundle: _Opened) -> str:
    check_inclusion(bundle.own, _known(bundle.head))
    return "every entry is a leaf of the log, in the job's order"


def _export(bundle: _Opened) -> str:
    stated = _blamed(ENTRIES, lambda: exported(bundle.entries))
    found = export_lines(bundle.facts)
    if canonical_bytes(stated) != canonical_bytes(found):
        for line in found:
            if line not in stated and isinstance(line, dict):
                raise BundleError(str(line["path"]), "The export entry does not name this file.")
        raise BundleError(ENTRIES, "The export entry names files that are not in the bundle.")
    return f"the export entry names the {len(found)} files of the job"


def _claim(bundle: _Opened) -> str:
    said = canonical_bytes(_known(bundle.signed).statement.predicate)
    job = bundle.entries[0].job
    if said != canonical_bytes(predicate(job, _known(bundle.head), bundle.facts)):
        raise BundleError(ENVELOPE, "The statement is about another job, log or set of files.")
    return "the statement is about this job, this log and these files"


def _ledger(bundle: _Opened) -> str:
    if bundle.ledger_fault:
        raise BundleError("data/ledger.jsonl", bundle.ledger_fault)
    return bundle.ledger or "none in this bundle"


_STEPS: tuple[tuple[str, Callable[[_Opened], str]], ...] = (
    ("archive form", _archive_form),
    ("contents", _contents),
    ("layout", _layout),
    ("statement", _statement),
    ("signed digests", _signed_digests),
    ("statement copies", _statement_copies),
    ("bag", _bag),
    ("log head", _log_head),
    ("entries", _entries),
    ("inclusion", _inclusion),
    ("export", _export),
    ("statement's claim", _claim),
    ("ledger", _ledger),
)


def _limits(bundle: _Opened) -> list[str]:
    """List what no check here can show."""
    limits = []
    if not bundle.trusted:
        limits.append("whose key it is: no key was pinned, the bundle vouches for itself")
    if bundle.facts and not any(role_of(path) is Role.RECEIVED for path in bundle.facts):
        limits.append("the file as received: it is not in the bundle")
    limits.append("whether the plan gives the result again: that is a replay")
    limits.append("credentials inside the media, and time stamps by others")
    limits.append("whether the log was shown to others with another head")
    return limits


def _sum(bundle: _Opened, path: str) -> bytes:
    """Return the line that a manifest has for the file as it is."""
    return f"{bundle.facts[path].sha256}  {path}".encode()


def _check_trust(bundle: _Opened, key: bytes, file: str) -> None:
    if bundle.trusted and key not in bundle.trusted:
        raise BundleError(file, f"Key {key_id(key)} is not one of the pinned keys.")


def _compare(bundle: _Opened, derived: dict[str, bytes], detail: str) -> str:
    for path, data in derived.items():
        if bundle.own[path] != data:
            raise BundleError(path, "The file does not follow from the rest of the bundle.")
    return detail


def _blamed(file: str, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except EvidenceError as error:
        raise BundleError(file, str(error)) from error


def _known(value: _T | None) -> _T:
    """Return what an earlier step found; steps run in order, so it is there."""
    if value is None:
        raise BundleError(ARCHIVE, "A check ran before the one that it rests on.")
    return value
