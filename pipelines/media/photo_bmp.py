"""BMP files: the header without decoding, and writing them row by row.

Taken: 1, 4, 8, 16, 24 and 32 bit, run-length coding included; a palette of grays is gray.
Written: 24-bit colour, 8-bit gray through a palette, 32-bit with opacity, with resolution and
an embedded ICC profile (version 5 header). BMP carries no EXIF and no XMP.

Source: Microsoft, "Bitmap Storage" with BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from pipelines.errors import DamagedError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata, Resolution
from pipelines.media.photo_tags import Data
from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples

_FILE_HEADER, _CORE, _INFO, _V5 = 14, 12, 40, 124
_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_EMBEDDED, _SRGB = 0x4D42_4544, 0x7352_4742
_PICTURES_INTENT = 4
_STRIP_ROWS = 64


def bmp_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read everything but the samples. Raises `DamagedError` or `UnsupportedError`."""
    size = struct.unpack_from("<I", data, _FILE_HEADER)[0] if len(data) >= 18 else 0
    if len(data) < _FILE_HEADER + max(size, _CORE):
        raise DamagedError("The BMP file ends inside its header.")
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        coding, across, down = _RGB, 0, 0
    elif size >= _INFO:
        width, height, _, bits, coding, _, across, down = struct.unpack_from("<iiHHIIii", data, 18)
    else:
        raise UnsupportedError("OS/2 bitmaps with short headers are not read.")
    height = abs(height)
    if width <= 0 or not height or bits not in (1, 4, 8, 16, 24, 32):
        raise DamagedError(f"The BMP header is invalid ({width}x{height}, {bits} bit).")
    if coding not in (_RGB, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS):
        raise UnsupportedError(f"BMP with compression {coding} is not read.")
    if coding not in (_RLE8, _RLE4):
        _require_samples(data, (width * bits + 31) // 32 * 4 * height)
    gray = bits <= 8 and _is_gray(data, size, bits)
    alpha = bits == 32 and coding in (_BITFIELDS, _ALPHA_BITFIELDS) and _alpha_mask(data, size) != 0
    layout = PixelLayout(Family.GRAY if gray else Family.RGB, alpha=alpha)
    inch = Fraction(254, 10_000)
    metadata = PhotoMetadata(
        Kind.BMP,
        icc=_profile(data, size, limits),
        resolution=Resolution(across * inch, down * inch) if across > 0 and down > 0 else None,
        palette=bits <= 8 and not gray,
        original_depth=8 if bits > 8 else (8 if not gray else bits),
        remarks=tuple(_remarks(bits, gray=gray, alpha=alpha)),
    )
    shape = FrameShape(height, width, layout)
    return PhotoHeader(shape, metadata, 8 * height * width, len(data))


def _require_samples(data: Data, needed: int) -> None:
    start = struct.unpack_from("<I", data, 10)[0]
    if start + needed > len(data):
        raise DamagedError(
            f"The BMP file is {start + needed - len(data)} bytes shorter than its header claims.",
            next_step="Obtain the complete file.",
        )


def _is_gray(data: Data, size: int, bits: int) -> bool:
    """Whether every palette entry has equal red, green and blue."""
    width = 3 if size == _CORE else 4
    stated = struct.unpack_from("<I", data, 46)[0] if size >= _INFO else 0
    count = min(stated or 1 << bits, 1 << bits)
    start = _FILE_HEADER + size
    palette = np.frombuffer(bytes(data[start : start + count * width]), np.uint8)
    if palette.size < count * width:
        raise DamagedError("The BMP file ends inside its palette.")
    colours = palette.reshape(count, width)[:, :3]
    return bool((colours == colours[:, :1]).all())


def _alpha_mask(data: Data, size: int) -> int:
    if size < 56:
        return 0
    mask: int = struct.unpack_from("<I", data, 66)[0]
    return mask


def _profile(data: Data, size: int, limits: PhotoLimits) -> bytes | None:
    if size < _V5 or struct.unpack_from("<I", data, 70)[0] != _EMBEDDED:
        return None
    offset, count = struct.unpack_from("<II", data, 126)
    start = _FILE_HEADER + offset
    if not 0 < count <= limits.metadata_bytes or start + count > len(data):
        return None
    return bytes(data[start : start + count])


def _remarks(bits: int, *, gray: bool, alpha: bool) -> Iterator[str]:
    if bits == 32 and not alpha:
        yield "BMP with 32 bits per pixel and no opacity mask: the fourth bytes are left out."
    if bits == 16:
        yield "BMP with 16 bits per pixel: 5- or 6-bit components were scaled to 8 bits."
    if bits <= 8 and not gray:
        yield "Palette indices were replaced by their colours."


def write_bmp(
    out: BinaryIO, planes: tuple[Samples, ...], shape: FrameShape, metadata: PhotoMetadata
) -> tuple[str, ...]:
    """Write 8-bit planes, bottom row first, a strip at a time. Returns remarks.

    Gray with opacity is written as colour with opacity, since BMP knows nothing nearer.
    """
    gray = shape.layout.family is Family.GRAY
    alpha = shape.layout.alpha
    channels = 4 if alpha else (1 if gray else 3)
    stride = (shape.width * channels + 3) // 4 * 4
    palette = bytes(value for level in range(256) for value in (level, level, level, 0))
    palette = palette if channels == 1 else b""
    start = _FILE_HEADER + _V5 + len(palette)
    icc = metadata.icc or b""
    total = start + stride * shape.height + len(icc)
    if total > 0xFFFF_FFFF:
        raise UnsupportedError("A BMP file cannot exceed 4 GiB.", next_step="Choose PNG.")
    out.write(struct.pack("<2sIHHI", b"BM", total, 0, 0, start))
    out.write(_v5(shape, metadata.resolution, channels=channels, stride=stride, icc=len(icc)))
    out.write(palette)
    order = (planes[0],) if channels == 1 else (planes[0],) * 3 if gray else planes[2::-1]
    order = (*order, planes[-1]) if alpha else order
    for bottom in range(shape.height, 0, -_STRIP_ROWS):
        rows = range(max(0, bottom - _STRIP_ROWS), bottom)
        strip = np.zeros((len(rows), stride), np.uint8)
        pixels = strip[:, : shape.width * channels].reshape(len(rows), shape.width, channels)
        for channel, plane in enumerate(order):
            pixels[..., channel] = plane[rows.start : rows.stop][::-1]
        out.write(strip.data)
    out.write(icc)
    remarks = ["BMP carries no EXIF block."] if metadata.exif else []
    remarks += ["BMP carries no XMP packet."] if metadata.xmp else []
    remarks += ["BMP has no gray with opacity: written as equal R, G, B."] if gray and alpha else []
    return tuple(remarks)


def _v5(
    shape: FrameShape, resolution: Resolution | None, *, channels: int, stride: int, icc: int
) -> bytes:
    """Build the version 5 header; the profile, if any, follows the samples."""
    metres = (resolution.x, resolution.y) if resolution is not None else (Fraction(0), Fraction(0))
    across, down = (min(round(dots * 10_000 / 254), 0x7FFF_FFFF) for dots in metres)
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000) if channels == 4 else (0, 0, 0, 0)
    samples = stride * shape.height
    offset = _V5 + (1024 if channels == 1 else 0) + samples if icc else 0
    return (
        struct.pack("<IiiHH", _V5, shape.width, shape.height, 1, 8 * channels)
        + struct.pack("<IIiiII", _BITFIELDS if channels == 4 else _RGB, samples, across, down, 0, 0)
        + struct.pack("<5I", *masks, _EMBEDDED if icc else _SRGB)
        + bytes(48)
        + struct.pack("<4I", _PICTURES_INTENT, offset, icc, 0)
    )
