"""One frame as YUV4MPEG2: the decoder's samples as they are, in a form that players read.

A line of text about the picture, the word FRAME, and the planes Y, Cb, Cr without padding
(https://wiki.multimedia.cx/index.php/YUV4MPEG2). SHA-256 over the planes is the digest of the
frame in an index, and the one that FFmpeg's framehash prints.
"""

from __future__ import annotations

from fractions import Fraction
from typing import BinaryIO

import numpy as np

from pipelines.errors import UnsupportedError
from pipelines.media.picture import Family, FrameShape, Samples

_CHROMA = {(1, 1): "420", (1, 0): "422", (0, 0): "444", (2, 0): "411"}


def holds(shape: FrameShape) -> bool:
    """Whether a picture of this layout can be written: Y'CbCr or gray, without opacity."""
    layout = shape.layout
    if layout.alpha or layout.family is Family.RGB:
        return False
    return layout.family is Family.GRAY or (layout.chroma_x, layout.chroma_y) in _CHROMA


def write_frame(
    out: BinaryIO,
    planes: tuple[Samples, ...],
    shape: FrameShape,
    *,
    rate: Fraction | None,
    sample_aspect: Fraction | None,
) -> None:
    """Write one frame. Raises UnsupportedError for layouts that the format does not hold."""
    if not holds(shape):
        raise UnsupportedError("YUV4MPEG2 holds Y'CbCr and gray pictures without opacity.")
    layout = shape.layout
    name = "mono" if layout.family is Family.GRAY else _CHROMA[layout.chroma_x, layout.chroma_y]
    deep = "" if layout.depth == 8 else f"{'' if name == 'mono' else 'p'}{layout.depth}"
    aspect = sample_aspect or Fraction(0)
    shown = f"{aspect.numerator}:{aspect.denominator if aspect else 0}"
    pace = rate or Fraction(25)
    spread = "FULL" if layout.full_range else "LIMITED"
    head = (
        f"YUV4MPEG2 W{shape.width} H{shape.height} F{pace.numerator}:{pace.denominator} Ip "
        f"A{shown} C{name}{deep} XCOLORRANGE={spread}\nFRAME\n"
    )
    out.write(head.encode("ascii"))
    for plane in planes:
        stored = plane if plane.dtype == np.uint8 else plane.astype("<u2")
        out.write(np.ascontiguousarray(stored).data)
