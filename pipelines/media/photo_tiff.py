"""TIFF files: the header without decoding.

Taken: gray (either polarity), RGB, palette and JPEG-coded YCbCr; 1, 2, 4, 8 and 16 bit unsigned
samples; strips or tiles, any planar arrangement; BigTIFF; straight opacity; four inks (CMYK) of
8 or 16 bits, which become sRGB (`photo_inks`). Refused with the reason: other inks, Lab, floating
point and 32-bit samples, camera raw, premultiplied opacity (undoing it would invent samples). The
first page is taken; how many were not is a remark.

Sources: TIFF 6.0 (1992), sections 3 to 8, 18 to 23; Adobe TIFF technical notes 1 and 2; DNG 1.6.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from pipelines.errors import DamagedError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_exif import (
    EXIF_DIRECTORY,
    GPS_DIRECTORY,
    INTEROP_DIRECTORY,
    MAKER_NOTE,
    Field,
    orientation_of,
    pack_block,
    resolution_of,
)
from pipelines.media.photo_facts import PhotoHeader, PhotoLimits, PhotoMetadata
from pipelines.media.photo_inks import INKS, said_of_inks
from pipelines.media.photo_tags import Data, Directory, TagFile
from pipelines.media.picture import Family, FrameShape, PixelLayout

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, STRIP_ROWS, STRIP_BYTES = 273, 277, 278, 279
PLANAR, PREDICTOR, EXTRA_SAMPLES, SAMPLE_FORMAT = 284, 317, 338, 339
XMP, ICC = 700, 34_675
_TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 323, 324, 325
_DNG_VERSION = 50_706
_IPTC, _PHOTOSHOP = 33_723, 34_377
_GRAY_INVERTED, _GRAY, _RGB, _PALETTE, _SEPARATED, _YCBCR = 0, 1, 2, 3, 5, 6
_INK_SET, _DOT_RANGE = 332, 336
_JPEG_CODED = 7
_DEFLATE = (8, 32_946)
_INFLATED_PIECE = 1 << 20
_INFLATED_MOST, _INFLATED_LEAST = 8, 1 << 28
"""Bytes that strips may unpack to: per sample, padding of tiles included, and for any picture."""
_STEP = "Convert it to 8- or 16-bit gray or RGB first; the conversion is then on record."

DESCRIPTIVE = (269, 270, 271, 272, 274, 282, 283, 285, 296, 305, 306, 315, 316, 33_432)
"""Tags of the first directory that tell about the picture and not how its samples are stored."""


def tiff_header(data: Data, limits: PhotoLimits) -> PhotoHeader:
    """Read everything but the samples. Raises `DamagedError` or `UnsupportedError`."""
    tags = TagFile(data)
    pages = list(tags.pages(limits.pages))
    if not pages:
        raise DamagedError("The TIFF file has no page.")
    page = pages[0]
    width, height = tags.number(page, WIDTH, 0), tags.number(page, HEIGHT, 0)
    if not width or not height:
        raise DamagedError(f"The TIFF header is invalid ({width}x{height}).")
    depth = _depth(tags, page)
    photometric = tags.number(page, PHOTOMETRIC, _GRAY)
    colours = _require_colour(tags, page, photometric)
    alpha, assumptions = _alpha(tags, page, colours)
    icc = _bytes(tags, page, ICC, limits)
    inks = None
    if photometric == _SEPARATED:
        _require_plain_inks(tags, page, depth, alpha=alpha)
        inks, assumptions = said_of_inks(icc)
        icc = None
    _require_data(tags, page)
    layout = PixelLayout(
        Family.GRAY if photometric in (_GRAY_INVERTED, _GRAY) else Family.RGB,
        depth=16 if depth == 16 else 8,
        alpha=alpha,
    )
    shape = FrameShape(height, width, layout)
    metadata = PhotoMetadata(
        Kind.TIFF,
        icc=icc,
        exif=_exif(tags, page, limits),
        xmp=_bytes(tags, page, XMP, limits),
        orientation=orientation_of(tags, page) or 1,
        resolution=resolution_of(tags, page),
        pages=len(pages),
        palette=photometric == _PALETTE,
        original_depth=depth,
        remarks=(
            *(() if inks is None else (inks,)),
            *_remarks(tags, page, pages=len(pages), depth=depth),
        ),
    )
    rows = min(height, tags.number(page, _TILE_HEIGHT, 0) or tags.number(page, STRIP_ROWS, height))
    row_bytes = width * (layout.plane_count + (inks is not None)) * layout.sample_bytes
    return PhotoHeader(shape, metadata, 4 * rows * row_bytes, len(data), assumptions)


def _depth(tags: TagFile, page: Directory) -> int:
    """Bits per sample, alike for all samples."""
    bits = page.entries.get(BITS)
    depths = set(tags.numbers(bits)) if bits is not None else {1}
    kinds = page.entries.get(SAMPLE_FORMAT)
    formats = set(tags.numbers(kinds)) if kinds is not None else {1}
    if not formats <= {1, 4}:
        raise UnsupportedError("TIFF with signed or floating point samples.", next_step=_STEP)
    if len(depths) != 1 or not depths <= {1, 2, 4, 8, 16}:
        shown = ", ".join(str(depth) for depth in sorted(depths))
        raise UnsupportedError(f"TIFF with {shown} bits per sample.", next_step=_STEP)
    return depths.pop()


def _require_colour(tags: TagFile, page: Directory, photometric: int) -> int:
    """Return the number of stored colour samples, or refuse the colour space."""
    names = {8: "Lab", 9: "ICC Lab", 10: "ITU Lab", 32_844: "LogL", 32_845: "LogLuv"}
    if photometric in names:
        raise UnsupportedError(f"TIFF in {names[photometric]} is not read.", next_step=_STEP)
    if _DNG_VERSION in page.entries or photometric in (32_803, 34_892):
        raise UnsupportedError("Camera raw files are not read.", next_step=_STEP)
    if photometric == _YCBCR and tags.number(page, COMPRESSION, 1) != _JPEG_CODED:
        raise UnsupportedError("TIFF in YCbCr without JPEG coding is not read.", next_step=_STEP)
    if photometric not in (_GRAY_INVERTED, _GRAY, _RGB, _PALETTE, _SEPARATED, _YCBCR):
        raise UnsupportedError(f"TIFF in colour space {photometric}.", next_step=_STEP)
    if photometric == _SEPARATED:
        return INKS
    if photometric in (_RGB, _YCBCR):
        return 3
    return 1


def _require_plain_inks(tags: TagFile, page: Directory, depth: int, *, alpha: bool) -> None:
    """Refuse inks that are not cyan, magenta, yellow and black over the whole range of codes."""
    span = page.entries.get(_DOT_RANGE)
    plain = span is None or set(tags.numbers(span)) == {0, (1 << depth) - 1}
    if tags.number(page, _INK_SET, 1) != 1 or not plain:
        raise UnsupportedError("TIFF in other inks than plain CMYK is not read.", next_step=_STEP)
    if alpha or depth not in (8, 16) or tags.number(page, COMPRESSION, 1) == _JPEG_CODED:
        raise UnsupportedError(
            "TIFF in CMYK is read with 8 or 16 bits, without opacity and without JPEG coding.",
            next_step=_STEP,
        )


def _alpha(tags: TagFile, page: Directory, colours: int) -> tuple[bool, tuple[str, ...]]:
    """Whether one extra sample is straight opacity, and what had to be assumed for that."""
    extra = tags.number(page, SAMPLES, 1) - colours
    if extra == 0:
        return False, ()
    if extra != 1:
        raise UnsupportedError(f"TIFF with {extra} samples beside its colours.", next_step=_STEP)
    meaning = tags.number(page, EXTRA_SAMPLES, 0)
    if meaning == 1:
        raise UnsupportedError(
            "TIFF with premultiplied (associated) opacity is not read.",
            next_step="Save it with straight (unassociated) opacity, as PNG for example.",
        )
    if meaning == 2:
        return True, ()
    return True, ("The TIFF file does not say what its last sample is; straight opacity assumed.",)


def _require_data(tags: TagFile, page: Directory) -> None:
    """Refuse a page whose strips or tiles begin outside the file."""
    placed = page.entries.get(STRIP_OFFSETS) or page.entries.get(_TILE_OFFSETS)
    offsets = tags.numbers(placed) if placed is not None else ()
    if not offsets or max(offsets) >= len(tags.data):
        raise DamagedError(
            "The TIFF file ends before its samples.", next_step="Obtain the complete file."
        )


def require_intact_deflate(data: Data) -> None:
    """Verify the checksum of every Deflate strip or tile of the first page.

    libtiff stops reading a strip when it has its rows and never comes to the checksum behind
    them (RFC 1950, section 2.2). Raises `DamagedError` where one is wrong or missing, or where
    all of them together hold far more than the picture; other codings carry no checksum.
    """
    tags = TagFile(data)
    page = tags.directory(tags.first)
    if tags.number(page, COMPRESSION, 1) not in _DEFLATE:
        return
    fields = page.entries
    placed = fields.get(STRIP_OFFSETS) or fields.get(_TILE_OFFSETS)
    sized = fields.get(STRIP_BYTES) or fields.get(_TILE_BYTES)
    if placed is None or sized is None:
        return
    samples = tags.number(page, WIDTH, 0) * tags.number(page, HEIGHT, 0)
    room = max(_INFLATED_LEAST, _INFLATED_MOST * samples * tags.number(page, SAMPLES, 1))
    for start, size in zip(tags.numbers(placed), tags.numbers(sized), strict=False):
        if size:  # an empty strip is a hole, which the decoder judges
            room -= _intact_bytes(data[start : start + size], start, room)


def _intact_bytes(strip: Data, start: int, room: int) -> int:
    """Count what one zlib stream holds, its checksum verified; `room` is the most allowed."""
    step = "Obtain an intact copy of the file."
    inflater = zlib.decompressobj()
    piece = bytes(strip)
    count = 0
    while not inflater.eof:
        try:
            made = len(inflater.decompress(piece, _INFLATED_PIECE))
        except zlib.error as error:
            raise DamagedError(
                f"The TIFF strip at byte {start} is corrupt: {error}.", next_step=step
            ) from error
        piece = inflater.unconsumed_tail
        count += made
        if count > room:
            raise DamagedError("The TIFF strips hold more than the picture.", next_step=step)
        if not made and not piece and not inflater.eof:
            raise DamagedError(f"The TIFF strip at byte {start} ends early.", next_step=step)
    return count


def _bytes(tags: TagFile, page: Directory, tag: int, limits: PhotoLimits) -> bytes | None:
    entry = page.entries.get(tag)
    if entry is None or not 0 < entry.size <= limits.metadata_bytes:
        return None
    return tags.raw(entry)


def _fields(tags: TagFile, directory: Directory, limits: PhotoLimits) -> dict[int, Field]:
    """Every field of a directory, with values; BigTIFF's wide types do not fit and are left."""
    return {
        tag: Field(entry.field_type, entry.count, tags.raw(entry))
        for tag, entry in directory.entries.items()
        if entry.field_type < 16 and 0 < entry.size <= limits.metadata_bytes
    }


def _exif(tags: TagFile, page: Directory, limits: PhotoLimits) -> bytes | None:
    """Pack the descriptive tags and the EXIF and GPS directories as a block of their own."""
    own = _fields(tags, page, limits)
    main = {tag: own[tag] for tag in DESCRIPTIVE if tag in own}
    parts: dict[int, dict[int, Field]] = {}
    for pointer in (EXIF_DIRECTORY, GPS_DIRECTORY):
        offset = tags.number(page, pointer, 0)
        if offset:
            fields = _fields(tags, tags.directory(offset), limits)
            fields.pop(INTEROP_DIRECTORY, None)
            parts[pointer] = fields
    telling = main.keys() - {274, 282, 283, 296}
    if not telling and not parts and tags.number(page, 274, 1) == 1:
        return None
    return pack_block(tags, main, parts)


def _remarks(tags: TagFile, page: Directory, *, pages: int, depth: int) -> Iterator[str]:
    photometric = tags.number(page, PHOTOMETRIC, _GRAY)
    if pages > 1:
        plural = "page was" if pages == 2 else "pages were"
        yield f"TIFF with {pages} pages: the first was taken, {pages - 1} {plural} not."
    if photometric == _GRAY_INVERTED:
        yield "TIFF stores white as 0: samples were inverted, so that 0 is black."
    if depth < 8 and photometric in (_GRAY_INVERTED, _GRAY):
        yield f"{depth}-bit gray was scaled to 8 bits (0..{(1 << depth) - 1} to 0..255)."
    if photometric == _PALETTE:
        yield "Palette indices were replaced by their colours."
    if tags.number(page, COMPRESSION, 1) == _JPEG_CODED:
        yield "JPEG-coded TIFF is lossy: samples are libjpeg-turbo's decoding, 8 bits."
    if page.entries.keys() & {_IPTC, _PHOTOSHOP}:
        yield "TIFF: Photoshop and IPTC resources not carried to the result."
    offset = tags.number(page, EXIF_DIRECTORY, 0)
    if offset and MAKER_NOTE in tags.directory(offset).entries:
        yield "The EXIF maker note was moved; offsets inside it may no longer resolve."
