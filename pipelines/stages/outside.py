"""The law of regions: where no region was drawn, samples leave as they came.

It is checked on native samples, those as received beside those handed to the encoder, whatever the
operations did in between. It can be checked where every operation is held to a region; as soon as
one works on the whole picture, or makes other frames, nothing is left that had to stay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from pipelines.media.picture import FrameShape, Region, Samples
from pipelines.media.video import Law
from pipelines.operations.drawn import Drawn
from pipelines.operations.region_only import RegionOnly
from pipelines.stages.enhance import Chain

LAW = "samples outside the regions"

Planes = tuple[Samples, ...]

_STRIP_SAMPLES = 1 << 20


class Outside:
    """What of the pictures of a chain has to stay as it came."""

    def __init__(self, chain: Chain) -> None:
        held = [one.drawn for one in chain.operations if isinstance(one, RegionOnly)]
        every = len(held) == len(chain.operations)
        self.shape: FrameShape = chain.source
        self._regions: tuple[Drawn, ...] = tuple(held)
        self.applies = bool(held) and every and chain.frame_map is None

    def digest(self, planes: Planes, frame: int) -> bytes:
        """SHA-256 over all samples of a frame that no region holds, planes in order."""
        digest = hashlib.sha256()
        for number, plane in enumerate(planes):
            rest = plane.copy(order="C")
            for drawn in self._regions:
                self._take_out(rest, drawn, number, frame, self.shape.whole)
            digest.update(rest.data)
        return digest.digest()

    def differing(self, before: Planes, after: Planes) -> tuple[int, int]:
        """How many samples no region holds, and how many of them differ; for a photograph."""
        held = differ = 0
        for strip in _strips(self.shape):
            for number, (came, made) in enumerate(zip(before, after, strict=True)):
                rows, columns = strip.on_plane(number, self.shape.layout)
                outside = np.ones(came[rows, columns].shape, np.uint8)
                for drawn in self._regions:
                    self._take_out(outside, drawn, number, 0, strip)
                held += int(outside.sum(dtype=np.int64))
                unequal = came[rows, columns] != made[rows, columns]
                differ += int(np.count_nonzero(unequal & (outside > 0)))
        return held, differ

    def _take_out(self, rest: Samples, drawn: Drawn, number: int, frame: int, part: Region) -> None:
        """Set to 0 what a region holds of `rest`, one plane of `part` of a picture."""
        worked = drawn.within(part) if drawn.has(frame) else None
        if worked is None:
            return
        layout = self.shape.layout
        own, inner = part.on_plane(number, layout), worked.on_plane(number, layout)
        place = tuple(
            slice(there.start - here.start, there.stop - here.start)
            for here, there in zip(own, inner, strict=True)
        )
        rest[place][drawn.weights(worked, number) > 0] = 0


def photo_law(outside: Outside, before: Planes, after: Planes) -> tuple[Law, ...]:
    """The law for a photograph, or none where it does not apply."""
    if not outside.applies:
        return ()
    held, differ = outside.differing(before, after)
    found = f"{differ} differing" if differ else "all equal"
    return (Law(LAW, f"{held} samples", found, not differ),)


def clip_law(frames: int, differing: int) -> Law:
    """The law for a clip, from how many of its frames were found to differ there."""
    found = f"{differing} differing" if differing else "all equal"
    return Law(LAW, f"{frames} frames", found, not differing)


def _strips(shape: FrameShape) -> Iterator[Region]:
    align = shape.layout.align_y
    rows = max(16, _STRIP_SAMPLES // shape.width) // align * align
    for top in range(0, shape.height, rows):
        yield Region(top, 0, min(rows, shape.height - top), shape.width)
