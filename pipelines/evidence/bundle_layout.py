"""Every name inside a bundle, decided in one place.

The zip holds one folder, `bundle/`, which is a BagIt bag (RFC 8493):

    VERIFY.txt                  how to check the bundle by hand             signed
    bagit.txt                   the bag's declaration                       signed
    manifest-sha256.txt         SHA-256 of everything under data/           signed
    data/received/<name>        the files as received
    data/result/<name>          what was made of them
    data/report.json, .pdf      the reports
    data/graph.json, plan.json  what was asked, and everything resolved
    data/ledger.jsonl           digests per frame (video)
    data/networks/<name>        cards, and weights where the licence permits
    data/attachments/<name>     maps, sidecars, anything else
    data/log/entries.jsonl      the job's entries, one per line
    data/log/proofs.json        salts, leaf numbers, audit paths
    data/log/checkpoint         the log's signed head
    data/log/vkey, key.pem      the log's key, as a note names it and for openssl
    statement/statement.dsse.json   the statement over all of the above
    statement/statement.pae, .sig   what it signs and the signature, for openssl
    statement/key.pem               the key that signed it
    statement/timestamp.tsr         optional: a time stamp by others over statement.sig
    tagmanifest-sha256.txt      SHA-256 of everything outside data/

Nothing is circular: the export entry names what was made, the log's proofs cover the entry,
the manifest covers data/, the statement covers the manifest, and `statement/` and the tag
manifest follow from the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipelines.errors import EvidenceError
from pipelines.evidence.archive_name import check_name, collision_key, safe_part
from pipelines.evidence.archive_writer import Measured, Source, measure

BASE = "bundle/"
DATA = "data/"

VERIFY = "VERIFY.txt"
DECLARATION = "bagit.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"

ENTRIES = "data/log/entries.jsonl"
PROOFS = "data/log/proofs.json"
CHECKPOINT = "data/log/checkpoint"
LOG_KEYS = "data/log/vkey"
LOG_PEM = "data/log/key.pem"

ENVELOPE = "statement/statement.dsse.json"
SIGNED_BYTES = "statement/statement.pae"
SIGNATURE = "statement/statement.sig"
STATEMENT_PEM = "statement/key.pem"
TIME_STAMP = "statement/timestamp.tsr"

LOG_FILES = (ENTRIES, PROOFS, CHECKPOINT, LOG_KEYS, LOG_PEM)
STATEMENT_FILES = (ENVELOPE, SIGNED_BYTES, SIGNATURE, STATEMENT_PEM)
SIGNED_TAG_FILES = (VERIFY, DECLARATION, MANIFEST)
BAG_FILES = (*STATEMENT_FILES, *SIGNED_TAG_FILES, TAG_MANIFEST)
"""What every signed bag holds: a bundle, a supplement, a disclosure."""
OWN_FILES = (*LOG_FILES, *BAG_FILES)
"""What a bundle holds besides the job's files; `TIME_STAMP` may stand there too."""


class Role(StrEnum):
    """What a file of the job is; a role that ends in no name admits one file."""

    RECEIVED = "received"
    RESULT = "result"
    REPORT = "report"
    REPORT_PDF = "report-pdf"
    GRAPH = "graph"
    PLAN = "plan"
    LEDGER = "ledger"
    NETWORK = "network"
    ATTACHMENT = "attachment"


_FOLDERS = {
    Role.RECEIVED: "data/received/",
    Role.RESULT: "data/result/",
    Role.NETWORK: "data/networks/",
    Role.ATTACHMENT: "data/attachments/",
}
_SINGLE = {
    Role.REPORT: "data/report.json",
    Role.REPORT_PDF: "data/report.pdf",
    Role.GRAPH: "data/graph.json",
    Role.PLAN: "data/plan.json",
    Role.LEDGER: "data/ledger.jsonl",
}
GRAPH, PLAN = _SINGLE[Role.GRAPH], _SINGLE[Role.PLAN]
REPORT, LEDGER = _SINGLE[Role.REPORT], _SINGLE[Role.LEDGER]
REPORT_PDF = _SINGLE[Role.REPORT_PDF]
REQUIRED = (Role.RESULT, Role.REPORT, Role.GRAPH, Role.PLAN)


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file that the job hands over; `name` is its own name, unused for single roles."""

    role: Role
    source: Source
    name: str = ""


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file with its path in the bundle and what one pass over it found."""

    role: Role
    path: str
    content: Measured


def place(files: Sequence[BundleFile]) -> tuple[PlacedFile, ...]:
    """Give every file its path and measure it.

    Names are made safe, and told apart with `-2`, `-3`... where two would meet. Raises
    `EvidenceError` where a single role has two files.
    """
    taken: set[str] = set()
    placed = []
    for file in files:
        path = _SINGLE.get(file.role)
        if path is None:
            path = _free(_FOLDERS[file.role], safe_part(file.name), taken)
        if collision_key(path) in taken:
            raise EvidenceError(f"A bundle holds one {file.role} only.")
        check_name(path)
        taken.add(collision_key(path))
        placed.append(PlacedFile(file.role, path, measure(file.source)))
    return tuple(placed)


def role_of(path: str) -> Role | None:
    """Return the role of a job's file at `path`; None where no such file may stand."""
    for role, single in _SINGLE.items():
        if path == single:
            return role
    for role, folder in _FOLDERS.items():
        if path.startswith(folder) and "/" not in path[len(folder) :]:
            return role
    return None


def attachment_path(name: str) -> str:
    """Return where the first attachment of that name stands."""
    return f"{_FOLDERS[Role.ATTACHMENT]}{name}"


def sidecar_of(path: str) -> str:
    """Return where the C2PA sidecar of the result at `path` stands, if it has one."""
    return f"{_FOLDERS[Role.ATTACHMENT]}{path.rpartition('/')[2]}.c2pa"


def _free(folder: str, name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    path, number = folder + name, 1
    while collision_key(path) in taken:
        number += 1
        path = f"{folder}{stem}-{number}{dot}{suffix}"
    return path
