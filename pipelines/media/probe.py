"""A first, bounded look at a file from outside, in a child: what it is, or why it is refused.

Meant for whoever takes files in and imports no decoder. The child has less of everything than one
that works: a file that needs more to be recognised is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.errors import DecodeChildError
from pipelines.media.limits import DecodeLimits
from pipelines.media.pool import DecodePool

Media = Literal["photo", "video"]

PROBE_LIMITS = DecodeLimits(
    memory_bytes=4 << 30, cpu_seconds=60, silence_seconds=60.0, open_files=64
)
"""A pool for first looks is made with these."""

PROBE_TASKS = ("probe", "glance")
"""What such a pool's children are ready for."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a file was recognised as; sizes in pixels as they are stored."""

    media: Media
    media_type: str
    width: int
    height: int


def probe(pool: DecodePool, path: Path) -> Probed:
    """Look at `path`. Raises InputError for what is not worked on, DecodeChildError."""
    with pool.session("probe", {"path": str(path)}) as session:
        message = session.receive()
    return _probed(message.get("probe"))


def _probed(found: object) -> Probed:
    """Read what a child that met a stranger's file said: nothing of it is believed unseen."""
    if isinstance(found, Mapping):
        media, kind = found.get("media"), found.get("media_type")
        sizes: list[Any] = [found.get("width"), found.get("height")]
        is_sound = isinstance(kind, str) and len(kind) <= 100 and media in ("photo", "video")
        if is_sound and all(isinstance(one, int) and 0 < one <= 1 << 20 for one in sizes):
            return Probed("photo" if media == "photo" else "video", str(kind), *sizes)
    raise DecodeChildError("The decoder (probe) gave an answer that makes no sense.")
