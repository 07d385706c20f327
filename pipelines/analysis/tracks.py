"""What was followed through a clip: tracks, each a list of places where its thing was found.

A track says that neighbouring detections are taken for one thing. It never says whose face it is,
and two tracks may be of one person. A place stands in a track only where something was found:
nothing is filled in between.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.analysis.found import Box, Point


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found: the frame's index in display order, and the detection.

    `score` is None where a person drew the box.
    """

    frame: int
    box: Box
    score: float | None
    landmarks: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed; `places` by rising frame, never empty."""

    number: int
    target: str
    places: tuple[Place, ...]

    @property
    def first(self) -> int:
        """The first frame where it was found."""
        return self.places[0].frame

    @property
    def last(self) -> int:
        """The last frame where it was found."""
        return self.places[-1].frame

    @property
    def best_score(self) -> float | None:
        """The highest score; None where a person drew all of it."""
        return max((one.score for one in self.places if one.score is not None), default=None)

    @property
    def least_side(self) -> float:
        """The shorter side of its smallest box, in samples."""
        return min(one.box.shorter for one in self.places)

    @property
    def most_side(self) -> float:
        """The shorter side of its largest box, in samples."""
        return max(one.box.shorter for one in self.places)

    def at(self, frame: int) -> Place | None:
        """Where it was found in a frame; None where it was not."""
        low, high = 0, len(self.places)
        while low < high:
            middle = (low + high) // 2
            if self.places[middle].frame < frame:
                low = middle + 1
            else:
                high = middle
        found = low < len(self.places) and self.places[low].frame == frame
        return self.places[low] if found else None
