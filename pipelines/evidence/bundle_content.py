"""The parts of a bundle that follow from its other parts: built once, derived again to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.evidence.bundle_layout import (
    DATA,
    OWN_FILES,
    SIGNED_TAG_FILES,
    TAG_MANIFEST,
    Role,
    role_of,
)
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.export_entry import file_fact
from pipelines.evidence.json_value import Json

STATEMENT_VERSION = 1

DECLARATION_BYTES = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
"""RFC 8493, 2.1.1."""


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file of the bundle: SHA-256 in hexadecimal and size in bytes."""

    sha256: str
    size: int


Facts = Mapping[str, FileFact]
"""The files of a bundle by their paths in it."""


def manifest(facts: Facts) -> bytes:
    """Return `manifest-sha256.txt`, as RFC 8493, 2.1.3, and `sha256sum` spell it."""
    return _sums(facts, [path for path in facts if path.startswith(DATA)])


def tag_manifest(facts: Facts) -> bytes:
    """Return `tagmanifest-sha256.txt`: everything outside `data/` but itself."""
    tags = [path for path in facts if not path.startswith(DATA) and path != TAG_MANIFEST]
    return _sums(facts, tags)


def subjects(facts: Facts) -> dict[str, str]:
    """Return what the statement signs: everything under `data/`, manifest, tags, VERIFY.txt."""
    return {
        path: fact.sha256
        for path, fact in facts.items()
        if path.startswith(DATA) or path in SIGNED_TAG_FILES
    }


def predicate(job: str, head: Checkpoint, facts: Facts) -> dict[str, Json]:
    """Return what the statement says: job, the log's head, what came in and what went out."""
    return {
        "version": STATEMENT_VERSION,
        "job": job,
        "log": {"origin": head.origin, "size": head.size, "root": head.root.hex()},
        "materials": _named(facts, Role.RECEIVED),
        "results": _named(facts, Role.RESULT),
    }


def export_lines(facts: Facts) -> list[Json]:
    """Return the lines that the export entry must have for the job's files among `facts`."""
    return [
        file_fact(role, path, facts[path].sha256, facts[path].size)
        for path in _sorted(facts)
        if path not in OWN_FILES and (role := role_of(path)) is not None
    ]


def _named(facts: Facts, role: Role) -> list[Json]:
    return [
        {"name": path, "digest": {"sha256": facts[path].sha256}}
        for path in _sorted(facts)
        if path not in OWN_FILES and role_of(path) is role
    ]


def _sums(facts: Facts, paths: Sequence[str]) -> bytes:
    return "".join(f"{facts[path].sha256}  {path}\n" for path in _sorted(paths)).encode("utf-8")


def _sorted(paths: Facts | Sequence[str]) -> list[str]:
    return sorted(paths, key=lambda path: path.encode("utf-8"))
