"""HEIC photographs, where the `heic` extra is installed: header and samples, in the child alone.

The decoder is libheif with libde265 inside pillow-heif, whose wheels are under GPL-2.0 because
they carry x265 as well (docs/licences.md); so it is an extra, and without it a HEIC picture is
refused with that reason. The library applies the file's own turn and flip and hands pictures out
upright; an orientation in the EXIF, which ISO/IEC 23008-12 says is no instruction, is set back.
More than 8 bits come out as 16, shifted up. Pictures for HDR displays (PQ, HLG) keep their codes:
no tone curve is applied, and a result as PNG states the code points (cICP).
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast

import numpy as np

from pipelines.errors import DamagedError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_avif import hdr_remark
from pipelines.media.photo_exif import oriented_upright
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata
from pipelines.media.photo_item_colour import code_points
from pipelines.media.photo_tags import Data
from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples

_MODES = {
    "L": (Family.GRAY, 8, False),
    "L;16": (Family.GRAY, 16, False),
    "LA": (Family.GRAY, 8, True),
    "LA;16": (Family.GRAY, 16, True),
    "RGB": (Family.RGB, 8, False),
    "RGB;16": (Family.RGB, 16, False),
    "RGBA": (Family.RGB, 8, True),
    "RGBA;16": (Family.RGB, 16, True),
}
_WORKING_BYTES = 24
_STEP = "Obtain an intact copy of the file."


def heic_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read everything but the samples. Raises DamagedError, UnsupportedError."""
    file = _opened(bytes(data))
    image = file[file.primary_index]
    if image.mode not in _MODES:
        raise UnsupportedError(
            f"HEIC pictures of the form {image.mode} are not read.",
            next_step="Convert it to PNG first; the conversion is then on record.",
        )
    family, depth, alpha = _MODES[image.mode]
    width, height = image.size
    shape = FrameShape(int(height), int(width), PixelLayout(family, depth, alpha=alpha))
    bits = int(image.info.get("bit_depth") or 8)
    primaries, transfer = code_points(data)
    exif = _kept(image.info.get("exif"), limits)
    metadata = PhotoMetadata(
        Kind.HEIC,
        icc=_kept(image.info.get("icc_profile"), limits),
        exif=None if exif is None else oriented_upright(exif.removeprefix(b"Exif\0\0")),
        xmp=_kept(image.info.get("xmp"), limits),
        pages=len(file),
        original_depth=bits,
        remarks=_remarks(bits, len(file), transfer),
        colour_chunks=()
        if primaries is None
        else (("cICP", bytes((primaries, transfer or 2, 0, 1))),),
    )
    return PhotoHeader(shape, metadata, _WORKING_BYTES * shape.height * shape.width, len(data))


def heic_strips(data: memoryview, header: PhotoHeader) -> Iterator[tuple[int, Samples]]:
    """The samples of the main picture, whole, as (first row, (rows, W, channels))."""
    file = _opened(bytes(data))
    try:
        samples = np.asarray(file[file.primary_index])
    except (ValueError, OSError, RuntimeError, EOFError, SyntaxError) as error:
        raise DamagedError("The HEIC file does not decode.", next_step=_STEP) from error
    layout = header.shape.layout
    if samples.ndim == 2:
        samples = samples[:, :, None]
    wanted = (header.shape.height, header.shape.width, layout.plane_count)
    if samples.shape != wanted or samples.dtype != layout.sample_type:
        raise DamagedError("The HEIC header and its samples disagree.", next_step=_STEP)
    yield 0, cast("Samples", samples)


def _opened(data: bytes) -> Any:
    try:
        import pillow_heif  # noqa: PLC0415 - an extra; a codec, loaded in the child alone
    except ImportError as error:
        raise UnsupportedError(
            "HEIC pictures need a decoder that this installation does not carry.",
            next_step="Install the `heic` extra (pillow-heif; its wheels are GPL-2.0), or convert "
            "the picture to PNG first; the conversion is then on record.",
        ) from error
    try:
        return pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=True)
    except (ValueError, OSError, RuntimeError, EOFError, SyntaxError) as error:
        raise DamagedError("The HEIC file does not decode.", next_step=_STEP) from error


def _kept(found: object, limits: PhotoLimits) -> bytes | None:
    return found if isinstance(found, bytes) and 0 < len(found) <= limits.metadata_bytes else None


def _remarks(bits: int, pages: int, transfer: int | None) -> tuple[str, ...]:
    found = ["HEIC is lossy as a rule: samples are libde265's decoding to RGB by libheif."]
    if bits > 8:
        found.append(f"{bits} bits per sample were shifted up to 16.")
    if pages > 1:
        found.append(f"The file holds {pages} pictures; the main one was taken.")
    return (*found, *hdr_remark(transfer))
