"""An older audit log (JSON Lines) taken into this one as what it is: imported, unsealed before.

Promised: all lines become entries in one transaction, or none does; a file with a line that is
no event is refused with the numbers of such lines; the same file is imported once, whoever
tries it again at the same time; a file that changes while it is read leaves nothing. Bounded in
bytes and lines, memory flat. Each entry holds the original line, and one holds the whole file's
SHA-256.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.errors import EvidenceError, InputError, TooLargeError, UnreadableError
from pipelines.evidence.json_value import Json
from pipelines.stages.export.sanitise import recordable, shown
from services.provenance.folder_lock import holding
from services.provenance.index_search import Filter
from services.provenance.local_log import LocalLog
from services.provenance.log_event import LogEvent
from services.provenance.log_view import LogView
from services.provenance.older_event import MOST_LINE_BYTES, OlderLineError, older_event

IMPORTED_KIND = "imported"
MOST_FILE_BYTES = 64 << 20
MOST_LINES = 50_000
"""So many entries hold up the log's other writers for a few seconds at most."""

REMARK = (
    "Imported from an older audit log. Nothing of it was sealed by this log before this entry; "
    "what its lines say, and when it happened, is as whoever wrote them stated it."
)

_MOST_BAD_LINES = 20


@dataclass(frozen=True, slots=True)
class OlderLog:
    """A whole older log as its first reading found it."""

    name: str
    sha256: str
    size: int
    events: int
    blank: int

    @property
    def job(self) -> str:
        """The job of its entries: one for each file, by its bytes."""
        return f"import-{self.sha256}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an import; `before` is its first entry where it had been imported already."""

    older: OlderLog
    before: LogEvent | None


def import_events(path: Path, directory: Path, log: LocalLog, view: LogView) -> Imported:
    """Take the older log at `path` into `log`, which lies in `directory` and is read by `view`.

    Raises `UnreadableError`, `TooLargeError` or `InputError`, and then nothing was imported.
    """
    with _opened(path) as file:
        older = _surveyed(file, path.name)
        with holding(directory / "import.lock", doing="importing"):
            known = view.page(Filter(job=older.job), most=1).events
            if known:
                return Imported(older, known[0])
            file.seek(0)
            log.record_many(_facts(file, older))
    return Imported(older, None)


def _opened(path: Path) -> BinaryIO:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableError(f"{path} is not a plain file.", next_step="Name a file.")
        if facts.st_size > MOST_FILE_BYTES:
            raise TooLargeError(
                f"{path} has more than {MOST_FILE_BYTES >> 20} MiB.",
                next_step="Split it between two lines, and import the parts in order.",
            )
        return path.open("rb")
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Check the path."
        ) from error


def _surveyed(file: BinaryIO, name: str) -> OlderLog:
    """Read the whole file once, judging every line."""
    whole = hashlib.sha256()
    events, blank, wrong = 0, 0, 0
    bad: list[str] = []
    for number, line in _lines(file):
        whole.update(line)
        if not line.strip():
            blank += 1
            continue
        events += 1
        try:
            older_event(line.removesuffix(b"\n"))
        except OlderLineError as error:
            wrong += 1
            if len(bad) < _MOST_BAD_LINES:
                bad.append(f"{number} ({error})")
    if wrong:
        more = f" and {wrong - len(bad)} more" if wrong > len(bad) else ""
        raise InputError(
            f"Nothing was imported: line {', '.join(bad)}{more} is no event.",
            next_step="Have those lines put right by whoever knows the older log.",
        )
    if not events:
        raise InputError("Nothing was imported: the file holds no event.")
    words = shown(recordable(name), longest=200)
    return OlderLog(words, whole.hexdigest(), file.tell(), events, blank)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield numbered lines with their line feeds; of one that is too long, its beginning."""
    number = 0
    while line := file.readline(MOST_LINE_BYTES + 2):
        number += 1
        if number > MOST_LINES:
            raise TooLargeError(
                f"The file has more than {MOST_LINES} lines.",
                next_step="Split it between two lines, and import the parts in order.",
            )
        yield number, line
        while len(line) == MOST_LINE_BYTES + 2 and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE_BYTES + 2)


def _facts(file: BinaryIO, older: OlderLog) -> Iterator[tuple[str, str, Mapping[str, Json]]]:
    """Yield job, kind and body of every entry; the file must read as it did the first time."""
    yield (
        older.job,
        IMPORTED_KIND,
        {
            "inputs": [{"sha256": older.sha256, "name": older.name, "bytes": older.size}],
            "events": older.events,
            "blank_lines": older.blank,
            "sealed_before": False,
            "remark": REMARK,
        },
    )
    whole = hashlib.sha256()
    for number, line in _lines(file):
        whole.update(line)
        if line.strip():
            try:
                facts = older_event(line.removesuffix(b"\n"))
            except OlderLineError:
                break
            yield (
                older.job,
                IMPORTED_KIND,
                {
                    **facts,
                    "line": number,
                    "file_sha256": older.sha256,
                    "sealed_before": False,
                },
            )
    if whole.hexdigest() != older.sha256:
        raise EvidenceError(
            "Nothing was imported: the file changed while it was read.",
            next_step="Import a copy that nobody writes to.",
        )
