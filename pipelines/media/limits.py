"""What a decode child may use, whatever the file that it was given tells it to do."""

from __future__ import annotations

from dataclasses import dataclass

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Bounds of one child.

    `memory_bytes` bounds its address space (RLIMIT_AS: threads' stacks and maps count, so it is
    far above what decoding takes). `cpu_seconds` ends a child that never stops talking;
    `silence_seconds` is how long the parent waits for its next message. `open_files` bounds
    descriptors. `file_bytes` bounds every file that it writes: none, but for the child that joins.
    """

    memory_bytes: int = 12 * _GIB
    cpu_seconds: int = 24 * 3600
    silence_seconds: float = 120.0
    open_files: int = 128
    file_bytes: int = 0


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What a clip may claim. `pixels` bounds one frame, `frames` the clip, `streams` the file."""

    pixels: int = 16_384 * 8_640
    side: int = 16_384
    frames: int = 20_000_000
    streams: int = 256
