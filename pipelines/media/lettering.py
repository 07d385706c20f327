"""Words as a mask of pixels, for pictures that this product draws itself.

Only words of our own come here: text from a file is made safe to show before.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def lettering(words: str, *, font: Path, pixels: int) -> NDArray[np.bool_]:
    """Return (H, W) bool, True where a letter is; `pixels` is the height of the type."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - loaded by the first picture

    type_face = ImageFont.truetype(str(font), pixels)
    left, top, right, bottom = (round(side) for side in type_face.getbbox(words))
    size = (max(1, right - left), max(1, bottom - top))
    picture = Image.new("L", size, 0)
    ImageDraw.Draw(picture).text((-left, -top), words, fill=255, font=type_face)
    drawn: NDArray[np.uint8] = np.asarray(picture, np.uint8)
    return drawn > 127
