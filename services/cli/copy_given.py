"""Small files that say what a copy shows or hides, each read once.

What is drawn and the digest on record come of the same bytes, whatever becomes of the file then.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import EvidenceError, UnreadableError
from pipelines.run.copy_statement import Named
from pipelines.run.hidden_regions import MOST_BYTES


@dataclass(frozen=True, slots=True)
class Given:
    """A file as it was read, and what part it plays."""

    name: str
    role: str
    data: bytes

    def named(self) -> Named:
        """The file as a statement names it."""
        return Named(self.name, hashlib.sha256(self.data).hexdigest(), len(self.data), self.role)


def given(path: Path, role: str) -> Given:
    """Read a file of at most `MOST_BYTES`. Raises UnreadableError, or EvidenceError if longer."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Check the path."
        ) from error
    if len(data) > MOST_BYTES:
        raise EvidenceError(f"{path.name} is too long.")
    return Given(path.name, role, data)
