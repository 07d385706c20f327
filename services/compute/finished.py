"""A finished segment as it lies in the store: its mark, and the objects of its files.

The store is the truth: a worker that died after it wrote this has finished the segment, and who
asks for it finds it, whether the worker's answer arrived or not. What is read here is checked as
a stranger's: names, sizes and digests, before a byte of it reaches a work folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.evidence.json_value import Json
from pipelines.run.clip_pixels import segment_names
from pipelines.run.marks import Mark, mark_record, read_mark, segment_path
from services.compute.errors import NotFinishedError
from services.compute.order import Stored
from services.storage.keys import is_key

_HERE = Path()
_VERSION = 1
MOST_FILES = 4096


@dataclass(frozen=True, slots=True)
class FinishedSegment:
    """One segment that a worker rendered and verified; `files` by their names in a work folder."""

    plan_sha256: str
    mark: Mark
    files: Mapping[str, Stored]
    replans: tuple[str, ...]
    where: Mapping[str, Json]

    def dump(self) -> bytes:
        """Spell it."""
        record = {
            "version": _VERSION,
            "plan_sha256": self.plan_sha256,
            "mark": mark_record(self.mark),
            "files": {name: asdict(stored) for name, stored in self.files.items()},
            "replans": list(self.replans),
            "where": dict(self.where),
        }
        return json.dumps(record).encode()


def read_finished(data: bytes) -> FinishedSegment:
    """Take the spelling apart. Raises NotFinishedError."""
    try:
        record: dict[str, Any] = json.loads(data)
        found = FinishedSegment(
            plan_sha256=str(record["plan_sha256"]),
            mark=read_mark(record["mark"]),
            files={name: Stored(**stored) for name, stored in record["files"].items()},
            replans=tuple(str(one) for one in record["replans"]),
            where={str(name): value for name, value in record["where"].items()},
        )
        _require_whole(found, version=record["version"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotFinishedError(f"That is no finished segment ({error}).") from error
    return found


def _require_whole(found: FinishedSegment, *, version: object) -> None:
    mark = found.mark
    if version != _VERSION:
        raise ValueError("another version")
    if mark.delivered is None or mark.coded is None or len(mark.delivered) != len(mark.encoder):
        raise ValueError("it was not verified")
    known = set(segment_names(mark.number, mark.first, mark.stop))
    if len(found.files) > MOST_FILES or not known.issuperset(found.files):
        raise ValueError("it names files that no segment has")
    segment = found.files[segment_name(mark)]
    if (segment.sha256, segment.bytes) != (mark.sha256, mark.size):
        raise ValueError("its file is not that of its mark")
    if not all(is_key(one.key) for one in found.files.values()):
        raise ValueError("it names no objects")


def segment_name(mark: Mark) -> str:
    """What a segment's own file is called."""
    return segment_path(_HERE, mark.number).name
