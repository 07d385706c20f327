"""Decoding a photo's samples into planes, inside the bounded child. Knows libvips and Pillow.

The loader follows from the header that was read, never from a name, and gets the bytes and no
path. Rows stream in strips, in the calling thread. Nothing is converted but inks (`photo_inks`):
no other ICC, no turn, no premultiplication. JPEG bytes are handed over in small pieces on purpose:
libjpeg-turbo's fast path skips over invalid Huffman codes in silence, and takes the careful path
only while its input buffer is short.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import cast

import numpy as np
import pyvips
from PIL import Image

from pipelines.errors import DamagedError, EvidentError, MemoryCeilingError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoHeader
from pipelines.media.photo_heic import heic_strips
from pipelines.media.photo_inks import as_srgb
from pipelines.media.photo_tiff import require_intact_deflate
from pipelines.media.picture import Family, FrameShape, Samples

_JPEG_PIECE = 256
_STRIP_BYTES = 4 << 20
_STEP = "Obtain an intact copy of the file."
_COUNT = re.compile(r"read gave (\d+) warnings")
_HARMLESS = "extraneous bytes before marker"

Strip = tuple[int, Samples]
"""The first row, and samples of (rows, W, channels)."""


class _Overheard(logging.Handler):
    """Collects what libvips says while it decodes."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.lines.append(record.getMessage().removeprefix("VIPS: ").strip())


def decode(data: memoryview, header: PhotoHeader, targets: tuple[Samples, ...]) -> tuple[str, ...]:
    """Write the samples of the photo in `data` to `targets`; returns remarks.

    `targets` are (H, W) arrays of the stored shape, `header.shape`, one per plane (they may be
    views that turn). Raises `DamagedError` where the decoder finds a fault, however small.
    """
    if header.kind is Kind.TIFF:
        require_intact_deflate(data)
    pyvips.cache_set_max(0)
    pyvips.block_untrusted_set(True)
    pyvips.vips_lib.vips_error_clear()
    logger, ear = logging.getLogger("pyvips"), _Overheard()
    logger.addHandler(ear)
    logger.propagate = False
    try:
        strips = _STRIPS.get(header.kind, _vips_strips)
        for top, samples in strips(data, header):
            _place(samples, top, header.shape, targets)
    except pyvips.Error as error:
        raise _translated(header.kind, str(error)) from error
    except UnicodeDecodeError as error:  # pyvips decodes libvips' messages, file bytes and all
        raise DamagedError(
            f"The {header.kind.value} file does not decode.", next_step=_STEP
        ) from error
    finally:
        logger.removeHandler(ear)
    return _judged(header.kind, ear.lines)


def _place(samples: Samples, top: int, shape: FrameShape, targets: tuple[Samples, ...]) -> None:
    """Copy one strip to the planes; one colour channel stands for three where colour is due."""
    rows = slice(top, top + samples.shape[0])
    colours = samples.shape[2] - int(shape.layout.alpha)
    for plane in range(shape.layout.colour_planes):
        targets[plane][rows] = samples[..., plane if colours > 1 else 0]
    if shape.layout.alpha:
        targets[-1][rows] = samples[..., -1]


def _vips_strips(data: memoryview, header: PhotoHeader) -> Iterator[Strip]:
    """Decode with libvips from top to bottom."""
    # libvips calls back into the source while it decodes: it has to outlive the region.
    source = _in_pieces(data) if header.kind is Kind.JPEG else pyvips.Source.new_from_memory(data)
    image = _opened(source, header.kind)
    shape = header.shape
    sample = {"uchar": np.uint8, "ushort": np.uint16}.get(image.format)
    colours = image.bands - int(shape.layout.alpha)
    fits = colours == shape.layout.colour_planes or (
        colours == 1 and shape.layout.family is Family.RGB
    )
    size = (image.width, image.height) == (shape.width, shape.height)
    if not size or not fits or sample is not shape.layout.sample_type:
        raise DamagedError(
            f"The {header.kind.value} header and its samples disagree "
            f"({image.width}x{image.height}, {image.bands} channels of {image.format}).",
            next_step=_STEP,
        )
    region = pyvips.Region.new(image)
    step = max(8, _STRIP_BYTES // (image.width * image.bands * sample().itemsize) // 8 * 8)
    for top in range(0, image.height, step):
        rows = min(step, image.height - top)
        strip = np.frombuffer(region.fetch(0, top, image.width, rows), sample)
        yield top, cast(Samples, strip.reshape(rows, image.width, image.bands))
    del region, image, source


def _opened(source: pyvips.Source, kind: Kind) -> pyvips.Image:
    load = pyvips.Image
    loaders: dict[Kind, Callable[..., pyvips.Image]] = {
        Kind.PNG: load.pngload_source,
        Kind.JPEG: load.jpegload_source,
        Kind.WEBP: load.webpload_source,
        Kind.TIFF: load.tiffload_source,
        Kind.AVIF: load.heifload_source,
    }
    first = {"page": 0, "n": 1} if kind in (Kind.WEBP, Kind.TIFF) else {}
    image = loaders[kind](source, access="sequential", fail_on="error", **first)
    if image.interpretation == "cmyk":
        # The header promised R, G, B.
        image = as_srgb(image)
    return image


def _in_pieces(data: memoryview) -> pyvips.SourceCustom:
    """Wrap the bytes as a source that gives out little at a time."""
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        piece = bytes(data[at : at + min(size, _JPEG_PIECE)])
        at += len(piece)
        return piece

    def seek(offset: int, whence: int) -> int:
        nonlocal at
        at = max(0, offset + (0, at, len(data))[whence])
        return at

    source = pyvips.SourceCustom()
    source.on_read(read)
    source.on_seek(seek)
    return source


def _bmp_strips(data: memoryview, header: PhotoHeader) -> Iterator[Strip]:
    """Decode with Pillow, whole, and hand it out in strips."""
    Image.MAX_IMAGE_PIXELS = None
    layout = header.shape.layout
    mode = "RGBA" if layout.alpha else "RGB"
    try:
        with Image.open(BytesIO(data), formats=("BMP",)) as image:
            image.load()
            width, height = image.size
            step = max(1, _STRIP_BYTES // (4 * width))
            for top in range(0, height, step):
                strip = image.crop((0, top, width, min(height, top + step))).convert(mode)
                samples = np.asarray(strip)
                yield top, samples if layout.colour_planes == 3 else samples[..., :1]
    except (OSError, SyntaxError, ValueError, IndexError) as error:
        raise DamagedError(f"The BMP file does not decode: {error}.", next_step=_STEP) from error


_STRIPS: Mapping[Kind, Callable[[memoryview, PhotoHeader], Iterator[Strip]]] = MappingProxyType(
    {Kind.BMP: _bmp_strips, Kind.HEIC: heic_strips}
)


def _translated(kind: Kind, message: str) -> EvidentError:
    """Say what libvips said, as an error of ours."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    cause = next((line for line in lines if not line.startswith("unable to")), message)
    if "out of memory" in message.lower():
        return MemoryCeilingError(
            f"The {kind.value} decoder ran out of its memory limit.",
            next_step="Save the picture without interlacing, or in smaller strips or tiles.",
        )
    if "not configured" in message or "compression support" in message:
        return UnsupportedError(
            f"This build cannot decode that {kind.value} coding: {cause}.",
            next_step="Save it uncompressed or with Deflate compression.",
        )
    return DamagedError(f"The {kind.value} file does not decode: {cause}.", next_step=_STEP)


def _judged(kind: Kind, lines: list[str]) -> tuple[str, ...]:
    """Decide over the decoder's warnings: for JPEG only stray bytes between markers pass."""
    counts = [int(found[1]) for found in map(_COUNT.search, lines) if found]
    told = [line for line in lines if not _COUNT.search(line) and "error in tile" not in line]
    said = tuple(dict.fromkeys(" ".join(line.split()) for line in told))
    faults = sum(counts)
    harmless = faults == 1 and bool(said) and all(_HARMLESS in line for line in said)
    if kind is Kind.JPEG and faults and not harmless:
        raise DamagedError(
            f"The JPEG data is corrupt ({faults} faults): {'; '.join(said[:1])}.", next_step=_STEP
        )
    return tuple(f"Decoder: {line[:200]}" for line in said[:4])
