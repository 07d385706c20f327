"""How many characters are misread, by a reader that knows the font: a matched filter.

Each cell of a sheet is compared with every glyph of the alphabet, moved by up to a quarter of
the capital's height in whole samples; the glyph with the largest normalised correlation (of
either sign, for signs are light on dark) is what is read. The reader knows font, size and place,
which a person at a real plate does not: its rate is a floor under what is lost, not a measure
of what people can read. Sharp and wrong letters count as misread like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError

Plane = NDArray[np.float64]
COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a sheet, cell by cell."""

    wanted: str
    read: str

    @property
    def misread(self) -> int:
        """How many characters were read as others."""
        return sum(a != b for a, b in zip(self.wanted, self.read, strict=True))


def read_sheet(
    sheet: Plane, glyphs: Plane, *, text: str, alphabet: str, cell: tuple[int, int]
) -> Reading:
    """Read a sheet of luma (rows*H, 8*W); `glyphs` is (H, len(alphabet)*W), `cell` (H, W).

    Raises RequestError where the pictures do not have these sizes.
    """
    height, width = cell
    lines = -(-len(text) // COLUMNS)
    if sheet.shape != (lines * height, COLUMNS * width):
        raise RequestError(f"A sheet of {sheet.shape} does not hold {len(text)} cells of {cell}.")
    if glyphs.shape != (height, len(alphabet) * width):
        raise RequestError(f"Glyphs of {glyphs.shape} are not {len(alphabet)} cells of {cell}.")
    most = max(1, height // 8)
    templates = _templates(glyphs, len(alphabet), most)
    letters = []
    for at in range(len(text)):
        row, column = divmod(at, COLUMNS)
        part = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
        scores = np.abs(templates @ _unit(part[most:-most, most:-most]))
        best = int(np.argmax(scores.max(axis=1)))
        letters.append(alphabet[best])
    return Reading(text, "".join(letters))


def _templates(glyphs: Plane, count: int, most: int) -> NDArray[np.float64]:
    """Return (count, shifts, samples) unit templates of every glyph at every shift."""
    width = glyphs.shape[1] // count
    found = []
    for number in range(count):
        glyph = glyphs[:, number * width : (number + 1) * width]
        moved = [
            _unit(np.roll(glyph, (down, right), (0, 1))[most:-most, most:-most])
            for down in range(-most, most + 1)
            for right in range(-most, most + 1)
        ]
        found.append(moved)
    return np.array(found)


def _unit(part: Plane) -> NDArray[np.float64]:
    flat = (part - part.mean()).ravel()
    length = float(np.sqrt(flat @ flat))
    return np.asarray(flat / length if length > 0 else flat)
