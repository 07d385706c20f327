"""Writes the picture of a difference: what differs is light, everything else is black."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from pipelines.media.identify import Kind
from pipelines.media.photo import PhotoMetadata, new_planes, write_photo
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.quality.exact_difference import amplification, differences, draw
from pipelines.run.replay_compare import Worst
from pipelines.run.replay_verdict import Picture


def draw_worst(worst: Worst, scratch: Path) -> Picture:
    """Write `difference-frame-N.png` into the folder `scratch`, one pixel per luma sample.

    The factor follows from the largest difference and is stated with the picture. Raises
    DiskFullError, UnreadableError where it cannot be written.
    """
    shape = FrameShape(worst.shape.height, worst.shape.width, PixelLayout(Family.GRAY))
    found = differences(worst.replayed, worst.recorded, worst.shape.layout)
    factor = amplification(max(one.largest for one in found))
    planes = new_planes(shape, scratch=scratch)
    drawn = planes[0].view(np.uint8)
    draw(worst.replayed, worst.recorded, worst.shape, factor=factor, out=drawn)
    path = scratch / f"difference-frame-{worst.frame}.png"
    write_photo(path, planes, shape, PhotoMetadata(Kind.PNG), kind=Kind.PNG)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Picture(path, sha256, path.stat().st_size, factor)
