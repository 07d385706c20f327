"""AVIF photographs: what is known of them before their samples are decoded.

Read by libheif through libvips, in the bounded child alone: which item is the picture, its
transformations and its properties are the library's to find. It hands pictures out upright, so
an orientation in the EXIF, which the format says is no instruction, is set back. Sources:
ISO/IEC 23000-22 (MIAF), 23008-12 (HEIF), the AV1 Image File Format 1.1.

More than 8 bits come out as 16, shifted up. Pictures for HDR displays (PQ, HLG) keep their codes:
no tone curve is applied, and a result as PNG states the code points (cICP).
"""

from __future__ import annotations

from typing import Any

from pipelines.errors import DamagedError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_exif import oriented_upright
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata
from pipelines.media.photo_item_colour import code_points
from pipelines.media.photo_tags import Data
from pipelines.media.picture import Family, FrameShape, PixelLayout

_HDR = {16: "PQ (SMPTE ST 2084)", 18: "HLG (ARIB STD-B67)"}
_WORKING_BYTES = 16


def avif_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read everything but the samples. Raises DamagedError, UnsupportedError."""
    image = _opened(data)
    bands = int(image.bands)
    deep = image.format == "ushort"
    if bands not in (1, 2, 3, 4) or image.format not in ("uchar", "ushort"):
        raise UnsupportedError(
            f"AVIF with {bands} channels of {image.format}.", next_step="Convert it to PNG first."
        )
    family = Family.GRAY if bands <= 2 else Family.RGB
    layout = PixelLayout(family, 16 if deep else 8, alpha=bands in (2, 4))
    shape = FrameShape(int(image.height), int(image.width), layout)
    bits = int(_field(image, "bits-per-sample") or (16 if deep else 8))
    pages = int(_field(image, "n-pages") or 1)
    primaries, transfer = code_points(data)
    exif = _bytes(image, "exif-data", limits)
    metadata = PhotoMetadata(
        Kind.AVIF,
        icc=_bytes(image, "icc-profile-data", limits),
        exif=None if exif is None else oriented_upright(exif.removeprefix(b"Exif\0\0")),
        xmp=_bytes(image, "xmp-data", limits),
        pages=pages,
        original_depth=bits,
        remarks=_remarks(bits, pages, transfer),
        colour_chunks=()
        if primaries is None
        else (("cICP", bytes((primaries, transfer or 2, 0, 1))),),
    )
    working = _WORKING_BYTES * shape.height * shape.width
    return PhotoHeader(shape, metadata, working, len(data))


def _opened(data: Data) -> Any:
    import pyvips  # noqa: PLC0415 - a codec; loaded in the child and nowhere else

    pyvips.block_untrusted_set(True)
    try:
        source = pyvips.Source.new_from_memory(data)
        return pyvips.Image.heifload_source(source, access="sequential", fail_on="error")
    except pyvips.Error as error:
        raise DamagedError(
            "The AVIF file does not decode.", next_step="Obtain an intact copy of the file."
        ) from error


def _field(image: Any, name: str) -> Any:
    return image.get(name) if image.get_typeof(name) else None


def _bytes(image: Any, name: str, limits: PhotoLimits) -> bytes | None:
    found = _field(image, name)
    return found if isinstance(found, bytes) and 0 < len(found) <= limits.metadata_bytes else None


def _remarks(bits: int, pages: int, transfer: int | None) -> tuple[str, ...]:
    found = ["AVIF is lossy as a rule: samples are libheif's decoding to RGB."]
    if bits > 8:
        found.append(f"{bits} bits per sample were shifted up to 16.")
    if pages > 1:
        found.append(f"The file holds {pages} pictures; the main one was taken.")
    return (*found, *hdr_remark(transfer))


def hdr_remark(transfer: int | None) -> tuple[str, ...]:
    """What is said of a picture for HDR displays; nothing of any other."""
    if transfer not in _HDR:
        return ()
    return (f"Coded for HDR displays with {_HDR[transfer]}; no tone curve was applied.",)
