"""`evident report`: makes the document again from the facts, in the language that is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.errors import EvidenceError, EvidentError, InputError, RequestError, UnreadableError
from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.bundle_layout import BASE, REPORT, REPORT_PDF
from pipelines.evidence.disclosure import DISCLOSURE_KIND, KEPT
from pipelines.run.durable_file import write_whole
from pipelines.stages.export.document import Report, read_report
from pipelines.stages.export.picture_files import Pictures, ReadFile, read_pictures
from pipelines.stages.export.report_pdf import report_pdf
from pipelines.stages.export.sanitise import shown
from pipelines.stages.export.words import Language
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)

ATTACHMENTS = "data/attachments/"
MOST_BYTES = 64 << 20
"""No report.json, and no picture of a report, is longer."""

_BASES = (BASE, f"{DISCLOSURE_KIND.base}{KEPT}")
"""Where the files of a bundle lie: in itself, and in a disclosure of it."""

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed; None where an option was not given."""

    source: Path
    language: str | None
    out: Path | None


@dataclass(frozen=True, slots=True)
class Made:
    """The document, where it is, and how it compares with the one that was delivered.

    `same` is None where there is nothing to compare with: another language, no bundle.
    """

    path: Path
    language: Language
    sha256: str
    pictures: bool
    same: bool | None


def main(asked: Asked, *, as_json: bool) -> int:
    """Make the document; returns the exit code."""
    console = console_on_stderr()
    try:
        made = _made(asked)
    except EvidentError as error:
        if as_json:
            reason = {"reason": str(error), "next_step": error.next_step}
            print_json({"report": None, "error": reason})
        print_error(console, "", str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError | InputError) else FAILED
    if as_json:
        print_json(
            {
                "report": str(made.path),
                "language": made.language.value,
                "sha256": made.sha256,
                "pictures": made.pictures,
                "same_as_delivered": made.same,
                "error": None,
            }
        )
    else:
        print_text("\n".join(_lines(made)))
    return GOOD


def _lines(made: Made) -> Iterator[str]:
    yield f"{shown(str(made.path), longest=1000)}: SHA-256 {made.sha256}"
    if not made.pictures:
        yield "  The pictures are not in what was given; the document says so."
    if made.same is not None:
        said = "The same bytes as" if made.same else "Other bytes than"
        yield f"  {said} the report.pdf that was delivered."


def _made(asked: Asked) -> Made:
    source = Path.cwd() / asked.source
    with _opened(source) as read:
        data = read(REPORT)
        if data is None:
            raise RequestError(
                f"{source.name} holds no report.", next_step="Name a bundle.zip or a report.json."
            )
        report = read_report(data)
        language = Language(asked.language or report.language)
        pictures = read_pictures(report, lambda name: read(f"{ATTACHMENTS}{name}"))
        delivered = read(REPORT_PDF) if language is report.language else None
    document = _document(report, pictures, language)
    path = Path.cwd() / (asked.out or source.with_name(f"report-{language.value}.pdf"))
    _write(path, document)
    return Made(
        path=path,
        language=language,
        sha256=hashlib.sha256(document).hexdigest(),
        pictures=pictures is not None,
        same=None if delivered is None else delivered == document,
    )


def _document(report: Report, pictures: Pictures | None, language: Language) -> bytes:
    if pictures is None:
        return report_pdf(report, (), language=language)
    previews, drawn = pictures
    return report_pdf(report, previews, drawn, language=language)


@contextmanager
def _opened(source: Path) -> Iterator[ReadFile]:
    """Hand out what gives a file of the bundle by its path, None where it has none.

    A report.json is given as a bundle that holds nothing else.
    """
    try:
        with source.open("rb") as file:
            packed = file.read(len(_ZIP)) == _ZIP
            file.seek(0)
            yield _from_bundle(file) if packed else _from_json(file)
    except OSError as error:
        raise UnreadableError(
            f"{source} cannot be read: {error.strerror or error}.", next_step="Check the path."
        ) from error


def _from_json(file: BinaryIO) -> ReadFile:
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise RequestError("A report.json is not that long.", next_step="Name a report.json.")
    return {REPORT: data}.get


def _from_bundle(file: BinaryIO) -> ReadFile:
    members = {member.name: member for member in read_members(file)}
    base = next((one for one in _BASES if f"{one}{REPORT}" in members), BASE)

    def read(name: str) -> bytes | None:
        member = members.get(f"{base}{name}")
        if member is None:
            return None
        if member.size > MOST_BYTES:
            raise EvidenceError(f"{name} is too long for what it should be.")
        return b"".join(read_chunks(file, member))

    return read


def _write(path: Path, document: bytes) -> None:
    """Write the document; another file in its place is not written over."""
    try:
        present = path.read_bytes() if path.exists() else document
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Name another file."
        ) from error
    if present != document:
        raise RequestError(
            f"{path} is another file; it is not written over.",
            next_step="Name a new file with --out.",
        )
    write_whole(path, document)
