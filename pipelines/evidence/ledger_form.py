"""The form of a frame ledger, and the laws of the one format that is known here.

JSON Lines, each line canonical JSON (an object) and ended by a line feed. The first line is
the header: it says what the lines hold and has `version`. A later line with an integer
`index` is about a frame, or about whatever its `kind` names; within a kind, indexes count
from 0 without a gap. Where header or another line has an integer `frames`, it is the number
of frame lines (those without `kind`, or of kind `frame`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.json_value import Json

FORMAT = "evident-ledger/1"
MAX_LINE_BYTES = 1 << 20

DIGESTS = ("source_sha256", "encoder_sha256", "delivered_sha256")
"""Per frame: as decoded from the file received, as encoded, as decoded from the result."""

_FRAME = "frame"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What a ledger states: its header and how many frames it lists.

    `frame_digests` are one SHA-256 over each of `DIGESTS` in the order of the frames, and empty
    for a format that is not known here.
    """

    header: dict[str, Json]
    frames: int
    frame_digests: dict[str, str]

    @property
    def known(self) -> bool:
        """Whether the format is known here."""
        return self.header.get("format") == FORMAT


class LedgerCheck:
    """Checks a ledger as its bytes pass: `feed` chunks, then `finish`; memory is one line."""

    def __init__(self) -> None:
        self._fault: EvidenceError | None = None
        self._rest = b""
        self._lines = 0
        self._next: dict[str, int] = {}
        self._stated: set[int] = set()
        self._header: dict[str, Json] = {}
        self._whole = {name: hashlib.sha256() for name in DIGESTS}

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

    def finish(self) -> LedgerFacts:
        """Return what it states; raises `EvidenceError` naming the first line out of form."""
        if self._fault is not None:
            raise self._fault
        if self._rest or not self._lines:
            raise EvidenceError("The ledger's last line is not complete.")
        frames = self._next.get(_FRAME, 0)
        if self._stated - {frames}:
            raise EvidenceError(f"The ledger lists {frames} frames and states another number.")
        whole = {name: digest.hexdigest() for name, digest in self._whole.items()}
        facts = LedgerFacts(self._header, frames, {})
        return LedgerFacts(self._header, frames, whole) if facts.known else facts

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
            self._header = members
            if members.get("format") == FORMAT:
                _check_header(members)
            return
        self._count(members)
        if self._header.get("format") == FORMAT:
            self._check_frame(members)

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

    def _check_frame(self, members: dict[str, Json]) -> None:
        if "index" not in members or "kind" in members:
            raise EvidenceError(f"Line {self._lines} of the ledger is not about a frame.")
        digests = [members.get(name) for name in DIGESTS]
        for name, digest in zip(DIGESTS, digests, strict=True):
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise EvidenceError(f"Line {self._lines} of the ledger has no {name}.")
            self._whole[name].update(bytes.fromhex(digest))
        if not _is_whole(members.get("pts")):
            raise EvidenceError(f"Line {self._lines} of the ledger has no pts.")
        if self._header["lossless"] and digests[1] != digests[2]:
            raise EvidenceError(
                f"Line {self._lines} of the ledger: coded without loss, delivered otherwise."
            )


def segment_digests(
    chunks: Iterable[bytes], ranges: Iterable[tuple[int, int]]
) -> Iterator[dict[str, str]]:
    """Yield over each range of frames (first, stop) one SHA-256 per name in `DIGESTS`.

    `chunks` are a ledger that `LedgerCheck` found good; the ranges follow each other from 0.
    Memory is one line.
    """
    frames = _frames(chunks)
    for first, stop in ranges:
        whole = {name: hashlib.sha256() for name in DIGESTS}
        for _ in range(first, stop):
            line = next(frames, None)
            if line is None:
                raise EvidenceError("The ledger lists fewer frames than the plan's segments.")
            for name, digest in whole.items():
                digest.update(bytes.fromhex(line[name]))
        yield {name: digest.hexdigest() for name, digest in whole.items()}


def _frames(chunks: Iterable[bytes]) -> Iterator[dict[str, str]]:
    rest, number = b"", 0
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            if number > 1:
                yield json.loads(line)


def _check_header(header: dict[str, Json]) -> None:
    frames, lossless, packets = (header.get(one) for one in ("frames", "lossless", "packets"))
    if not _is_count(frames) or not isinstance(lossless, bool) or not isinstance(packets, list):
        raise EvidenceError("The ledger's header lacks frames, lossless or packets.")
    for one in packets:
        match one:
            case {"stream": stream, "packets": count, "bytes": size, "chain": str(chain)} if all(
                map(_is_count, (stream, count, size))
            ) and _DIGEST.fullmatch(chain):
                continue
            case _:
                raise EvidenceError("The ledger's header lists packets without their digests.")


def _is_whole(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
