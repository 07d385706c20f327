"""Writes the report of one job: `report.json` for machines, `report.pdf` for people.

Both files appear whole or not at all: each is written beside its place, synchronised, and
moved into it. The document shows what the facts say and nothing else.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import DiskFullError, ResourceError
from pipelines.stages.export.document import Report, complete, read_report, report_bytes
from pipelines.stages.export.facts import ReportFacts
from pipelines.stages.export.pdf_maps import NOTHING_DRAWN, Drawn
from pipelines.stages.export.preview import Preview
from pipelines.stages.export.report_pdf import report_pdf
from pipelines.stages.export.words import Language

__all__ = ["Report", "ReportFacts", "read_report", "write_report"]


def write_report(
    facts: ReportFacts,
    previews: Sequence[Preview],
    json_path: Path,
    pdf_path: Path | None,
    *,
    drawn: Drawn = NOTHING_DRAWN,
    language: Language = Language.EN,
) -> None:
    """Write the report in `language`; an older file in its place is replaced.

    No `pdf_path`, no document. `drawn` are the maps' thumbnails by file name.
    Nothing is written unless all of it could be made. Raises EvidenceError where the facts have
    no canonical spelling, UnsupportedError where the document's letters are not installed,
    DiskFullError or ResourceError where a file cannot be written.
    """
    report = complete(facts, [preview.facts for preview in previews], language=language)
    data = report_bytes(report)
    document = None if pdf_path is None else report_pdf(report, previews, drawn)
    _write(json_path, data)
    if pdf_path is not None and document is not None:
        _write(pdf_path, document)


def _write(path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole or not at all."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _refusal(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _refusal(path: Path, error: OSError) -> ResourceError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(
            f"no space is left to write {path.name}", next_step="Free some space and run again."
        )
    return ResourceError(
        f"{path.name} cannot be written: {error.strerror}",
        next_step="Name a folder that can be written to.",
    )
