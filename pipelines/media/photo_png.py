"""PNG files: the header without decoding, and the chunks that a result carries before its samples.

Every chunk's checksum is verified. A critical one that fails, a file that ends early, or one
whose samples could not possibly fit its data is damaged; a broken optional chunk is left out
with a remark. Animated PNG: the default picture, which every viewer shows, is the one taken.

Source: Portable Network Graphics (W3C Recommendation, third edition), sections 5, 11 and 13.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from pipelines.errors import DamagedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata, Resolution
from pipelines.media.photo_tags import Data
from pipelines.media.picture import Family, FrameShape, PixelLayout

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_CHUNKS = ("cHRM", "gAMA", "sRGB", "cICP", "mDCV", "cLLI")
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEFLATE_BEST = 1032
"""No deflate stream holds more than this many bytes per byte (zlib's technical notes)."""


@dataclass(slots=True)
class _Found:
    """What the walk over the chunks has met so far."""

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    resolution: Resolution | None = None
    frames: int = 1
    transparency: bool = False
    palette: bool = False
    data_bytes: int = 0
    ended: int = 0
    texts: int = 0
    colour: list[tuple[str, bytes]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def png_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read everything but the samples. Raises `DamagedError` where the file is not whole."""
    if bytes(data[12:16]) != b"IHDR" or len(data) < 33:
        raise DamagedError("The PNG file does not begin with its header chunk.")
    width, height, depth, colour, *_, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    if depth not in _DEPTHS.get(colour, ()) or not width or not height:
        raise DamagedError(f"The PNG header is invalid ({width}x{height}, {depth} bit, {colour}).")
    found = _Found()
    for name, start, size in _chunks(data, found):
        _take(found, name, bytes(data[start : start + size]) if name != "IDAT" else b"", limits)
        found.data_bytes += size if name == "IDAT" else 0
    _require_whole(data, found, needed=height * (-(-width * depth * _CHANNELS[colour] // 8)))
    if colour == 3 and not found.palette:
        raise DamagedError("The PNG file has palette indices but no palette.")
    wide = depth == 16
    layout = PixelLayout(
        Family.GRAY if colour in (0, 4) else Family.RGB,
        depth=16 if wide else 8,
        alpha=colour in (4, 6) or found.transparency,
    )
    shape = FrameShape(height, width, layout)
    metadata = PhotoMetadata(
        Kind.PNG,
        icc=found.icc,
        exif=found.exif,
        xmp=found.xmp,
        resolution=found.resolution,
        pages=found.frames,
        palette=colour == 3,
        original_depth=depth,
        remarks=(*found.remarks, *_remarks(found, depth, colour)),
        colour_chunks=tuple(found.colour),
    )
    return PhotoHeader(shape, metadata, shape.frame_bytes if interlace else 0, len(data))


def _chunks(data: Data, found: _Found) -> Iterator[tuple[str, int, int]]:
    """(name, start, size) of each intact chunk up to IEND."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        start, end = at + 8, at + 8 + size
        if end + 4 > len(data):
            break
        with memoryview(data) as view, view[at + 4 : end] as covered:
            intact = zlib.crc32(covered) == struct.unpack_from(">I", data, end)[0]
        name = kind.decode("latin-1")
        if intact:
            yield name, start, size
        elif kind[:1].isupper():
            raise DamagedError(f"The checksum of the PNG chunk {name} does not match its bytes.")
        else:
            found.remarks.append(f"PNG chunk {name} has a wrong checksum and is left out.")
        at = end + 4
        if name == "IEND":
            found.ended = at
            return


def _take(found: _Found, name: str, body: bytes, limits: PhotoLimits) -> None:
    """Keep what one chunk says."""
    if name == "PLTE":
        found.palette = True
    elif name == "tRNS":
        found.transparency = True
    elif name == "iCCP":
        _, _, packed = body.partition(b"\0")
        found.icc = _unpacked(found, name, packed[1:], limits)
    elif name == "eXIf":
        found.exif = body.removeprefix(b"Exif\0\0") or None
    elif name == "pHYs" and len(body) == 9:
        across, down, unit = struct.unpack(">IIB", body)
        if unit == 1 and across and down:
            inch = Fraction(254, 10_000)
            found.resolution = Resolution(across * inch, down * inch)
    elif name == "acTL" and len(body) == 8:
        found.frames = max(1, int.from_bytes(body[:4], "big"))
    elif name in COLOUR_CHUNKS:
        found.colour.append((name, body))
    elif name in ("tEXt", "zTXt", "iTXt"):
        _take_text(found, name, body, limits)


def _take_text(found: _Found, name: str, body: bytes, limits: PhotoLimits) -> None:
    keyword, _, rest = body.partition(b"\0")
    if name != "iTXt" or keyword != _XMP_KEYWORD or len(rest) < 4:
        found.texts += 1
        return
    packed = rest[0] == 1
    text = rest[2:].split(b"\0", 2)[-1]
    found.xmp = _unpacked(found, "iTXt", text, limits) if packed else text or None


def _unpacked(found: _Found, name: str, packed: bytes, limits: PhotoLimits) -> bytes | None:
    """Inflate one metadata chunk, up to the limit; None with a remark where that fails."""
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(packed, limits.metadata_bytes)
    except zlib.error:
        body = b""
    if body and inflater.eof:
        return body
    found.remarks.append(f"PNG chunk {name} does not unpack within the limit and is left out.")
    return None


def _require_whole(data: Data, found: _Found, *, needed: int) -> None:
    if not found.ended:
        raise DamagedError(
            "The PNG file ends before its end mark.", next_step="Obtain the complete file."
        )
    if found.data_bytes * _DEFLATE_BEST < needed:
        raise DamagedError(
            f"The PNG header claims {needed} bytes of samples; "
            f"the file's {found.data_bytes} bytes of data cannot hold them.",
            next_step="Obtain the complete file.",
        )
    if found.ended < len(data):
        found.remarks.append(f"{len(data) - found.ended} bytes follow the end of the PNG file.")


def _remarks(found: _Found, depth: int, colour: int) -> Iterator[str]:
    if depth < 8 and colour == 0:
        yield f"{depth}-bit gray was scaled to 8 bits (0..{(1 << depth) - 1} to 0..255)."
    if colour == 3:
        yield "Palette indices were replaced by their colours."
    if found.transparency and colour != 3:
        yield "The colour marked as transparent became an opacity plane."
    if found.frames > 1:
        yield f"Animated PNG: the default picture was taken, {found.frames - 1} frames were not."
    if found.texts:
        yield f"{found.texts} PNG text chunks are not carried to the result."


def png_chunks(metadata: PhotoMetadata) -> tuple[bytes, ...]:
    """Build the chunks that belong between IHDR and the first IDAT, in a fixed order.

    An ICC profile takes precedence over sRGB, so that chunk is left out beside one (13.7.1).
    """
    colour = [
        _chunk(name, body)
        for name, body in metadata.colour_chunks
        if not (metadata.icc and name == "sRGB")
    ]
    if metadata.icc:
        colour.append(_chunk("iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc, 6)))
    chunks = sorted(colour, key=lambda chunk: chunk[4:8] not in (b"cICP", b"iCCP"))
    if metadata.resolution is not None:
        metres = (metadata.resolution.x, metadata.resolution.y)
        across, down = (min(round(dots * 10_000 / 254), 0x7FFFFFFF) for dots in metres)
        chunks.append(_chunk("pHYs", struct.pack(">IIB", across, down, 1)))
    if metadata.exif:
        chunks.append(_chunk("eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append(_chunk("iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + metadata.xmp))
    return tuple(chunks)


def _chunk(name: str, body: bytes) -> bytes:
    named = name.encode("ascii") + body
    return struct.pack(">I", len(body)) + named + struct.pack(">I", zlib.crc32(named))
