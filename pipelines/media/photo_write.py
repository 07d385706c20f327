"""Writing a photo: exact where the kind is, atomic, and the same bytes for the same input.

Planes are read in strips through zero-copy views, so a picture that lies in a scratch
file is never in memory as a whole. A result appears under its name complete or not at all.
Refused before a byte is written: what the kind cannot hold (see `require_writable`).
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pipelines.errors import DiskFullError, UnreadableError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo_bmp import write_bmp
from pipelines.media.photo_encode import write_jpeg, write_png, write_webp
from pipelines.media.photo_exif import for_size
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_tiff_writer import write_tiff
from pipelines.media.photo_webp import MOST_SIDE
from pipelines.media.picture import Family, FrameShape, Samples

_JPEG_SIDE = 65_500

Writer = Callable[[BinaryIO, tuple[Samples, ...], FrameShape, PhotoMetadata], tuple[str, ...]]


def require_writable(shape: FrameShape, kind: Kind) -> None:
    """Refuse a picture that files of `kind` cannot hold. Raises `UnsupportedError`."""
    layout = shape.layout
    step = "Choose PNG or TIFF for the result."
    if layout.family is Family.YCBCR or layout.depth not in (8, 16):
        raise UnsupportedError(f"No photo holds {layout.depth}-bit {layout.family}.")
    if not kind.is_written:
        raise UnsupportedError(f"Pictures are not written as {kind.value}.", next_step=step)
    if layout.depth == 16 and kind not in (Kind.PNG, Kind.TIFF):
        raise UnsupportedError(f"{kind.value} cannot hold 16-bit samples.", next_step=step)
    if layout.alpha and kind is Kind.JPEG:
        raise UnsupportedError("JPEG cannot hold opacity.", next_step=step)
    most = {Kind.WEBP: MOST_SIDE, Kind.JPEG: _JPEG_SIDE}.get(kind, 0x7FFF_FFFF)
    if max(shape.height, shape.width) > most:
        raise UnsupportedError(
            f"{kind.value} holds at most {most} pixels on a side; "
            f"the picture has {shape.width}x{shape.height}.",
            next_step=step,
        )


def write_photo(
    path: Path,
    planes: tuple[Samples, ...],
    shape: FrameShape,
    metadata: PhotoMetadata,
    *,
    kind: Kind = Kind.PNG,
    quality: int | None = None,
) -> tuple[str, ...]:
    """Write `planes` as a file of `kind` at `path`; returns remarks on what could not be carried.

    `planes` are (H, W) uint8 or uint16 as `shape` says. PNG, TIFF, BMP and WebP are lossless;
    JPEG is quality 95 without chroma subsampling. `quality` (1 to 100) sets JPEG's, and asks for
    lossy WebP. `path` is replaced atomically; on any failure nothing appears there.
    Raises `UnsupportedError` (see `require_writable`), `DiskFullError`, `UnreadableError`.
    """
    require_writable(shape, kind)
    _require_planes(planes, shape)
    carried, remarks = _carried(metadata, shape, kind)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with part.open("xb") as out:
            more = _writer(kind, quality)(out, planes, shape, carried)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _translated(error, path) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return (*remarks, *more)


def _require_planes(planes: tuple[Samples, ...], shape: FrameShape) -> None:
    wanted = (shape.height, shape.width)
    fits = len(planes) == shape.layout.plane_count and all(
        plane.shape == wanted and plane.dtype == shape.layout.sample_type for plane in planes
    )
    if not fits:
        held = ", ".join(f"{plane.dtype}{plane.shape}" for plane in planes)
        raise UnsupportedError(f"The planes ({held}) do not fit the shape {wanted}.")


def _carried(
    metadata: PhotoMetadata, shape: FrameShape, kind: Kind
) -> tuple[PhotoMetadata, tuple[str, ...]]:
    """Fit the metadata to the result: recorded sizes, and a profile of the right colour space."""
    remarks: list[str] = []
    if kind is Kind.BMP and metadata.orientation != 1:
        raise UnsupportedError(
            f"BMP cannot say that orientation {metadata.orientation} is still to be applied.",
            next_step="Apply the orientation, or choose PNG or TIFF for the result.",
        )
    if metadata.exif:
        exif, said = for_size(metadata.exif, height=shape.height, width=shape.width)
        metadata, remarks = replace(metadata, exif=exif), [*remarks, *said]
    gray = shape.layout.family is Family.GRAY and kind is not Kind.WEBP
    gray = gray and not (kind is Kind.BMP and shape.layout.alpha)
    if metadata.icc and metadata.icc[16:20] == (b"RGB " if gray else b"GRAY"):
        metadata = replace(metadata, icc=None)
        remarks.append("The ICC profile is for another colour space and is left out.")
    if metadata.colour_chunks and kind is not Kind.PNG:
        names = ", ".join(name for name, _ in metadata.colour_chunks)
        remarks.append(f"{kind.value} has no place for PNG's colour chunks {names}.")
    return metadata, tuple(remarks)


def _writer(kind: Kind, quality: int | None) -> Writer:
    if kind is Kind.JPEG:
        return partial(write_jpeg, quality=quality)
    if kind is Kind.WEBP:
        return partial(write_webp, quality=quality)
    return {Kind.PNG: write_png, Kind.TIFF: write_tiff, Kind.BMP: write_bmp}[kind]


def _sync_folder(folder: Path) -> None:
    """Make the new name durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _translated(error: OSError, path: Path) -> DiskFullError | UnreadableError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFullError(
            f"No space left while writing {path.name}.", next_step="Free space and run again."
        )
    return UnreadableError(
        f"{path.name} cannot be written: {error.strerror or error}.",
        next_step="Check the folder and its permissions.",
    )
