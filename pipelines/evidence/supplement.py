"""Builds a supplement: what became known about a bundle after it was signed.

A bundle never changes. A supplement is a signed bag of its own, in the folder `supplement/`,
that names its bundle by digest and holds:

    data/supplement.json        the bundle's digest, job and head, and the log's growth since
    data/log/...                the job's later entries, their proofs, and the newer head
    data/stamps/<name>.tsr      time stamps over the bundle's statement/statement.sig
    data/attachments/<name>     verdicts of replays, pictures, anything else

It carries no file of the job, proves that the log only grew since the bundle's head, and says
nothing for or against the bundle by itself: both are checked together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_name import safe_part
from pipelines.evidence.archive_writer import ArchiveFacts, Sink, Source, measure
from pipelines.evidence.bundle_layout import BAG_FILES, LOG_FILES, VERIFY
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.entry import JobProof
from pipelines.evidence.json_value import Json
from pipelines.evidence.log_files import check_inclusion, encode_proof, log_head, log_keys
from pipelines.evidence.merkle import HASH_BYTES, is_consistent
from pipelines.evidence.signature import Signer, key_id
from pipelines.evidence.signed_bag import BagKind, TimeStamper, measured, write_bag
from pipelines.evidence.verify_text import supplement_page

SUPPLEMENT_KIND = BagKind("supplement", "supplement/", "https://evident.invalid/supplement/v1")
TIE = "data/supplement.json"
STAMPS = "data/stamps/"
ATTACHMENTS = "data/attachments/"
SUPPLEMENT_FILES = (*BAG_FILES, *LOG_FILES, TIE)
VERSION = 1


@dataclass(frozen=True, slots=True)
class BundleName:
    """Which bundle: SHA-256 in hexadecimal and size of the archive, its job, entries and head."""

    sha256: str
    size: int
    job: str
    entries: int
    head: Checkpoint


@dataclass(frozen=True, slots=True)
class LaterProof:
    """The job's entries since a bundle, proven in a newer tree that extends the bundle's.

    `consistency` is the RFC 6962 proof from the bundle's head to the newer one; it is empty
    where both are the same.
    """

    proof: JobProof
    consistency: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Extra:
    """A file to go along; `name` is made safe. A stamp is a RFC 3161 response (DER)."""

    name: str
    source: Source
    stamp: bool = False

    @property
    def path(self) -> str:
        """Where it stands in the supplement."""
        if self.stamp:
            return f"{STAMPS}{safe_part(self.name.removesuffix('.tsr') + '.tsr')}"
        return ATTACHMENTS + safe_part(self.name)


@dataclass(frozen=True, slots=True)
class Tie:
    """What `supplement.json` says."""

    bundle: BundleName
    consistency: tuple[bytes, ...]

    def canonical(self) -> bytes:
        """Return its only spelling, ended by a line feed."""
        head = self.bundle.head
        # A truth value, which Python takes for a number, must not spell one.
        value: dict[str, Json] = {
            "version": VERSION,
            "bundle": {"sha256": self.bundle.sha256, "bytes": int(self.bundle.size)},
            "job": self.bundle.job,
            "entries": int(self.bundle.entries),
            "log": {"origin": head.origin, "size": int(head.size), "root": head.root.hex()},
            "consistency": [one.hex() for one in self.consistency],
        }
        return canonical_bytes(value) + b"\n"


def parse_tie(data: bytes) -> Tie:
    """Take `supplement.json` apart; `EvidenceError` for anything but its exact form."""
    match parse_object(data.removesuffix(b"\n")):
        case {
            "bundle": {"sha256": str(sha256), "bytes": int(size)},
            "job": str(job),
            "entries": int(entries),
            "log": {"origin": str(origin), "size": int(leaves), "root": str(root)},
            "consistency": list(consistency),
        }:
            head = Checkpoint(origin, leaves, _hash(root))
            tie = Tie(
                BundleName(sha256, size, job, entries, head),
                tuple(_hash(one) for one in consistency),
            )
        case _:
            raise EvidenceError("The supplement does not name its bundle and log.")
    if tie.canonical() != data:
        raise EvidenceError("The supplement's tie is not in the form of version 1.")
    return tie


def build_supplement(
    out: Sink,
    *,
    bundle: BundleName,
    later: LaterProof,
    extras: Sequence[Extra],
    signer: Signer,
    time_stamper: TimeStamper | None = None,
) -> ArchiveFacts:
    """Write the supplement of `bundle` to `out`; return its SHA-256 and size.

    Raises `EvidenceError` where the log did not grow from the bundle's head, an entry is not
    in it, or two extras have one name.
    """
    log = encode_proof(later.proof)
    keys = log_keys(log)
    head = log_head(log, keys)
    check_inclusion(log, head, since=bundle.head.size)
    require_growth(bundle.head, head, later.consistency)
    content = {extra.path: measure(extra.source) for extra in extras}
    if len(content) != len(extras):
        raise EvidenceError("Two files of the supplement have one name.")
    page = supplement_page(
        job=bundle.job,
        bundle=bundle.sha256,
        statement_key=signer.key_id,
        log_key=key_id(keys[0].public_key),
    )
    tie = Tie(bundle, later.consistency).canonical()
    return write_bag(
        out,
        SUPPLEMENT_KIND,
        content | measured(log | {TIE: tie, VERIFY: page}),
        lambda _: supplement_predicate(bundle, head),
        signer=signer,
        time_stamper=time_stamper,
    )


def supplement_predicate(bundle: BundleName, head: Checkpoint) -> dict[str, Json]:
    """Return what a supplement's statement says: its bundle, its job, the newer head."""
    return {
        "version": VERSION,
        "job": bundle.job,
        "bundle": {"digest": {"sha256": bundle.sha256}, "bytes": bundle.size},
        "log": {"origin": head.origin, "size": head.size, "root": head.root.hex()},
    }


def require_growth(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> None:
    """Raise `EvidenceError` unless `path` shows that `new` is `old` grown, or the same."""
    if old.origin != new.origin:
        raise EvidenceError("The newer head is another log's.")
    if not is_consistent(old.size, new.size, old.root, new.root, path):
        raise EvidenceError("The log did not grow from the bundle's head: it was made anew.")


def supplement_admits(path: str) -> bool:
    """Whether a supplement may hold a file at `path` besides its own."""
    for folder, suffix in ((STAMPS, ".tsr"), (ATTACHMENTS, "")):
        name = path.removeprefix(folder)
        if name != path and "/" not in name and name.endswith(suffix):
            return True
    return False


def _hash(text: Json) -> bytes:
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    if len(data) != HASH_BYTES:
        raise EvidenceError("A hash of the supplement is not 32 bytes in hexadecimal.")
    return data
