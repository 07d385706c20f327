"""A signed bag taken apart and checked, from its archive form to its manifests.

The first seven checks of a bundle, a supplement and a disclosure. Afterwards every byte of the
archive is known to be what the key beside it signed, or to follow from that; what the files
say about each other is checked elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, TypeVar

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_form import Member
from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.attestation import SignedStatement, Statement, open_statement
from pipelines.evidence.bundle_content import (
    DECLARATION_BYTES,
    FileFact,
    manifest,
    subjects,
    tag_manifest,
)
from pipelines.evidence.bundle_layout import (
    CHECKPOINT,
    DECLARATION,
    ENVELOPE,
    LOG_KEYS,
    MANIFEST,
    STATEMENT_PEM,
    TAG_MANIFEST,
    TIME_STAMP,
)
from pipelines.evidence.cosignature import Cosignature, check_cosignatures
from pipelines.evidence.finding import ARCHIVE, BundleError
from pipelines.evidence.handover import extended_trust
from pipelines.evidence.log_files import log_keys
from pipelines.evidence.note_key import VerifierKey
from pipelines.evidence.outside import NotChecked
from pipelines.evidence.signature import key_id, parse_public_pem
from pipelines.evidence.signed_bag import BagKind, statement_files
from pipelines.evidence.verdict import Check, Standing

_T = TypeVar("_T")
_Bag = TypeVar("_Bag", bound="OpenedBag")

MAX_OWN_FILE_BYTES = 64 << 20
"""How large a file that is held in memory (manifests, proofs, statement, plan) may be."""
MAX_HELD_BYTES = 256 << 20
"""How much of a bag may be held in memory at once."""


class Watcher(Protocol):
    """Sees a file's bytes as they pass; must not raise."""

    def feed(self, chunk: bytes) -> None:
        """Take more bytes."""


@dataclass(slots=True)
class OpenedBag:
    """What the checks find and hand on.

    `required` are the bag's own files, `held` says which others are wanted in memory, `admits`
    which others may be there at all, `watchers` see files as they pass. `trusted` and `witnesses`
    are keys that the verifier knows; `witnessed` and `stamped` say what others vouch for.
    """

    file: BinaryIO
    kind: BagKind
    trusted: tuple[bytes, ...]
    required: tuple[str, ...]
    admits: Callable[[str], bool]
    held: Callable[[str], bool]
    watchers: dict[str, Watcher] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    facts: dict[str, FileFact] = field(default_factory=dict)
    own: dict[str, bytes] = field(default_factory=dict)
    public_keys: list[bytes] = field(default_factory=list)
    signed: SignedStatement | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    witnessed: tuple[Cosignature, ...] = ()
    stamped: bool = False

    @property
    def statement(self) -> Statement:
        """The statement, once it has been checked."""
        return known(self.signed).statement


Step = Callable[[_Bag], str | NotChecked]
"""Returns what was found in words; raises `BundleError` where something does not hold."""


def run_steps(
    bag: _Bag, steps: Iterable[tuple[str, Step[_Bag]]]
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Run `steps` up to the first that fails; return the checks and what was not checked."""
    checks: list[Check] = []
    unreached: list[str] = []
    for name, step in steps:
        if any(not check.passed for check in checks):
            unreached.append(f"{name} (an earlier check failed)")
            continue
        try:
            found = step(bag)
        except BundleError as error:
            file = error.file.removeprefix(bag.kind.base)
            checks.append(Check(name, passed=False, detail=str(error), file=file))
            continue
        if isinstance(found, NotChecked):
            unreached.append(f"{name}: {found.why}")
        else:
            checks.append(Check(name, passed=True, detail=found))
    return tuple(checks), tuple(unreached)


def archive_form(bag: OpenedBag) -> str:
    """Check that the zip is its own canonical re-encoding."""
    members = read_members(bag.file)
    bag.members = {member.name: member for member in members}
    return f"{len(members)} files, stored back to back, nothing else"


def contents(bag: OpenedBag) -> str:
    """Read and hash every file; keep those that are needed."""
    total = 0
    members, bag.members = bag.members, {}
    for name, member in members.items():
        if not name.startswith(bag.kind.base):
            raise BundleError(name, f"It lies outside the folder {bag.kind.base}.")
        path = name.removeprefix(bag.kind.base)
        bag.members[path] = member
        bag.facts[path] = _digest(bag, member, path)
        total += member.size
    return f"{total} bytes read and hashed"


def _digest(bag: OpenedBag, member: Member, path: str) -> FileFact:
    keep = path in bag.required or path == TIME_STAMP or bag.held(path)
    held = sum(map(len, bag.own.values()))
    if keep and (member.size > MAX_OWN_FILE_BYTES or held + member.size > MAX_HELD_BYTES):
        raise BundleError(path, "It is larger than a file of its kind can be here.")
    digest = hashlib.sha256()
    kept = []
    watcher = bag.watchers.get(path)
    for chunk in read_chunks(bag.file, member):
        digest.update(chunk)
        if keep:
            kept.append(chunk)
        if watcher is not None:
            watcher.feed(chunk)
    if keep:
        bag.own[path] = b"".join(kept)
    return FileFact(digest.hexdigest(), member.size)


def layout(bag: OpenedBag) -> str:
    """Check that every file has a place and that none of the bag's own is missing."""
    for path in bag.facts:
        if path not in bag.required and path != TIME_STAMP and not bag.admits(path):
            raise BundleError(path, f"A {bag.kind.name} has no place for this file.")
    for path in bag.required:
        if path not in bag.facts:
            raise BundleError(path, "The file is missing.")
    return "every file has its place, and none is missing"


def statement(bag: OpenedBag) -> str:
    """Check the signature over the statement, under the pinned keys if there are any."""
    key = blamed(STATEMENT_PEM, lambda: parse_public_pem(bag.own[STATEMENT_PEM]))
    bag.public_keys.append(key)
    check_trust(bag, (key,), STATEMENT_PEM)
    # Envelope and key accuse each other; the one that the tag manifest does not know is named.
    listed = bag.own[TAG_MANIFEST].splitlines()
    strange = [path for path in (ENVELOPE, STATEMENT_PEM) if _sum(bag, path) not in listed]
    fault = STATEMENT_PEM if strange == [STATEMENT_PEM] else ENVELOPE
    kind = bag.kind.predicate_type
    bag.signed = blamed(fault, lambda: open_statement(bag.own[ENVELOPE], key, predicate_type=kind))
    return f"signed by key {key_id(key)}"


def signed_digests(bag: OpenedBag) -> str:
    """Check that every signed file is the one that was signed, none more, none less."""
    signed = bag.statement.subjects
    found = subjects(bag.facts)
    for path in sorted(signed.keys() - found.keys()):
        raise BundleError(path, "The file was there when the statement was signed.")
    for path in sorted(found.keys() - signed.keys()):
        raise BundleError(path, "The file was not there when the statement was signed.")
    for path, sha256 in found.items():
        if signed[path] != sha256:
            raise BundleError(path, "The file is not the one that was signed (SHA-256).")
    return f"{len(found)} files are those that were signed"


def statement_copies(bag: OpenedBag) -> str:
    """Check that the parts laid out for openssl are those of the statement."""
    derived = statement_files(bag.own[ENVELOPE], bag.public_keys[0], bag.kind)
    return _compare(bag, derived, "the parts for openssl are those of the statement")


def manifests(bag: OpenedBag) -> str:
    """Check that declaration and manifests say what they must."""
    derived = {
        DECLARATION: DECLARATION_BYTES,
        MANIFEST: manifest(bag.facts),
        TAG_MANIFEST: tag_manifest(bag.facts),
    }
    return _compare(bag, derived, "manifests list exactly these files")


BAG_STEPS: tuple[tuple[str, Callable[[OpenedBag], str]], ...] = (
    ("archive form", archive_form),
    ("contents", contents),
    ("layout", layout),
    ("statement", statement),
    ("signed digests", signed_digests),
    ("statement copies", statement_copies),
    ("bag", manifests),
)


def witness_lines(bag: OpenedBag) -> str | NotChecked:
    """Check the cosignatures of the witnesses that the verifier named on the log's head."""
    if not bag.witnesses:
        return NotChecked("no witness was named")
    note = bag.own[CHECKPOINT]
    bag.witnessed = blamed(CHECKPOINT, lambda: check_cosignatures(note, bag.witnesses))
    if not bag.witnessed:
        return NotChecked("none that was named has signed this head")
    seen = (f"{one.witness.name} at POSIX second {one.time}" for one in bag.witnessed)
    return f"the head was seen by {', '.join(seen)}"


def standings_of(bag: OpenedBag) -> tuple[Standing, ...]:
    """Say what holds of a bag that holds: by itself, by a pinned key, by what others saw."""
    found = [Standing.PINNED if bag.trusted else Standing.SELF_ASSERTED]
    if bag.stamped:
        found.append(Standing.TIME_STAMPED)
    if bag.witnessed:
        found.append(Standing.WITNESSED)
    return tuple(found)


def check_trust(bag: OpenedBag, keys: Sequence[bytes], file: str) -> None:
    """Raise `BundleError` unless one of `keys` is pinned; without pinned keys nothing is.

    Whom a pinned key hands over to, in the log's head that the bag holds, counts as pinned.
    """
    if bag.trusted and not set(keys) & _trusted(bag):
        named = " or ".join(key_id(key) for key in keys)
        raise BundleError(file, f"Key {named} is not one of the pinned keys.")


def _trusted(bag: OpenedBag) -> frozenset[bytes]:
    if CHECKPOINT not in bag.own or LOG_KEYS not in bag.own:
        return frozenset(bag.trusted)
    keys = log_keys(bag.own)
    return blamed(CHECKPOINT, lambda: extended_trust(bag.trusted, bag.own[CHECKPOINT], keys))


def blamed(file: str, read: Callable[[], _T]) -> _T:
    """Return what `read` gives, or name the file whose fault it is."""
    try:
        return read()
    except BundleError:
        raise
    except EvidenceError as error:
        raise BundleError(file, str(error)) from error


def known(value: _T | None) -> _T:
    """Return what an earlier step found; steps run in order, so it is there."""
    if value is None:
        raise BundleError(ARCHIVE, "A check ran before the one that it rests on.")
    return value


def _sum(bag: OpenedBag, path: str) -> bytes:
    """Return the line that a manifest has for the file as it is."""
    return f"{bag.facts[path].sha256}  {path}".encode()


def _compare(bag: OpenedBag, derived: dict[str, bytes], detail: str) -> str:
    for path, data in derived.items():
        if bag.own[path] != data:
            raise BundleError(path, "The file does not follow from the rest of the bag.")
    return detail
