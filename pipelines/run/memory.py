"""What was rendered before, kept for whoever asks for the same again: the port that a run asks.

Promised by whoever remembers: what comes back is what was handed in, byte for byte, each file
held against its digest; it is of a job that ended well and whose results its owner still holds;
and nobody learns of what another project had done. Forgetting at any moment is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Memory(Protocol):
    """Remembers renderings of one project; a key names all that decides what is in them."""

    def recall(self, key: str, folder: Path) -> str | None:
        """Put the files of a rendering into `folder`; return the job that made it, None if none.

        What does not answer now, or lacks its digest, is as good as not remembered.
        """

    def remember(self, key: str, files: Sequence[Path]) -> None:
        """Keep what this job rendered, if there is room; nothing depends on that."""
