"""The entry that ends a job: every file handed over, by role, path, digest and size.

It is recorded after the files are final and before the log is sealed, so the log commits to
them. Its body carries `files`; a job may add members of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_layout import PlacedFile
from pipelines.evidence.entry import Entry
from pipelines.evidence.json_value import Json

EXPORT_KIND = "export"


def export_body(files: Iterable[PlacedFile]) -> dict[str, Json]:
    """Return the body of the export entry for `files`, sorted by path."""
    return {
        "files": [
            file_fact(file.role, file.path, file.content.sha256, file.content.size)
            for file in sorted(files, key=lambda file: file.path.encode("utf-8"))
        ]
    }


def file_fact(role: str, path: str, sha256: str, size: int) -> dict[str, Json]:
    """Return one line of the export entry: SHA-256 in hexadecimal, size in bytes."""
    return {"role": str(role), "path": path, "sha256": sha256, "bytes": size}


def exported(entries: Sequence[Entry]) -> list[Json]:
    """Return the lines of the last export entry; `EvidenceError` where there is none."""
    for entry in reversed(entries):
        if entry.kind == EXPORT_KIND:
            files = entry.body.get("files")
            if not isinstance(files, list):
                raise EvidenceError("The export entry names no files.")
            return files
    raise EvidenceError("The log's entries of this job hold no export.")
