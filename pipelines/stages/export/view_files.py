"""Copies of a photograph to look at: a preview, and a pyramid of tiles for very large ones.

Both are made of the result as it was read back, by the display conversion of the report
(`display`), and are lossy; the result itself is what counts. The pyramid has the layout of Deep
Zoom Image (`pyramid.dzi`, and `pyramid_files/LEVEL/COLUMN_ROW.jpg`), stored in one ZIP with
fixed dates, so the same samples give the same bytes. Level n is the one above it halved by
means of two by two. In memory is a quarter of the picture, as 8-bit R, G, B.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import FrameShape, Region, Samples
from pipelines.media.view_encode import view_bytes
from pipelines.stages.export.display import display_rgb

TILE = 256
MOST_PREVIEW_SIDE = 1600

PYRAMID = "pyramid.zip"
PREVIEW = "preview"

Rgb = NDArray[np.uint8]

_DZI = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0" '
    'TileSize="{tile}"><Size Width="{width}" Height="{height}"/></Image>\n'
)
_DATE = (1980, 1, 1, 0, 0, 0)


def preview_bytes(planes: Sequence[Samples], shape: FrameShape, form: str) -> bytes:
    """Code a preview of at most `MOST_PREVIEW_SIDE` samples a side: means of whole squares."""
    step = -(-max(shape.height, shape.width) // MOST_PREVIEW_SIDE)
    step = min(step, shape.height, shape.width)
    band = -(-TILE // step) * step * shape.layout.align_y
    rows = []
    for top in range(0, shape.height // step * step, band):
        region = Region(top, 0, min(band, shape.height - top), shape.width)
        rows.append(_means(display_rgb(planes, shape.layout, region), step))
    return view_bytes(np.concatenate(rows), form)


def write_pyramid(out: BinaryIO, planes: Sequence[Samples], shape: FrameShape) -> int:
    """Write the pyramid as a ZIP into `out`; gives the number of its levels."""
    level = max(shape.height, shape.width, 1).bit_length()
    if max(shape.height, shape.width) == 1 << (level - 1):
        level -= 1
    levels = level + 1
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        text = _DZI.format(tile=TILE, width=shape.width, height=shape.height)
        _put(archive, "pyramid.dzi", text.encode("ascii"))
        picture = _first_level(archive, planes, shape, level)
        while level > 0:
            level -= 1
            for top in range(0, picture.shape[0], TILE):
                for left in range(0, picture.shape[1], TILE):
                    tile = picture[top : top + TILE, left : left + TILE]
                    _put_tile(archive, level, top, left, tile)
            picture = _halved(picture)
    return levels


def _first_level(
    archive: zipfile.ZipFile, planes: Sequence[Samples], shape: FrameShape, level: int
) -> Rgb:
    """Write the tiles of the picture itself; gives the picture halved."""
    half = np.empty((-(-shape.height // 2), -(-shape.width // 2), 3), np.uint8)
    for top in range(0, shape.height, TILE):
        for left in range(0, shape.width, TILE):
            height, width = min(TILE, shape.height - top), min(TILE, shape.width - left)
            tile = display_rgb(planes, shape.layout, Region(top, left, height, width))
            _put_tile(archive, level, top, left, tile)
            small = _halved(tile)
            half[top // 2 : top // 2 + small.shape[0], left // 2 : left // 2 + small.shape[1]] = (
                small
            )
    return half


def _means(picture: Rgb, step: int) -> Rgb:
    """Means of squares, rounded; what is left over at the right and at the bottom is left out."""
    rows, columns = picture.shape[0] // step, picture.shape[1] // step
    cut = picture[: rows * step, : columns * step].reshape(rows, step, columns, step, 3)
    means: Rgb = np.rint(cut.mean(axis=(1, 3))).astype(np.uint8)
    return means


def _halved(picture: Rgb) -> Rgb:
    """Means of two by two, rounded; an odd last row or column counts twice."""
    odd = picture.shape[0] % 2, picture.shape[1] % 2
    even = np.pad(picture, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge").astype(np.uint16)
    total = even[0::2, 0::2] + even[0::2, 1::2] + even[1::2, 0::2] + even[1::2, 1::2]
    means: Rgb = ((total + 2) // 4).astype(np.uint8)
    return means


def _put_tile(archive: zipfile.ZipFile, level: int, top: int, left: int, tile: Rgb) -> None:
    name = f"pyramid_files/{level}/{left // TILE}_{top // TILE}.jpg"
    _put(archive, name, view_bytes(np.ascontiguousarray(tile), "jpeg"))


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), content)
