"""Builds a disclosure: a bundle without what may not travel, and the proof of what was left out.

A signed bag in the folder `disclosure/`, never `bundle/`, so that nobody and no program takes
it for the whole:

    data/disclosure.json        which bundle, who left out what, and why
    data/bundle/<path>          the bundle's other files, byte for byte
    data/entries.jsonl          instead of the bundle's own, where entries were left out

The bundle's statement, manifests, checkpoint and keys always stay: they name every file of the
bundle by digest, so a file that was left out is still the one that was signed. An entry that
was left out stays as its leaf, audit path and commitment; its body and salt go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.archive_name import check_name
from pipelines.evidence.archive_writer import ArchiveFacts, Sink, measure
from pipelines.evidence.bundle_layout import (
    BAG_FILES,
    CHECKPOINT,
    ENTRIES,
    LOG_KEYS,
    LOG_PEM,
    OWN_FILES,
    PROOFS,
    TIME_STAMP,
    VERIFY,
    Role,
    role_of,
)
from pipelines.evidence.bundle_steps import OpenedBundle
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.disclosed_entries import encode_disclosed
from pipelines.evidence.entry import Entry
from pipelines.evidence.export_entry import EXPORT_KIND
from pipelines.evidence.json_value import Json
from pipelines.evidence.outside import member_source
from pipelines.evidence.signature import Signer
from pipelines.evidence.signed_bag import BagKind, measured, write_bag
from pipelines.evidence.supplement import BundleName
from pipelines.evidence.verify_text import disclosure_page

DISCLOSURE_KIND = BagKind("disclosure", "disclosure/", "https://evident.invalid/disclosure/v1")
FORM = "data/disclosure.json"
KEPT = "data/bundle/"
DISCLOSED_ENTRIES = "data/entries.jsonl"
VERSION = 1
MAX_WORDS = 500

STAYS = (*BAG_FILES, TIME_STAMP, CHECKPOINT, LOG_KEYS, LOG_PEM)
"""What of a bundle is never left out."""
LOG_ROLE = "log"
_DIGEST = re.compile(r"[0-9a-f]{64}")
ENTRIES_WORD, WEIGHTS_WORD = "entries", "weights"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was left out: its path in the bundle, role, SHA-256 and size."""

    path: str
    role: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What `disclosure.json` says. `at` is UTC in the form of an entry; `by` is who decided."""

    bundle_sha256: str
    bundle_size: int
    job: str
    by: str
    at: str
    reason: str
    left_out: tuple[LeftOut, ...]

    def canonical(self) -> bytes:
        """Return its only spelling, ended by a line feed."""
        files: list[Json] = [
            {"path": one.path, "role": one.role, "sha256": one.sha256, "bytes": int(one.size)}
            for one in self.left_out
        ]
        value: dict[str, Json] = {
            "version": VERSION,
            "bundle": {"sha256": self.bundle_sha256, "bytes": int(self.bundle_size)},
            "job": self.job,
            "by": self.by,
            "at": self.at,
            "reason": self.reason,
            "left_out": files,
        }
        return canonical_bytes(value) + b"\n"


def parse_disclosure(data: bytes) -> Disclosure:
    """Take `disclosure.json` apart; `EvidenceError` for anything but its exact form."""
    match parse_object(data.removesuffix(b"\n")):
        case {
            "bundle": {"sha256": str(sha256), "bytes": int(size)},
            "job": str(job),
            "by": str(by),
            "at": str(at),
            "reason": str(reason),
            "left_out": list(files),
        }:
            left_out = tuple(_parse_left_out(one) for one in files)
            found = Disclosure(sha256, size, job, by, at, reason, left_out)
        case _:
            raise EvidenceError("The disclosure does not say what of which bundle it is.")
    if found.canonical() != data:
        raise EvidenceError("The disclosure's form is not that of version 1.")
    if not all(0 < len(one) <= MAX_WORDS and one.isprintable() for one in (job, by, at, reason)):
        raise EvidenceError(
            f"Who left out what and why is not 1 to {MAX_WORDS} printable characters.",
            next_step="Say it in one line.",
        )
    if not found.left_out:
        raise EvidenceError("The disclosure leaves nothing out; the bundle itself can be given.")
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """What to leave out of a bundle: files by path, entries by their sequence."""

    files: frozenset[str]
    entries: frozenset[int]


def choose(bundle: OpenedBundle, without: Sequence[str]) -> Choice:
    """Turn words into a choice: a role, `weights`, `entries`, `entries:KIND`, or a path.

    Raises `RequestError` for a word that names nothing in this bundle, or what must stay.
    """
    files: set[str] = set()
    entries: set[int] = set()
    for word in without:
        if word == ENTRIES_WORD or word.startswith(f"{ENTRIES_WORD}:"):
            numbers = _entries_of(bundle.entries, word.partition(":")[2])
            named = len(numbers)
            entries |= numbers
        else:
            paths = _files_of(bundle.facts, word)
            named = len(paths)
            files |= paths
        if not named:
            raise RequestError(
                f"The bundle holds nothing that {word!r} names.",
                next_step="Name a role such as received, weights, entries, entries:KIND, or a "
                "path such as data/attachments/map.png.",
            )
    return Choice(frozenset(files), frozenset(entries))


def build_disclosure(
    out: Sink,
    *,
    bundle: OpenedBundle,
    name: BundleName,
    choice: Choice,
    by: str,
    at: str,
    reason: str,
    signer: Signer,
) -> ArchiveFacts:
    """Write the disclosure of an opened bundle that holds; return its SHA-256 and size."""
    gone = set(choice.files)
    content: dict[str, bytes] = {}
    if choice.entries:
        gone |= {ENTRIES, PROOFS}
        content[DISCLOSED_ENTRIES] = encode_disclosed(bundle.own, choice.entries)
    left_out = tuple(
        LeftOut(path, str(_role(path)), bundle.facts[path].sha256, bundle.facts[path].size)
        for path in sorted(gone)
    )
    form = Disclosure(name.sha256, name.size, name.job, by, at, reason, left_out)
    content[FORM] = form.canonical()
    parse_disclosure(content[FORM])
    content[VERIFY] = disclosure_page(
        job=name.job,
        bundle=name.sha256,
        by=by,
        reason=reason,
        left_out=[f"{one.sha256}  {one.path}" for one in left_out],
        statement_key=signer.key_id,
    )
    kept = {
        KEPT + path: measure(member_source(bundle.file, bundle.members[path]))
        for path in bundle.facts
        if path not in gone
    }
    return write_bag(
        out,
        DISCLOSURE_KIND,
        kept | measured(content),
        lambda _: disclosure_predicate(form),
        signer=signer,
    )


def disclosure_predicate(form: Disclosure) -> dict[str, Json]:
    """Return what a disclosure's statement says: which bundle, and that it is not the whole."""
    return {
        "version": VERSION,
        "job": form.job,
        "bundle": {"digest": {"sha256": form.bundle_sha256}, "bytes": form.bundle_size},
        "left_out": len(form.left_out),
    }


def disclosure_admits(path: str) -> bool:
    """Whether a disclosure may hold a file at `path` besides its own."""
    inner = path.removeprefix(KEPT)
    known = inner in OWN_FILES or inner == TIME_STAMP or role_of(inner) is not None
    return path == DISCLOSED_ENTRIES or (inner != path and known)


def _files_of(facts: Iterable[str], word: str) -> set[str]:
    """Return the paths that a word names among the job's files."""
    job = {path: role_of(path) for path in facts if path not in OWN_FILES and path != TIME_STAMP}
    if word == WEIGHTS_WORD:
        networks = [path for path, role in job.items() if role is Role.NETWORK]
        return {path for path in networks if not path.endswith(".toml")}
    return {path for path, role in job.items() if word in {path, str(role)}}


def _entries_of(entries: Sequence[Entry], kind: str) -> set[int]:
    """Return the sequences of the entries of a kind; the export always stays."""
    if kind == EXPORT_KIND:
        raise RequestError(
            "The export entry names every file by digest and stays.",
            next_step="Leave out entries of another kind.",
        )
    return {one.sequence for one in entries if one.kind != EXPORT_KIND and kind in {"", one.kind}}


def _role(path: str) -> str:
    role = role_of(path)
    return LOG_ROLE if path in OWN_FILES or role is None else str(role)


def _parse_left_out(value: Json) -> LeftOut:
    match value:
        case {"path": str(path), "role": str(role), "sha256": str(sha256), "bytes": int(size)} if (
            path not in STAYS and role == _role(path) and size >= 0 and _DIGEST.fullmatch(sha256)
        ):
            check_name(path)
            return LeftOut(path, role, sha256, size)
        case _:
            raise EvidenceError("The disclosure does not name what it leaves out.")
