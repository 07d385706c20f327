"""The form of a frame ledger, whatever digests its lines carry.

JSON Lines, each line canonical JSON (an object) and ended by a line feed. The first line is
the header: it says what the lines hold and has `version`. A later line with an integer
`index` is about a frame, or about whatever its `kind` names; within a kind, indexes count
from 0 without a gap. Where header or another line has an integer `frames`, it is the number
of frame lines (those without `kind`, or of kind `frame`).
"""

from __future__ import annotations

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.json_value import Json

MAX_LINE_BYTES = 1 << 20

_FRAME = "frame"


class LedgerCheck:
    """Checks a ledger as its bytes pass: `feed` chunks, then `finish`; memory is one line."""

    def __init__(self) -> None:
        self._fault: EvidenceError | None = None
        self._rest = b""
        self._lines = 0
        self._next: dict[str, int] = {}
        self._stated: set[int] = set()

    def feed(self, chunk: bytes) -> None:
        """Take more bytes; what is out of form is kept for `finish`, and ends the reading."""
        if self._fault is not None:
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        try:
            for line in lines:
                self._take(line)
        except EvidenceError as error:
            self._fault = error
        if len(self._rest) > MAX_LINE_BYTES:
            self._fault = EvidenceError(f"Line {self._lines + 1} of the ledger is too long.")

    def finish(self) -> int:
        """Return how many frames it lists; `EvidenceError` naming the first line out of form."""
        if self._fault is not None:
            raise self._fault
        if self._rest or not self._lines:
            raise EvidenceError("The ledger's last line is not complete.")
        frames = self._next.get(_FRAME, 0)
        if self._stated - {frames}:
            raise EvidenceError(f"The ledger lists {frames} frames and states another number.")
        return frames

    def _take(self, line: bytes) -> None:
        self._lines += 1
        try:
            members = parse_object(line)
        except EvidenceError as error:
            raise EvidenceError(f"Line {self._lines} of the ledger: {error}") from error
        frames = members.get("frames")
        if isinstance(frames, int) and not isinstance(frames, bool):
            self._stated.add(frames)
        if self._lines == 1:
            if "version" not in members:
                raise EvidenceError("The ledger's first line is not a header with a version.")
            return
        self._count(members)

    def _count(self, members: dict[str, Json]) -> None:
        index = members.get("index")
        if index is None:
            return
        kind = members.get("kind", _FRAME)
        if not isinstance(kind, str) or not isinstance(index, int) or isinstance(index, bool):
            raise EvidenceError(f"Line {self._lines} of the ledger has an odd index or kind.")
        expected = self._next.get(kind, 0)
        if index != expected:
            raise EvidenceError(
                f"Line {self._lines} of the ledger is {kind} {index}; {expected} should follow."
            )
        self._next[kind] = index + 1
