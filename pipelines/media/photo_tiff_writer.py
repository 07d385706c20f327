"""Writing TIFF files strip by strip, with EXIF, XMP and ICC.

An EXIF block is itself a TIFF structure whose offsets count from its own start. So the block is
put at the very start of the file, as received, and the new directory that describes the samples
takes over its fields: every offset in it, maker notes included, still resolves. The file has the
block's byte order. Samples: chunky, Deflate with horizontal differencing, straight opacity.

Sources: TIFF 6.0, sections 2, 6, 14, 18; Adobe TIFF technical note 3 (Deflate).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from pipelines.errors import DamagedError, UnsupportedError
from pipelines.media.photo_exif import (
    ORIENTATION,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Field,
    append_directory,
)
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_tags import TagFile
from pipelines.media.photo_tiff import (
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    HEIGHT,
    ICC,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    SAMPLE_FORMAT,
    SAMPLES,
    STRIP_BYTES,
    STRIP_OFFSETS,
    STRIP_ROWS,
    WIDTH,
    XMP,
)
from pipelines.media.picture import Family, FrameShape, Samples

_STRIP_TARGET_BYTES = 1 << 20
_DEFLATE_LEVEL = 4
_MOST_BYTES = 0xFFFF_FFFF
_STRUCTURE = frozenset({254, 255, 256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 284, 317, 322,
                        323, 324, 325, 330, 338, 339, 513, 514, 700, 34_675})  # fmt: skip


def write_tiff(
    out: BinaryIO, planes: tuple[Samples, ...], shape: FrameShape, metadata: PhotoMetadata
) -> tuple[str, ...]:
    """Write one page. Returns remarks. Raises `UnsupportedError` beyond 4 GiB."""
    if shape.frame_bytes + len(metadata.icc or b"") + len(metadata.xmp or b"") > 0xF000_0000:
        raise UnsupportedError("A TIFF file cannot exceed 4 GiB.", next_step="Choose PNG.")
    order, prefix, fields, remarks = _opening(metadata.exif)
    out.write(prefix)
    at = len(prefix)
    offsets: list[int] = []
    sizes: list[int] = []
    step = max(1, _STRIP_TARGET_BYTES // max(1, shape.frame_bytes // shape.height))
    for strip in _strips(planes, shape, order, step):
        out.write(strip)
        offsets.append(at)
        sizes.append(len(strip))
        at += len(strip)
        if at > _MOST_BYTES:
            raise UnsupportedError("A TIFF file cannot exceed 4 GiB.", next_step="Choose PNG.")
    out.write(b"\0" * (at % 2))
    at += at % 2
    fields |= _structure(shape, order, step, offsets, sizes) | _described(metadata, order)
    block = _directory_at(at, order, fields)
    out.write(block)
    out.seek(4)
    out.write(struct.pack(order + "I", at))
    out.seek(at + len(block))
    return remarks


def _opening(exif: bytes | None) -> tuple[str, bytes, dict[int, Field], tuple[str, ...]]:
    """(byte order, first bytes of the file, fields taken from the block's first directory)."""
    plain = b"II*\0\0\0\0\0"
    if exif is None:
        return "<", plain, {}, ()
    try:
        tags = TagFile(exif)
        entries = tags.directory(tags.first).entries
    except DamagedError:
        return "<", plain, {}, ("The damaged EXIF block has no room in a TIFF file.",)
    fields = {
        tag: Field(entry.field_type, entry.count, tags.raw(entry))
        for tag, entry in entries.items()
        if tag not in _STRUCTURE
    }
    return tags.order, exif + b"\0" * (len(exif) % 2), fields, ()


def _strips(
    planes: tuple[Samples, ...], shape: FrameShape, order: str, step: int
) -> Iterator[bytes]:
    """Compressed strips of `step` rows from top to bottom."""
    stored = np.dtype(shape.layout.sample_type).newbyteorder("<" if order == "<" else ">")
    for top in range(0, shape.height, step):
        rows = np.stack([plane[top : top + step] for plane in planes], axis=-1)
        # Differences wrap around: that is the predictor's definition (TIFF 6.0, section 14).
        np.subtract(rows[:, 1:], rows[:, :-1].copy(), out=rows[:, 1:])
        yield zlib.compress(rows.astype(stored, copy=False).tobytes(), _DEFLATE_LEVEL)


def _structure(
    shape: FrameShape, order: str, step: int, offsets: list[int], sizes: list[int]
) -> dict[int, Field]:
    """Fields that say how the samples are stored."""
    layout = shape.layout
    count = layout.plane_count
    fields = {
        WIDTH: _longs(order, shape.width),
        HEIGHT: _longs(order, shape.height),
        BITS: _shorts(order, *[layout.depth] * count),
        COMPRESSION: _shorts(order, 8),
        PHOTOMETRIC: _shorts(order, 1 if layout.family is Family.GRAY else 2),
        STRIP_OFFSETS: _longs(order, *offsets),
        SAMPLES: _shorts(order, count),
        STRIP_ROWS: _longs(order, step),
        STRIP_BYTES: _longs(order, *sizes),
        PLANAR: _shorts(order, 1),
        PREDICTOR: _shorts(order, 2),
        SAMPLE_FORMAT: _shorts(order, *[1] * count),
    }
    if layout.alpha:
        fields[EXTRA_SAMPLES] = _shorts(order, 2)
    return fields


def _described(metadata: PhotoMetadata, order: str) -> dict[int, Field]:
    """Fields that come from the metadata and take precedence over the EXIF block's."""
    fields = {ORIENTATION: _shorts(order, metadata.orientation)}
    if metadata.resolution is not None:
        fields[X_RESOLUTION] = _rational(order, metadata.resolution.x)
        fields[Y_RESOLUTION] = _rational(order, metadata.resolution.y)
        fields[RESOLUTION_UNIT] = _shorts(order, 2)
    if metadata.icc:
        fields[ICC] = Field(7, len(metadata.icc), metadata.icc)
    if metadata.xmp:
        fields[XMP] = Field(1, len(metadata.xmp), metadata.xmp)
    return fields


def _directory_at(at: int, order: str, fields: dict[int, Field]) -> bytes:
    """Lay the directory out as if it began at offset `at` of the file."""
    block = bytearray()
    append_directory(block, order, fields, base=at)
    return bytes(block)


def _shorts(order: str, *values: int) -> Field:
    return Field(3, len(values), struct.pack(f"{order}{len(values)}H", *values))


def _longs(order: str, *values: int) -> Field:
    return Field(4, len(values), struct.pack(f"{order}{len(values)}I", *values))


def _rational(order: str, value: Fraction) -> Field:
    near = value.limit_denominator(1_000_000)
    return Field(
        5, 1, struct.pack(order + "II", min(near.numerator, _MOST_BYTES), near.denominator)
    )
