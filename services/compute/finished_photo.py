"""A photograph whose samples a worker computed, as it lies in the store: the objects of its planes.

What is read here is checked as a stranger's before a byte of it reaches a work folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.evidence.json_value import Json
from services.compute.errors import NotFinishedError
from services.compute.order import Stored
from services.storage.keys import is_key

_VERSION = 1
_MOST_PLANES = 4


@dataclass(frozen=True, slots=True)
class FinishedPhoto:
    """The planes of one photograph in order, and `samples`, the digest over all of them."""

    plan_sha256: str
    samples: bytes
    planes: tuple[Stored, ...]
    replans: tuple[str, ...]
    where: Mapping[str, Json]

    def dump(self) -> bytes:
        """Spell it."""
        record = {
            "version": _VERSION,
            "plan_sha256": self.plan_sha256,
            "samples": self.samples.hex(),
            "planes": [asdict(stored) for stored in self.planes],
            "replans": list(self.replans),
            "where": dict(self.where),
        }
        return json.dumps(record).encode()


def read_finished_photo(data: bytes) -> FinishedPhoto:
    """Take the spelling apart. Raises NotFinishedError."""
    try:
        record: dict[str, Any] = json.loads(data)
        found = FinishedPhoto(
            plan_sha256=str(record["plan_sha256"]),
            samples=bytes.fromhex(record["samples"]),
            planes=tuple(Stored(**stored) for stored in record["planes"]),
            replans=tuple(str(one) for one in record["replans"]),
            where={str(name): value for name, value in record["where"].items()},
        )
        _require_whole(found, version=record["version"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotFinishedError(f"That is no finished photograph ({error}).") from error
    return found


def _require_whole(found: FinishedPhoto, *, version: object) -> None:
    if version != _VERSION:
        raise ValueError("another version")
    if not 0 < len(found.planes) <= _MOST_PLANES:
        raise ValueError("no photograph has so many planes")
    if not all(is_key(one.key) for one in found.planes):
        raise ValueError("it names no objects")
