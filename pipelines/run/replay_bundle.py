"""What a replay takes out of a bundle: verified first, then copied out bit by bit, with bounds.

A disclosure is a bundle from which something was left out; what it still holds can be taken.

Nothing leaves the archive before all of it verifies. What leaves is hashed on its way and must
be what the export entry names, so a file that is swapped in the meantime is an error. Names come
out as the archive's rules admit them (no folders, no links), into a scratch folder of our own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from pipelines.errors import DiskFullError, EvidenceError, RequestError, UnreadableError
from pipelines.evidence.archive_form import Member
from pipelines.evidence.archive_reader import read_chunks, read_members
from pipelines.evidence.bundle_layout import BASE, ENTRIES, OWN_FILES, Role, role_of
from pipelines.evidence.disclosure import DISCLOSURE_KIND, KEPT
from pipelines.evidence.entry import Entry
from pipelines.evidence.export_entry import exported
from pipelines.evidence.log_files import log_entries
from pipelines.evidence.verdict import Verdict
from pipelines.evidence.verify_any import verify_any
from pipelines.run.durable_file import refusal

MOST_JSON_BYTES = 64 << 20
"""How large a graph, a plan or the list of entries may be that is read into memory."""


class ReplayBundle:
    """A bundle that verifies, opened; files come out of it on request.

    `scratch` is an existing folder that belongs to this replay. `verdict` says what holds; with
    `trusted` (raw Ed25519 keys) any other key fails. Nothing but `verdict`, `sha256` and `size`
    may be used where it is not `ok`.
    """

    def __init__(self, path: Path, scratch: Path, *, trusted: tuple[bytes, ...] = ()) -> None:
        self._scratch = scratch
        self._file = _opened(path)
        self._taken: dict[str, Path] = {}
        try:
            self.size = os.fstat(self._file.fileno()).st_size
            self.sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
            self.verdict: Verdict = verify_any(self._file, trusted_keys=trusted)[0]
            self._members: dict[str, Member] = {}
            self.entries: tuple[Entry, ...] = ()
            self._named: dict[str, str] = {}
            if self.verdict.ok:
                self._look()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Let go of the archive; what was taken out lies in the scratch folder."""
        self._file.close()

    def names(self, role: Role) -> tuple[str, ...]:
        """The paths of the files that play `role`, in their order."""
        return tuple(
            path for path in self._members if path not in OWN_FILES and role_of(path) is role
        )

    def sha256_of(self, path: str) -> str:
        """The digest of a file of the job, as the export entry names it."""
        return self._named[path]

    def read(self, path: str) -> bytes:
        """The content of a small file. Raises EvidenceError where it is not small."""
        member = self._members[path]
        if member.size > MOST_JSON_BYTES:
            raise EvidenceError(f"{path} is larger than any file of its kind can be.")
        return b"".join(self._checked(path))

    def take(self, path: str) -> Path:
        """Copy a file into the scratch folder, once; returns where it lies.

        Raises DiskFullError where it does not fit, EvidenceError where it changed.
        """
        if path not in self._taken:
            folder, _, name = path.rpartition("/")
            target = self._scratch / folder.replace("/", "-") / name
            self._require_room(self._members[path].size)
            try:
                target.parent.mkdir(exist_ok=True)
                with target.open("xb") as out:
                    for chunk in self._checked(path):
                        out.write(chunk)
            except OSError as error:
                raise refusal(target, error) from error
            self._taken[path] = target
        return self._taken[path]

    @property
    def is_disclosure(self) -> bool:
        """Whether it is a bundle from which something was left out."""
        return self.verdict.subject == DISCLOSURE_KIND.name

    def _look(self) -> None:
        base = DISCLOSURE_KIND.base + KEPT if self.is_disclosure else BASE
        self._members = {
            member.name.removeprefix(base): member
            for member in read_members(self._file)
            if member.name.startswith(base)
        }
        if ENTRIES not in self._members:
            return
        lines = b"".join(read_chunks(self._file, self._members[ENTRIES]))
        self.entries = log_entries({ENTRIES: lines})
        for line in exported(self.entries):
            if isinstance(line, dict):
                self._named[str(line["path"])] = str(line["sha256"])

    def _checked(self, path: str) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in read_chunks(self._file, self._members[path]):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != self._named.get(path):
            raise EvidenceError(
                f"{path} is not the file that was verified a moment ago.",
                next_step="Replay a copy that nothing else writes to.",
            )

    def _require_room(self, size: int) -> None:
        free = shutil.disk_usage(self._scratch).free
        if size > free:
            raise DiskFullError(
                f"A replay needs {size} bytes in {self._scratch.parent}; {free} are free.",
                next_step="Free some space there, or set TMPDIR to a folder with more.",
            )


def _opened(path: Path) -> BufferedReader:
    try:
        if not path.is_file():
            raise RequestError(f"{path} is no bundle file.", next_step="Name a bundle.zip.")
        return path.open("rb")
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Check the path."
        ) from error
