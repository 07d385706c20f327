"""Photos: read through the bounded decode child, write from this process.

Reading promises the samples as the decoder gives them, one plane each, never colour-managed,
never premultiplied; an orientation is either applied (samples turned without loss, every tag
that asked for it reset to 1) or kept (samples and tags untouched). Importing this module loads
no codec.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pipelines.media.photo_exif import oriented_upright
from pipelines.media.photo_facts import (
    Photo,
    PhotoHeader,
    PhotoLimits,
    PhotoMetadata,
    Resolution,
)
from pipelines.media.photo_message import Sessions, header_from, limits_message
from pipelines.media.photo_planes import (
    allocate_planes,
    new_blocks,
    new_planes,
    plane_views,
    planes_digest,
)
from pipelines.media.photo_write import require_writable, write_photo
from pipelines.media.photo_xmp import xmp_upright
from pipelines.media.scratch_pages import GivingBack

__all__ = [
    "Photo",
    "PhotoHeader",
    "PhotoLimits",
    "PhotoMetadata",
    "Resolution",
    "header",
    "new_blocks",
    "new_planes",
    "planes_digest",
    "read_photo",
    "require_writable",
    "write_photo",
]

Turn = Literal["apply", "keep"]
DEFAULT_LIMITS = PhotoLimits()


def header(pool: Sessions, path: Path, *, limits: PhotoLimits = DEFAULT_LIMITS) -> PhotoHeader:
    """Read what is known without decoding, so that ceilings can be computed first.

    Raises the input errors of `photo_header.read_header`.
    """
    with pool.session("photo", _arguments(path, limits, want="header", turn="keep")) as session:
        return header_from(session.receive())


def read_photo(
    pool: Sessions,
    path: Path,
    *,
    scratch: Path,
    orientation: Turn,
    limits: PhotoLimits = DEFAULT_LIMITS,
) -> Photo:
    """Decode the (first) picture of `path`.

    Planes lie in memory, or in an unlinked file in `scratch` when large; they are read-only.
    Raises `InputError` in its kinds, `UnsupportedError`, `DiskFullError`, `DecodeChildError`.
    """
    arguments = _arguments(path, limits, want="planes", turn=orientation)
    with pool.session("photo", arguments) as session:
        head = header_from(session.receive())
        shape = head.upright if orientation == "apply" else head.shape
        memory = allocate_planes(shape, scratch=scratch)
        try:
            session.share(memory.fd, memory.size)
            remarks = tuple(session.receive()["remarks"])
        finally:
            memory.close_descriptor()
    planes = plane_views(memory.mapping, shape)
    for plane in planes:
        plane.flags.writeable = False
    metadata = head.metadata.remarked(*remarks)
    if orientation == "apply":
        metadata = _applied(metadata)
    with GivingBack() as pages:
        digest = planes_digest(pages.watch(planes))
    return Photo(shape, planes, metadata, digest, head.assumptions)


def _arguments(path: Path, limits: PhotoLimits, *, want: str, turn: Turn) -> dict[str, Any]:
    return {
        "path": str(path),
        "limits": limits_message(limits),
        "want": want,
        "orientation": turn,
    }


def _applied(metadata: PhotoMetadata) -> PhotoMetadata:
    """Describe a picture whose orientation is now in its samples."""
    if metadata.orientation == 1:
        return metadata
    density = metadata.resolution
    turned = density.transposed if density and metadata.orientation >= 5 else density
    return replace(
        metadata.remarked(f"Orientation {metadata.orientation} was applied to the samples."),
        orientation=1,
        exif=oriented_upright(metadata.exif) if metadata.exif else None,
        xmp=xmp_upright(metadata.xmp) if metadata.xmp else None,
        resolution=turned,
    )
