"""Pictures to look at, coded by Pillow: our own 8-bit R, G, B and no metadata, lossy."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY = 85


def view_bytes(rgb: NDArray[np.uint8], form: str) -> bytes:
    """Code (H, W, 3) uint8 as `jpeg` (4:4:4), `webp` or `avif`."""
    out = io.BytesIO()
    options = {"subsampling": 0} if form == "jpeg" else {}
    Image.fromarray(rgb).save(out, form.upper(), quality=QUALITY, **options)
    return out.getvalue()
