"""The spelling of a part, by which it goes from a job's process to a worker's."""

from __future__ import annotations

import json
from typing import Any

from pipelines.run.clip_part import Part
from services.compute.errors import ComputeError

_VERSION = 2


def part_bytes(part: Part) -> bytes:
    """Spell a part; what is JSON in it stays text."""
    record = {
        "version": _VERSION,
        "job": part.job,
        "graph": part.graph.decode(),
        "plan": part.plan.decode(),
        "software": dict(part.software),
        "tracks": None if part.tracks is None else part.tracks.decode(),
        "keeps_faces": part.keeps_faces,
        "source": part.source.hex(),
    }
    return json.dumps(record).encode()


def read_part(data: bytes) -> Part:
    """Take the spelling apart. Raises ComputeError."""
    try:
        record: dict[str, Any] = json.loads(data)
        tracks = {_VERSION: record["tracks"]}[record["version"]]
        return Part(
            job=str(record["job"]),
            graph=record["graph"].encode(),
            plan=record["plan"].encode(),
            software={str(name): str(value) for name, value in record["software"].items()},
            tracks=None if tracks is None else tracks.encode(),
            keeps_faces=bool(record["keeps_faces"]),
            source=bytes.fromhex(record["source"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ComputeError(f"That is no part of a job ({error}).") from error
