"""What a detector finds in a picture, and what every detector says about itself.

A detection is a candidate: detectors miss things and mark things that are none, and a score is
the detector's own and not a probability. Coordinates count samples of the picture's first plane
from its upper left corner, as real numbers; 0.5 is the middle of the first sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rgb8 = NDArray[np.uint8]
"""(H, W, 3) uint8, R, G, B."""

Point = tuple[float, float]
"""(x, y)."""

FACE = "face"
OBJECT = "object"
"""Anything that a detector of things has a name for; each detection carries its own name."""
LANDMARKS = ("right eye", "left eye", "nose", "right corner of mouth", "left corner of mouth")
"""The five points of a face, named from the person's own point of view, in this order."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with upright sides."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The column where it ends."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The row where it ends."""
        return self.top + self.height

    @property
    def area(self) -> float:
        """Its size in samples."""
        return self.width * self.height

    @property
    def shorter(self) -> float:
        """Its shorter side."""
        return min(self.width, self.height)

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        common = width * height
        return common / (self.area + other.area - common)


@dataclass(frozen=True, slots=True)
class Detection:
    """One candidate. `landmarks` are those of `LANDMARKS`, or none where it finds none."""

    target: str
    box: Box
    score: float
    landmarks: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class DetectorFacts:
    """Which detector looked. `sha256` is that of its weights or its table; `engine` ran it.

    `warning` says what its makers and we know it to get wrong.
    """

    name: str
    version: str
    sha256: str
    engine: str
    licence: str
    warning: str


class Detector(Protocol):
    """Finds things in pictures. The same picture gives the same detections in the same order."""

    @property
    def facts(self) -> DetectorFacts:
        """Which detector this is."""

    @property
    def targets(self) -> tuple[str, ...]:
        """What it finds."""

    @property
    def usual_side(self) -> int:
        """The longer side that pictures are reduced to for it, unless told otherwise."""

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """Find candidates in (H, W, 3) uint8 R, G, B, best first."""


def is_wanted(target: str, targets: Sequence[str]) -> bool:
    """Whether something that a detector calls `target` is among what is looked for."""
    return target in targets or (OBJECT in targets and target != FACE)


def in_order(detections: Sequence[Detection]) -> tuple[Detection, ...]:
    """Best first; equal scores from top to bottom, then from left to right."""
    return tuple(
        sorted(detections, key=lambda one: (-one.score, one.box.top, one.box.left, one.box.width))
    )


def without_doubles(
    detections: Sequence[Detection], *, most_overlap: float
) -> tuple[Detection, ...]:
    """Keep the best of those that overlap by more than `most_overlap` and have one target."""
    kept: list[Detection] = []
    for one in in_order(detections):
        doubles = (
            other.target == one.target and other.box.overlap(one.box) > most_overlap
            for other in kept
        )
        if not any(doubles):
            kept.append(one)
    return tuple(kept)
