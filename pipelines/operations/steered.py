"""Operations that go where tracks go: what they are told, and how they are told it.

The tracks come from an analysis pass and are bound like a size is, before anything runs; an
operation never looks for anything itself. Bound to a frame it is an operation like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from pipelines.operations.base import Operation

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class FaceAt:
    """One face in one frame: five landmarks (x, y) in samples, and how strongly it is worked on.

    `strength` runs from 0 to 1 where a track begins and back where it ends.
    """

    track: int
    landmarks: tuple[Point, ...]
    strength: float = 1.0


class Faces(Protocol):
    """Tells which faces are in a frame."""

    def at(self, frame: int) -> Sequence[FaceAt]:
        """The faces of a frame, by rising track."""


@runtime_checkable
class Steered(Protocol):
    """An operation that follows tracks.

    `smoothing` is over how many frames on each side its landmarks are smoothed, `tracks` which
    are followed (empty: all).
    """

    smoothing: int
    tracks: tuple[int, ...]

    def following(self, faces: Faces) -> Operation:
        """The same operation bound to what was tracked, at the first frame."""

    def at(self, frame: int) -> Operation:
        """The same operation at a frame."""


@runtime_checkable
class ByFrame(Protocol):
    """An operation that is another one in every frame: it follows tracks, or has a region."""

    def at(self, frame: int) -> Operation:
        """The same operation at a frame of the source."""


def at_frame(operation: Operation, frame: int) -> Operation:
    """An operation at a frame of the source; the same one unless it goes by frames."""
    return operation.at(frame) if isinstance(operation, ByFrame) else operation
