"""Which codecs this machine's FFmpeg has, of those that deliveries need and footage comes in.

Asked by name, in this process: nothing from outside is opened.
"""

from __future__ import annotations

from collections.abc import Iterable

from av.codec import Codec
from av.codec.codec import UnknownCodecError

ENCODERS = ("libx264", "libx265", "ffv1")
"""What deliveries are made with; a machine without one of them fails jobs that need it."""

DECODERS = (
    "h264",
    "hevc",
    "av1",
    "vp9",
    "vp8",
    "mpeg4",
    "mpeg2video",
    "mpeg1video",
    "mjpeg",
    "h263",
    "prores",
    "dnxhd",
    "dvvideo",
    "ffv1",
    "rawvideo",
)
"""What recorders and archives write most."""


def lacking_encoders() -> tuple[str, ...]:
    """Return those of `ENCODERS` that are not there."""
    return _lacking(ENCODERS, "w")


def lacking_decoders() -> tuple[str, ...]:
    """Return those of `DECODERS` that are not there."""
    return _lacking(DECODERS, "r")


def _lacking(names: Iterable[str], mode: str) -> tuple[str, ...]:
    return tuple(name for name in names if not _has(name, mode))


def _has(name: str, mode: str) -> bool:
    try:
        Codec(name, mode)  # type: ignore[arg-type]
    except UnknownCodecError:
        return False
    return True
