"""WebP files: the header without decoding, and the container around a result's coded picture.

WebP holds 8-bit colour only, at most 16383 on a side. An animation counts its frames; the
first, as composed on the canvas, is the one taken.

Source: RFC 9649 (WebP image format), sections 2 and 3; RFC 6386 (VP8), section 9.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pipelines.errors import DamagedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata
from pipelines.media.photo_tags import Data
from pipelines.media.picture import Family, FrameShape, PixelLayout

MOST_SIDE = 16_383
_ICC_FLAG, _ALPHA_FLAG, _EXIF_FLAG, _XMP_FLAG = 0x20, 0x10, 0x08, 0x04


def webp_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read everything but the samples. Raises `DamagedError` where the file is not whole."""
    kept: dict[str, bytes] = {}
    frames = 0
    for name, start, size in _chunks(data):
        frames += name == "ANMF"
        wanted = size if name in ("EXIF", "XMP ", "ICCP") else min(size, 32)
        if wanted <= limits.metadata_bytes:
            kept.setdefault(name, bytes(data[start : start + wanted]))
    width, height, alpha = _size(kept)
    if not frames and not kept.keys() & {"VP8 ", "VP8L"}:
        raise DamagedError("The WebP file holds no picture.")
    remarks = []
    if frames > 1:
        remarks.append(f"Animated WebP: the first frame was taken, {frames - 1} were not.")
    if "VP8 " in kept:
        remarks.append("WebP is lossy here: samples are libwebp's decoding to RGB, 8 bits.")
    shape = FrameShape(height, width, PixelLayout(Family.RGB, alpha=alpha))
    metadata = PhotoMetadata(
        Kind.WEBP,
        icc=kept.get("ICCP") or None,
        exif=kept.get("EXIF", b"").removeprefix(b"Exif\0\0") or None,
        xmp=kept.get("XMP ") or None,
        pages=max(1, frames),
        remarks=tuple(remarks),
    )
    return PhotoHeader(shape, metadata, (16 if frames else 10) * height * width, len(data))


def _chunks(data: Data) -> Iterator[tuple[str, int, int]]:
    """(name, start, size) of each top-level chunk."""
    end = 8 + struct.unpack_from("<I", data, 4)[0] if len(data) >= 12 else 1 << 33
    if end > len(data):
        raise DamagedError(
            "The WebP file is shorter than it says.", next_step="Obtain the complete file."
        )
    at = 12
    while at + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > end:
            raise DamagedError(
                "A chunk of the WebP file reaches beyond its end.",
                next_step="Obtain the complete file.",
            )
        yield name.decode("latin-1"), at + 8, size
        at += 8 + size + size % 2


def _size(kept: dict[str, bytes]) -> tuple[int, int, bool]:
    """(width, height, alpha) of the canvas."""
    extended, lossless, lossy = (kept.get(name, b"") for name in ("VP8X", "VP8L", "VP8 "))
    if len(extended) >= 10:
        width = 1 + int.from_bytes(extended[4:7], "little")
        height = 1 + int.from_bytes(extended[7:10], "little")
        return width, height, bool(extended[0] & _ALPHA_FLAG)
    if len(lossless) >= 5 and lossless[0] == 0x2F:
        bits = int.from_bytes(lossless[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)
    if len(lossy) >= 10 and lossy[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", lossy, 6)
        if width & 0x3FFF and height & 0x3FFF:
            return width & 0x3FFF, height & 0x3FFF, False
    raise DamagedError("The WebP file has no valid picture header.")


def webp_container(coded: bytes, shape: FrameShape, metadata: PhotoMetadata) -> bytes:
    """Wrap the coded picture of the plain WebP file `coded` with the metadata."""
    picture = [
        _chunk(name, coded[start : start + size])
        for name, start, size in _chunks(coded)
        if name in ("ALPH", "VP8 ", "VP8L")
    ]
    flags = _ALPHA_FLAG if shape.layout.alpha else 0
    before, after = [], []
    if metadata.icc:
        flags |= _ICC_FLAG
        before.append(_chunk("ICCP", metadata.icc))
    if metadata.exif:
        flags |= _EXIF_FLAG
        after.append(_chunk("EXIF", metadata.exif))
    if metadata.xmp:
        flags |= _XMP_FLAG
        after.append(_chunk("XMP ", metadata.xmp))
    sides = (shape.width - 1).to_bytes(3, "little") + (shape.height - 1).to_bytes(3, "little")
    head = _chunk("VP8X", struct.pack("<I", flags) + sides)
    body = b"".join((b"WEBP", head, *before, *picture, *after))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: str, body: bytes) -> bytes:
    return name.encode("ascii") + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
