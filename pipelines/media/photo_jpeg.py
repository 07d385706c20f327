r"""JPEG files: the header without decoding, and the segments that a result carries.

Taken: baseline, extended and progressive Huffman or arithmetic coding, 8 bits, gray or three
components. CMYK and YCCK become sRGB (`photo_inks`). Refused with the reason: 12-bit, lossless
and hierarchical coding.

Sources: ITU-T T.81 (B.1, B.2), ITU-T T.871 (JFIF), Exif 2.32 (4.7), ICC.1:2022 (B.4),
ISO 16684-3 (XMP in JPEG), CIPA DC-007 (multi-picture format).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from pipelines.errors import DamagedError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata, Resolution
from pipelines.media.photo_inks import INKS, said_of_inks
from pipelines.media.photo_tags import Data
from pipelines.media.picture import Family, FrameShape, PixelLayout

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_ICC = b"ICC_PROFILE\0"
_SEGMENT_MOST = 65_533
_START_OF_SCAN, _END = 0xDA, 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_READ_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_PROGRESSIVE = frozenset({0xC2, 0xCA})


@dataclass(slots=True)
class _Found:
    """What the walk over the segments has met so far."""

    exif: bytes | None = None
    xmp: bytes | None = None
    icc_parts: dict[int, bytes] = field(default_factory=dict)
    icc_total: int = 0
    resolution: Resolution | None = None
    frame: tuple[int, bytes] | None = None
    left_out: set[str] = field(default_factory=set)
    adobe_transform: int | None = None
    scan: bool = False


def jpeg_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read everything up to the first scan. Raises `DamagedError` or `UnsupportedError`."""
    found = _Found()
    for marker, body in _segments(data):
        if marker in _FRAMES and found.frame is None:
            found.frame = (marker, body)
        elif marker == _START_OF_SCAN:
            found.scan = True
        else:
            _take(found, marker, body)
    if found.frame is None or not found.scan or len(found.frame[1]) < 9:
        raise DamagedError(
            "The JPEG file ends before its picture begins.", next_step="Obtain the complete file."
        )
    marker, frame = found.frame
    depth, height, width, components = struct.unpack_from(">BHHB", frame)
    _require_supported(marker, depth, components)
    if not height or not width or len(frame) < 6 + 3 * components:
        raise DamagedError(f"The JPEG header is invalid ({width}x{height}).")
    family = Family.GRAY if components == 1 else Family.RGB
    shape = FrameShape(height, width, PixelLayout(family))
    icc, remarks = _profile(found, limits)
    assumptions: tuple[str, ...] = ()
    if components == INKS:
        said, assumptions = said_of_inks(icc)
        icc, remarks = None, (*remarks, said)
    metadata = PhotoMetadata(
        Kind.JPEG,
        icc=icc,
        exif=found.exif,
        xmp=found.xmp,
        resolution=found.resolution,
        remarks=(_coding(found, frame, components), *remarks, *_left_out(found)),
    )
    working = 2 * height * width * components if marker in _PROGRESSIVE else 0
    return PhotoHeader(shape, metadata, working, len(data), assumptions)


def _segments(data: Data) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of each segment up to and with the first start of scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise DamagedError("The JPEG file has stray bytes where a marker belongs.")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        size = struct.unpack_from(">H", data, at + 2)[0]
        if marker in (0x00, _END) or size < 2 or at + 2 + size > len(data):
            return
        yield marker, bytes(data[at + 4 : at + 2 + size])
        if marker == _START_OF_SCAN:
            return
        at += 2 + size


def _take(found: _Found, marker: int, body: bytes) -> None:
    """Keep what one segment says."""
    if marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 12:
        found.resolution = _density(body)
    elif marker == 0xE1 and body.startswith(_EXIF):
        found.exif = found.exif or body[len(_EXIF) :] or None
    elif marker == 0xE1 and body.startswith(_XMP):
        found.xmp = found.xmp or body[len(_XMP) :] or None
    elif marker == 0xE1 and body.startswith(_XMP_EXTENSION):
        found.left_out.add("extended XMP")
    elif marker == 0xE2 and body.startswith(_ICC) and len(body) > 14:
        found.icc_parts.setdefault(body[12], body[14:])
        found.icc_total = body[13]
    elif marker == 0xE2 and body.startswith(b"MPF\0"):
        found.left_out.add("further pictures (multi-picture format)")
    elif marker == 0xED and body.startswith(b"Photoshop 3.0\0"):
        found.left_out.add("Photoshop and IPTC resources")
    elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
        found.adobe_transform = body[11]
    elif marker == 0xFE:
        found.left_out.add("a comment")


def _density(body: bytes) -> Resolution | None:
    unit, across, down = struct.unpack_from(">BHH", body, 7)
    if unit not in (1, 2) or not across or not down:
        return None
    inch = Fraction(1) if unit == 1 else Fraction(254, 100)
    return Resolution(across * inch, down * inch)


def _require_supported(marker: int, depth: int, components: int) -> None:
    step = "Convert it to an 8-bit gray or RGB picture first; the conversion is then on record."
    if marker not in _READ_FRAMES:
        raise UnsupportedError("Lossless or hierarchical JPEG is not read.", next_step=step)
    if depth != 8:
        raise UnsupportedError(f"{depth}-bit JPEG is not read.", next_step=step)
    if components not in (1, 3, 4):
        raise UnsupportedError(f"JPEG with {components} components is not read.", next_step=step)


def _profile(found: _Found, limits: PhotoLimits) -> tuple[bytes | None, tuple[str, ...]]:
    """Join the parts of the profile, numbered from 1; an incomplete one is left out."""
    if not found.icc_parts:
        return None, ()
    if sorted(found.icc_parts) != list(range(1, found.icc_total + 1)):
        return None, ("The ICC profile is incomplete and is left out.",)
    profile = b"".join(found.icc_parts[number] for number in sorted(found.icc_parts))
    if len(profile) > limits.metadata_bytes:
        return None, ("The ICC profile is larger than the limit and is left out.",)
    return profile, ()


def _coding(found: _Found, frame: bytes, components: int) -> str:
    if components == INKS:
        return "JPEG is lossy: four inks, 8 bits, as libjpeg-turbo decodes them."
    if components == 1:
        return "JPEG is lossy: samples are libjpeg-turbo's decoding of gray, 8 bits."
    names = frame[6], frame[9], frame[12]
    stated = found.resolution is None and names == (0x52, 0x47, 0x42)
    if found.adobe_transform == 0 or (found.adobe_transform is None and stated):
        return "JPEG is lossy: samples are libjpeg-turbo's decoding of RGB components, 8 bits."
    factors = " ".join(f"{frame[at] >> 4}x{frame[at] & 15}" for at in (7, 10, 13))
    return (
        "JPEG is lossy: samples are libjpeg-turbo's decoding of YCbCr (BT.601, full range, "
        f"sampling {factors}) converted to RGB, 8 bits."
    )


def _left_out(found: _Found) -> tuple[str, ...]:
    return tuple(f"JPEG: {name} not carried to the result." for name in sorted(found.left_out))


def jpeg_segments(metadata: PhotoMetadata) -> tuple[bytes, tuple[str, ...]]:
    """Build the segments that belong after the start of image, and remarks on what had no room."""
    blocks, remarks = [_jfif(metadata.resolution)], []
    for name, prefix, body in (
        ("EXIF block", _EXIF, metadata.exif),
        ("XMP packet", _XMP, metadata.xmp),
    ):
        if body and len(prefix) + len(body) <= _SEGMENT_MOST:
            blocks.append(_segment(0xE1, prefix + body))
        elif body and metadata.orientation != 1:
            raise UnsupportedError(
                f"The {name} of {len(body)} bytes, which holds an orientation that is still to be "
                "applied, has no room in a JPEG file.",
                next_step="Apply the orientation, or choose PNG or TIFF for the result.",
            )
        elif body:
            remarks.append(f"The {name} of {len(body)} bytes has no room in a JPEG file.")
    room = _SEGMENT_MOST - len(_ICC) - 2
    icc = metadata.icc or b""
    parts = [icc[at : at + room] for at in range(0, len(icc), room)]
    if len(parts) > 255:
        remarks.append(f"The ICC profile of {len(icc)} bytes has no room in a JPEG file.")
        parts = []
    for number, part in enumerate(parts, start=1):
        blocks.append(_segment(0xE2, _ICC + bytes((number, len(parts))) + part))
    return b"".join(blocks), tuple(remarks)


def _jfif(resolution: Resolution | None) -> bytes:
    unit, across, down = 0, 1, 1
    if resolution is not None:
        metric = [resolution.x * 100 / 254, resolution.y * 100 / 254]
        unit = 2 if all(dots.denominator == 1 for dots in metric) else 1
        dots = metric if unit == 2 else [resolution.x, resolution.y]
        across, down = (min(max(round(value), 1), 0xFFFF) for value in dots)
    return _segment(0xE0, b"JFIF\0\x01\x01" + struct.pack(">BHHBB", unit, across, down, 0, 0))


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
