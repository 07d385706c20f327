"""Marks: what is known about the segments of a clip that are already rendered.

A mark is written after its segment's file is complete and durable, so a run that dies at any
moment repeats at most the segment that it was rendering. A mark counts only while the file
has the digest that the mark names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.media.video import CodedSegment
from pipelines.run.durable_file import write_whole

_VERSION = 1
_JOINED = "joined.json"


@dataclass(frozen=True, slots=True)
class Mark:
    """One rendered segment: frames `first` up to, not including, `stop`.

    `encoder` holds SHA-256 of the samples handed to the encoder per frame; `delivered` that of
    the frames as a decoder gives them back, and `coded` that of the packets that it was given
    (`media.video.CodedSegment`); both None until the segment was decoded.
    """

    number: int
    first: int
    stop: int
    sha256: str
    size: int
    encoder: tuple[bytes, ...]
    delivered: tuple[bytes, ...] | None = None
    coded: bytes | None = None

    def as_coded(self) -> CodedSegment:
        """The segment as the joined file is held against it, once it was decoded."""
        assert self.delivered is not None  # noqa: S101 - a rendered clip's segments all were
        assert self.coded is not None  # noqa: S101
        return CodedSegment(self.stop - self.first, self.coded, self.delivered[0])


def segment_path(work: Path, number: int) -> Path:
    """Where the coded segment lies."""
    return work / f"segment-{number:06d}.mkv"


def save_mark(work: Path, mark: Mark) -> None:
    """Make the mark durable."""
    write_whole(_mark_path(work, mark.number), json.dumps(mark_record(mark)).encode())


def mark_record(mark: Mark) -> dict[str, Any]:
    """Spell a mark as JSON holds it."""
    return {
        "version": _VERSION,
        "number": mark.number,
        "first": mark.first,
        "stop": mark.stop,
        "sha256": mark.sha256,
        "bytes": mark.size,
        "encoder": [digest.hex() for digest in mark.encoder],
        "delivered": None if mark.delivered is None else [one.hex() for one in mark.delivered],
        "coded": None if mark.coded is None else mark.coded.hex(),
    }


def read_mark(record: Mapping[str, Any]) -> Mark:
    """Take a mark's spelling apart. Raises KeyError, TypeError or ValueError for anything else."""
    delivered, coded = record["delivered"], record["coded"]
    mark = Mark(
        number=record["number"],
        first=record["first"],
        stop=record["stop"],
        sha256=record["sha256"],
        size=record["bytes"],
        encoder=tuple(bytes.fromhex(one) for one in record["encoder"]),
        delivered=None if delivered is None else tuple(bytes.fromhex(one) for one in delivered),
        coded=None if coded is None else bytes.fromhex(coded),
    )
    if record["version"] != _VERSION or len(mark.encoder) != mark.stop - mark.first:
        raise ValueError("a mark of another version, or of other frames")
    return mark


def load_mark(
    work: Path, number: int, *, first: int, stop: int, joined: bool = False
) -> Mark | None:
    """Read a mark; None where there is none that fits the range and the segment's file.

    With `joined` the file is not asked for: it went into the joined result.
    """
    try:
        mark = read_mark(json.loads(_mark_path(work, number).read_bytes()))
        fits = (mark.number, mark.first, mark.stop) == (number, first, stop)
        if fits and (joined or file_sha256(segment_path(work, number)) == mark.sha256):
            return mark
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def save_joined(work: Path, result: Path) -> None:
    """Note that `result` is complete; the segments' files are not needed any more."""
    record = {"version": _VERSION, "name": result.name, "sha256": file_sha256(result)}
    write_whole(work / _JOINED, json.dumps(record).encode())
    for segment in work.glob("segment-*.mkv"):
        segment.unlink(missing_ok=True)


def is_joined(work: Path, result: Path) -> bool:
    """Whether `result` is the complete result that `save_joined` noted."""
    try:
        record = json.loads((work / _JOINED).read_bytes())
        return bool(record["name"] == result.name and record["sha256"] == file_sha256(result))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mark_path(work: Path, number: int) -> Path:
    return work / f"segment-{number:06d}.json"
