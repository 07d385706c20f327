"""How a file is built, and what lies hidden in it or after its end, as a decode child found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.media.pool import DecodePool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file by the name that its format gives it."""

    name: str
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """Bytes that no player shows. `begins` are the first of them, `zero` says they are all zero."""

    where: str
    at: int
    size: int
    sha256: str
    begins: bytes
    zero: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """The parts of a file, hidden places, what is wrong with it, and what was not looked for.

    Lists are bounded; `part_count` and `hidden_count` count what there is. `tags` are the EXIF tags
    of a photograph.
    """

    parts: tuple[Part, ...]
    part_count: int
    hidden: tuple[Hidden, ...]
    hidden_count: int
    wrong: tuple[str, ...]
    unsought: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


def read_structure(pool: DecodePool, path: Path, *, tags: bool = False) -> Structure:
    """Look at a file in a child; with `tags` at its EXIF tags as well.

    Raises UnreadableError, DecodeChildError.
    """
    with pool.session("structure", {"path": str(path), "tags": tags}) as session:
        while "structure" not in (message := session.receive()):
            pass
    return _from(message["structure"])


def _from(found: dict[str, Any]) -> Structure:
    return Structure(
        parts=tuple(Part(one["name"], one["at"], one["bytes"]) for one in found["parts"]),
        part_count=int(found["part_count"]),
        hidden=tuple(
            Hidden(
                where=str(one["where"]),
                at=int(one["at"]),
                size=int(one["bytes"]),
                sha256=str(one["sha256"]),
                begins=bytes.fromhex(one["begins"]),
                zero=bool(one["zero"]),
            )
            for one in found["hidden"]
        ),
        hidden_count=int(found["hidden_count"]),
        wrong=tuple(map(str, found["wrong"])),
        unsought=tuple(map(str, found["unsought"])),
        tags={str(name): str(value) for name, value in found["tags"].items()},
    )
