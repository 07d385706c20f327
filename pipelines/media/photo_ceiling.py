"""How much memory and scratch a photo job can need, as a formula over sizes alone.

With F(s) the bytes of the native planes of shape s, R the bytes of each float32 picture that rests
between two operations, T the side of a tile of the result in pixels
(its surroundings included), and M the size up to which planes stay in memory:

  resident = F(source) if F(source) <= M else 0, plus the same for the result and for each R
  decode   = 96 MiB of strips + what the header says the decoder needs (`decoder_bytes`)
  compute  = 4 bytes x 4 copies x (planes of source + planes of result) x T**2
  write    = 64 MiB of strips, for WebP 48 bytes a pixel instead (its coder takes the whole)
  memory   = 256 MiB (interpreter and libraries) + resident + max(decode, compute, write)
  scratch  = F(source) if F(source) > M else 0, plus the same for the result and for each R
  disk     = F(result) + 16 MiB, which no lossless coding of it exceeds by more than a strip

`memory` counts what cannot be given back. Planes in a scratch file are mapped; their pages are
given back all the time (`scratch_pages`) and are counted in `scratch`.
The decoder's share is spent in the decode child, under that child's own limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import MemoryCeilingError
from pipelines.media.identify import Kind
from pipelines.media.photo_planes import IN_MEMORY_BYTES
from pipelines.media.picture import FrameShape

_MIB = 1 << 20
_PROCESS = 256 * _MIB
_DECODE_STRIPS = 96 * _MIB
_WRITE_STRIPS = 64 * _MIB
_WEBP_PIXEL_BYTES = 48
_BLOCK_COPIES = 4
_COMPRESSION_SLACK = 16 * _MIB


@dataclass(frozen=True, slots=True)
class PhotoCeiling:
    """The most a job can need, in bytes: memory, scratch files, and the finished file."""

    memory_bytes: int
    scratch_bytes: int
    disk_bytes: int

    def require(self, available_bytes: int) -> None:
        """Refuse the job where its memory exceeds `available_bytes` (`MemoryCeilingError`)."""
        if self.memory_bytes > available_bytes:
            raise MemoryCeilingError(
                f"The job can need {self.memory_bytes / _MIB:.0f} MiB of memory; "
                f"{available_bytes / _MIB:.0f} MiB are available.",
                next_step="Choose a smaller tile or PNG, or run it on a larger machine.",
            )


def photo_ceiling(
    source: FrameShape,
    result: FrameShape,
    *,
    tile: int,
    decoder_bytes: int = 0,
    kind: Kind = Kind.PNG,
    resting_bytes: tuple[int, ...] = (),
) -> PhotoCeiling:
    """Compute the ceiling of a job (the formula stands at the top of this module).

    `tile` is in pixels of the result; `decoder_bytes` comes from `PhotoHeader`; `kind` is the
    kind of file written; `resting_bytes` are the R.
    """
    sizes = (source.frame_bytes, result.frame_bytes, *resting_bytes)
    resident = sum(size for size in sizes if size <= IN_MEMORY_BYTES)
    scratch = sum(size for size in sizes if size > IN_MEMORY_BYTES)
    planes = source.layout.plane_count + result.layout.plane_count
    side = min(tile, max(result.height, result.width, source.height, source.width))
    decode = _DECODE_STRIPS + decoder_bytes
    compute = 4 * _BLOCK_COPIES * planes * side * side
    write = _WRITE_STRIPS
    if kind is Kind.WEBP:
        write = max(write, _WEBP_PIXEL_BYTES * result.height * result.width)
    return PhotoCeiling(
        memory_bytes=_PROCESS + resident + max(decode, compute, write),
        scratch_bytes=scratch,
        disk_bytes=result.frame_bytes + _COMPRESSION_SLACK,
    )
