"""Reading a photo's header, whatever its kind: facts, and every refusal before decoding.

Which orientation counts: EXIF's (TIFF: the tag) where it holds one, else XMP's, as Pillow and
most viewers do; where they disagree, a remark says so. Resolution likewise: the container's
own field first, then EXIF's.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from pipelines.errors import (
    DamagedError,
    NotMediaError,
    TooLargeError,
    UnreadableError,
    UnsupportedError,
)
from pipelines.media.identify import HEAD_BYTES, Kind, identify
from pipelines.media.photo_avif import avif_header
from pipelines.media.photo_bmp import bmp_header
from pipelines.media.photo_exif import exif_facts
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits
from pipelines.media.photo_heic import heic_header
from pipelines.media.photo_jpeg import jpeg_header
from pipelines.media.photo_png import png_header
from pipelines.media.photo_tags import Data
from pipelines.media.photo_tiff import tiff_header
from pipelines.media.photo_webp import webp_header
from pipelines.media.photo_xmp import xmp_orientation

_READERS: dict[Kind, Callable[[Data, PhotoLimits], PhotoHeader]] = {
    Kind.PNG: png_header,
    Kind.JPEG: jpeg_header,
    Kind.WEBP: webp_header,
    Kind.TIFF: tiff_header,
    Kind.BMP: bmp_header,
    Kind.AVIF: avif_header,
    Kind.HEIC: heic_header,
}


def read_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read the header of a whole photo file in `data` (bytes or a read-only map).

    Raises `UnreadableError` for no bytes, `NotMediaError` for no picture, `UnsupportedError`
    for a kind or form that is not worked on, `DamagedError` for one that is not whole, and
    `TooLargeError` beyond `limits`.
    """
    if not len(data):
        raise UnreadableError("The file is empty.", next_step="Obtain the complete file.")
    kind = identify(bytes(data[:HEAD_BYTES]))
    if kind.refusal:
        raise UnsupportedError(f"{kind.refusal}.", next_step="Convert it to PNG or TIFF first.")
    if kind not in _READERS:
        raise NotMediaError(
            "The file is not a picture of a kind that is read.",
            next_step="Give a PNG, JPEG, WebP, TIFF, BMP, AVIF or HEIC file.",
        )
    try:
        header = _READERS[kind](data, limits)
    except DamagedError as error:
        error.next_step = error.next_step or "Obtain the complete file."
        raise
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise DamagedError(
            f"The {kind.value} header does not add up.", next_step="Obtain the complete file."
        ) from error
    _require_within(header, limits)
    return _with_tags(header)


def _require_within(header: PhotoHeader, limits: PhotoLimits) -> None:
    height, width = header.shape.height, header.shape.width
    if max(height, width) > limits.side:
        raise TooLargeError(
            f"The picture claims {width}x{height}; a side may have {limits.side} pixels.",
            next_step="Cut the picture into parts, or raise the limit.",
        )
    if height * width > limits.pixels:
        raise TooLargeError(
            f"The picture claims {width}x{height}, {height * width / 1e6:.0f} megapixels; "
            f"the limit is {limits.pixels / 1e6:.0f}.",
            next_step="Cut the picture into parts, or raise the limit.",
        )
    if header.decoder_bytes > limits.decoder_bytes:
        raise TooLargeError(
            f"Decoding needs {header.decoder_bytes / 2**20:.0f} MiB beside the picture; "
            f"the limit is {limits.decoder_bytes / 2**20:.0f} MiB.",
            next_step="Save the picture without interlacing, or in smaller strips or tiles.",
        )


def _with_tags(header: PhotoHeader) -> PhotoHeader:
    """Settle orientation and resolution from the container, EXIF and XMP."""
    metadata = header.metadata
    facts = exif_facts(metadata.exif)
    remarks = list(facts.remarks)
    in_xmp = xmp_orientation(metadata.xmp)
    stated = metadata.orientation if header.kind is Kind.TIFF else facts.orientation
    orientation = stated or in_xmp or 1
    if stated and in_xmp and stated != in_xmp:
        remarks.append(f"EXIF says orientation {stated}, XMP says {in_xmp}: EXIF counts.")
    metadata = replace(
        metadata.remarked(*remarks),
        orientation=orientation,
        resolution=metadata.resolution or facts.resolution,
    )
    return replace(header, metadata=metadata)
