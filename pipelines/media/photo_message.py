"""What the decode child and its parent say to each other about a photo.

Messages are strings, numbers, lists and mappings of them. Bytes travel as base64, fractions as
"numerator/denominator".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from fractions import Fraction
from mmap import mmap
from typing import Any, Protocol

from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata, Resolution
from pipelines.media.picture import Family, FrameShape, PixelLayout

Message = Mapping[str, Any]


class Channel(Protocol):
    """The child's end of a session."""

    def send(self, message: dict[str, Any], /) -> None:
        """Say something to the parent."""

    def receive_memory(self) -> mmap:
        """Wait for the memory that the parent shares, mapped writable."""


class Session(Protocol):
    """The parent's end of a session."""

    def receive(self) -> Mapping[str, Any]:
        """Wait for the child's next message; errors of ours are raised again here."""

    def share(self, fd: int, size: int, /) -> None:
        """Give the child `size` bytes of memory to write to."""


class Sessions(Protocol):
    """Runs tasks in bounded decode children."""

    def session(self, task: str, arguments: dict[str, Any], /) -> AbstractContextManager[Session]:
        """Begin `task` in a child; leaving the context ends it."""


def limits_message(limits: PhotoLimits) -> dict[str, int]:
    """Spell the limits as a message."""
    return asdict(limits)


def limits_from(message: Message) -> PhotoLimits:
    """Read what `limits_message` wrote."""
    return PhotoLimits(**message)


def header_message(header: PhotoHeader) -> dict[str, Any]:
    """Spell a header as a message."""
    layout, metadata = header.shape.layout, header.metadata
    density = metadata.resolution
    return {
        "size": [header.shape.height, header.shape.width],
        "layout": [layout.family.value, layout.depth, layout.alpha],
        "kind": metadata.kind.value,
        "icc": _text(metadata.icc),
        "exif": _text(metadata.exif),
        "xmp": _text(metadata.xmp),
        "orientation": metadata.orientation,
        "resolution": None if density is None else [str(density.x), str(density.y)],
        "pages": metadata.pages,
        "palette": metadata.palette,
        "original_depth": metadata.original_depth,
        "remarks": list(metadata.remarks),
        "colour_chunks": [[name, _text(body)] for name, body in metadata.colour_chunks],
        "decoder_bytes": header.decoder_bytes,
        "file_bytes": header.file_bytes,
        "assumptions": list(header.assumptions),
    }


def header_from(message: Message) -> PhotoHeader:
    """Read what `header_message` wrote."""
    height, width = message["size"]
    family, depth, alpha = message["layout"]
    density = message["resolution"]
    metadata = PhotoMetadata(
        Kind(message["kind"]),
        icc=_bytes(message["icc"]),
        exif=_bytes(message["exif"]),
        xmp=_bytes(message["xmp"]),
        orientation=message["orientation"],
        resolution=None if density is None else Resolution(*(Fraction(dots) for dots in density)),
        pages=message["pages"],
        palette=message["palette"],
        original_depth=message["original_depth"],
        remarks=tuple(message["remarks"]),
        colour_chunks=tuple(
            (name, base64.b64decode(body)) for name, body in message["colour_chunks"]
        ),
    )
    shape = FrameShape(height, width, PixelLayout(Family(family), depth=depth, alpha=alpha))
    return PhotoHeader(
        shape,
        metadata,
        message["decoder_bytes"],
        message["file_bytes"],
        tuple(message["assumptions"]),
    )


def _text(body: bytes | None) -> str | None:
    return None if body is None else base64.b64encode(body).decode("ascii")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
