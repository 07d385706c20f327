"""What is wrong with a bundle, and with which file of it."""

from __future__ import annotations

from pipelines.errors import EvidenceError

ARCHIVE = "archive structure"
"""Named where no single file of the bundle is at fault but the archive around them."""


class BundleError(EvidenceError):
    """A bundle is not what it claims; `file` is the file inside it, or `ARCHIVE`."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            reason, next_step="Ask the sender for the bundle again, and keep this one."
        )
        self.file = file
