"""Contact sheets: small pictures in rows, each with its number, type and time below it.

For finding a frame, not for judging it: pictures are made smaller by a plain mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.media.identify import Kind
from pipelines.media.lettering import lettering
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_write import write_photo
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.stages.export.display import Rgb8
from pipelines.stages.export.letters import SANS

COLUMNS, ROWS = 5, 6
WIDTH, HEIGHT = 240, 180
_GAP, _CAPTION = 12, 16
_PAPER, _INK = 255, 0


@dataclass(frozen=True, slots=True)
class Thumb:
    """A picture, (H, W, 3) uint8, what stands below it, and its turn for display in degrees."""

    picture: Rgb8
    caption: str
    turn: int = 0


class ContactSheets:
    """Collects pictures and writes a sheet whenever one is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[tuple[Rgb8, str]] = []
        self._made: list[Path] = []

    def add(self, thumb: Thumb) -> None:
        """Take one more picture; only its small form is kept."""
        upright = np.rot90(thumb.picture, thumb.turn // 90)
        self._waiting.append((smaller(upright, (HEIGHT, WIDTH)), thumb.caption))
        if len(self._waiting) == COLUMNS * ROWS:
            self._write()

    def finish(self) -> tuple[Path, ...]:
        """Write the last sheet; returns all of them."""
        if self._waiting:
            self._write()
        return tuple(self._made)

    def _write(self) -> None:
        rows = -(-len(self._waiting) // COLUMNS)
        # Wide pictures are lower than they may be; a sheet has no more paper than it needs.
        cell = max(len(picture) for picture, _ in self._waiting)
        height = rows * (cell + _CAPTION + _GAP) + _GAP
        width = COLUMNS * (WIDTH + _GAP) + _GAP
        sheet = np.full((height, width), _PAPER, np.uint8)
        sheet = np.repeat(sheet[:, :, None], 3, axis=2)
        for place, (picture, caption) in enumerate(self._waiting):
            row, column = divmod(place, COLUMNS)
            top = _GAP + row * (cell + _CAPTION + _GAP)
            left = _GAP + column * (WIDTH + _GAP)
            _put(sheet, picture, top + cell - len(picture), left)
            letters = lettering(caption, font=SANS, pixels=_CAPTION - 4)[:, :WIDTH]
            ink = np.where(letters, np.uint8(_INK), np.uint8(_PAPER))
            _put(sheet, np.repeat(ink[:, :, None], 3, axis=2), top + cell + 1, left)
        path = self._folder / f"sheet-{len(self._made) + 1}.png"
        planes = tuple(np.ascontiguousarray(sheet[:, :, one]) for one in range(3))
        shape = FrameShape(height, width, PixelLayout(Family.RGB))
        write_photo(path, planes, shape, PhotoMetadata(kind=Kind.PNG))
        self._made.append(path)
        self._waiting.clear()


def smaller(picture: Rgb8, most: tuple[int, int]) -> Rgb8:
    """Reduce (H, W, 3) to fit (height, width), by means of whole blocks; never enlarges."""
    height, width = picture.shape[:2]
    factor = max(1, -(-height // most[0]), -(-width // most[1]))
    rows, columns = max(1, height // factor), max(1, width // factor)
    cut = picture[: rows * factor, : columns * factor].astype(np.float32)
    blocks = cut[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor, 3)
    return np.asarray(np.rint(blocks.mean(axis=(1, 3))), np.uint8)


def _put(sheet: Rgb8, picture: Rgb8, top: int, left: int) -> None:
    height = min(picture.shape[0], sheet.shape[0] - top)
    width = min(picture.shape[1], sheet.shape[1] - left)
    sheet[top : top + height, left : left + width] = picture[:height, :width]
