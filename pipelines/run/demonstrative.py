"""Captions and arrows on a *demonstrative* copy: it shows what somebody points at.

Every demonstrative copy says so in its upper left corner, with its number, in every frame, so
that it cannot pass for the footage. Marks are yellow on a black rim and cover what lies beneath.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.media.lettering import lettering
from pipelines.media.picture import FrameShape, Samples
from pipelines.stages.export.letters import BOLD
from pipelines.stages.export.sanitise import shown

MOST_MARKS = 200
_LONGEST = 200
_YELLOW, _BLACK = (210, 16, 146), (16, 128, 128)
_HEAD = 4.0
_WRONG = (
    'Write {"marks": [{"caption": "text", "at": [x, y], "frames": [first, last]}, '
    '{"arrow": [x0, y0, x1, y1]}]}.'
)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mark:
    """Coverage of the whole picture, and the frames, both ends included, in which it shows."""

    ink: Mask
    rim: Mask
    first: int
    last: int


class Marker:
    """Draws marks and the label; `draw` fits `pipelines.run.copies.Drawing`.

    Marks are laid out on the picture as it is shown; `turn` makes frames upright, in degrees
    counter-clockwise, so words stand upright on a clip that is stored lying on its side.
    """

    def __init__(self, marks: tuple[Mark, ...], label: Mark, *, turn: int = 0) -> None:
        back = -(turn // 90)
        self._marks = tuple(
            replace(one, ink=np.rot90(one.ink, back), rim=np.rot90(one.rim, back))
            for one in (*marks, label)
        )

    def draw(self, frame: int, planes: tuple[Samples, ...]) -> tuple[Samples, ...]:
        """Draw what shows in this frame, in place."""
        for mark in self._marks:
            if mark.first <= frame <= mark.last:
                _paint(planes, mark.rim, _BLACK)
                _paint(planes, mark.ink, _YELLOW)
        return planes


def shown_shape(shape: FrameShape, *, turn: int) -> FrameShape:
    """The shape of frames once they are upright: what marks are laid out on."""
    if turn % 180 == 0:
        return shape
    return replace(shape, height=shape.width, width=shape.height)


def label_mark(number: str, shape: FrameShape, *, frames: int) -> Mark:
    """The words that say in every frame what this copy is."""
    size = (shape.height, shape.width)
    pixels = max(10, shape.height // 24)
    text = f"DEMONSTRATIVE {shown(number, longest=40)}".strip()
    return _mark(_written(text, (4, 4), size, pixels), 0, frames - 1)


def read_marks(data: bytes, shape: FrameShape, *, frames: int) -> tuple[Mark, ...]:
    """Read a file of marks. Raises RequestError for anything that is out of form."""
    try:
        listed = json.loads(data)["marks"]
        if not isinstance(listed, list) or not 0 < len(listed) <= MOST_MARKS:
            raise RequestError(f"A file of marks holds 1 to {MOST_MARKS}.", next_step=_WRONG)
        return tuple(_read(one, shape, frames) for one in listed)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RequestError("The file of marks is out of form.", next_step=_WRONG) from error


def _read(one: Mapping[str, Any], shape: FrameShape, frames: int) -> Mark:
    size = (shape.height, shape.width)
    first, last = (int(value) for value in one.get("frames", (0, frames - 1)))
    if "arrow" in one:
        x0, y0, x1, y1 = (int(value) for value in one["arrow"])
        width = max(2, shape.height // 120)
        return _mark(_arrow(size, (x0, y0), (x1, y1), width), first, last)
    x, y = (int(value) for value in one["at"])
    pixels = min(400, max(8, int(one.get("pixels", shape.height // 24))))
    words = shown(str(one["caption"]), longest=_LONGEST)
    return _mark(_written(words, (x, y), size, pixels), first, last)


def _written(words: str, at: tuple[int, int], size: tuple[int, int], pixels: int) -> Mask:
    letters = lettering(words or " ", font=BOLD, pixels=pixels)
    whole = np.zeros(size, np.bool_)
    left, top = max(0, at[0]), max(0, at[1])
    height, width = min(len(letters), size[0] - top), min(letters.shape[1], size[1] - left)
    if height > 0 and width > 0:
        whole[top : top + height, left : left + width] = letters[:height, :width]
    return whole


def _arrow(size: tuple[int, int], start: tuple[int, int], end: tuple[int, int], width: int) -> Mask:
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    (x0, y0), (x1, y1) = start, end
    length = max(1.0, float(np.hypot(x1 - x0, y1 - y0)))
    along_x, along_y = (x1 - x0) / length, (y1 - y0) / length
    # Counted back from the point of the arrow, and away from its axis.
    back = (x1 - columns) * along_x + (y1 - rows) * along_y
    aside = np.abs((columns - x0) * along_y - (rows - y0) * along_x)
    head = min(_HEAD * width, length)
    shaft = (back >= head) & (back <= length) & (aside <= width / 2)
    point = (back >= 0) & (back < head) & (aside <= back * 0.6)
    return np.asarray(shaft | point, np.bool_)


def _mark(ink: Mask, first: int, last: int) -> Mark:
    rim = ink.copy()
    for axis in (0, 1):
        for step in (-2, -1, 1, 2):
            rim |= np.roll(ink, step, axis)
    return Mark(ink, rim, first, last)


def _paint(planes: tuple[Samples, ...], mask: Mask, colour: tuple[int, int, int]) -> None:
    planes[0][mask] = colour[0]
    small = mask.reshape(mask.shape[0] // 2, 2, mask.shape[1] // 2, 2).any(axis=(1, 3))
    for plane, value in zip(planes[1:], colour[1:], strict=True):
        plane[small] = value
