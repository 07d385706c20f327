"""The digests of a file by which others may know it, from one pass over its bytes.

SHA-256 is what every record here names. MD5 and SHA-1 are there because suppliers still send
them; neither proves that nobody made two files with one digest.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UnreadableError
from pipelines.ports import Progress
from pipelines.stages.ingest import open_regular, unreadable

ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Digests:
    """How many bytes a file has, its first ones, and its digests by algorithm."""

    size: int
    head: bytes
    hex: Mapping[str, str]


def digests_of(path: Path, progress: Progress, *, head_bytes: int = 64) -> Digests:
    """Read `path` from end to end, once.

    Raises UnreadableError where it is no readable regular file or is empty.
    """
    found = {name: hashlib.new(name, usedforsecurity=False) for name in ALGORITHMS}
    head, size = b"", 0
    with os.fdopen(open_regular(path), "rb", buffering=0) as file:
        progress.start("reading", os.fstat(file.fileno()).st_size)
        try:
            while chunk := file.read(_CHUNK_BYTES):
                head = head or chunk[:head_bytes]
                size += len(chunk)
                for one in found.values():
                    one.update(chunk)
                progress.advance(len(chunk))
        except OSError as error:
            raise unreadable(path, error) from error
    if not size:
        raise UnreadableError(
            f"{path.name} is empty.", next_step="Obtain the file again from its source."
        )
    return Digests(size, head, {name: one.hexdigest() for name, one in found.items()})
