"""Counts what differs between a replay and the record, and keeps the frame that differs most."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.media.picture import FrameShape, Samples
from pipelines.quality.exact_difference import are_alike, differences
from pipelines.run.replay_verdict import MOST_LISTED, Compared, Largest

MISFIT = (
    "The samples on record are of a picture of another shape: how large the difference is stays "
    "unknown."
)


@dataclass(frozen=True, slots=True)
class Worst:
    """The two pictures that differ most: as replayed, and as on record."""

    frame: int
    replayed: tuple[Samples, ...]
    recorded: tuple[Samples, ...]
    shape: FrameShape


class Tally:
    """Takes what is found about frames `first` up to `stop` of a clip of `frames` (photo: 1).

    Memory holds the two pictures that differ most and no others.
    """

    def __init__(self, shape: FrameShape, *, first: int, stop: int, frames: int) -> None:
        self._shape = shape
        self._range = (first, stop, frames)
        self._differ = 0
        self._misfit = False
        self.seen = 0
        self._listed: list[int] = []
        self._largest: Largest | None = None
        self.worst: Worst | None = None

    @property
    def wanted(self) -> int:
        """How many frames are to be looked at."""
        return self._range[1] - self._range[0]

    def saw(self) -> None:
        """Note that one more frame was looked at."""
        self.seen += 1

    def differs(self, frame: int) -> None:
        """Note that a frame differs."""
        self._differ += 1
        if len(self._listed) < MOST_LISTED:
            self._listed.append(frame)

    def measure(
        self, frame: int, replayed: tuple[Samples, ...], recorded: tuple[Samples, ...]
    ) -> None:
        """Measure one pair of pictures; they are kept where none before differed more.

        A bundle can state digests of pictures of any shape; those of another are not measured.
        """
        if not are_alike(replayed, recorded):
            self._misfit = True
            return
        for one in differences(replayed, recorded, self._shape.layout):
            if self._largest is None or one.largest > self._largest.code_values:
                self._largest = Largest(
                    frame=frame,
                    plane=one.plane,
                    code_values=one.largest,
                    peak=self._shape.layout.peak,
                    x=one.x,
                    y=one.y,
                    samples=one.samples,
                    box=one.box,
                )
                self.worst = Worst(frame, replayed, recorded, self._shape)

    def compared(
        self, *, against: str = "", unknown: str = "", delivered_differ: int | None = None
    ) -> Compared:
        """Say what was found: `against` what sizes were measured, or why there is none."""
        first, stop, frames = self._range
        return Compared(
            first=first,
            stop=stop,
            frames=frames,
            differ=self._differ,
            differing=tuple(self._listed),
            largest=self._largest,
            against=against if self._largest is not None else "",
            unknown=(unknown or (MISFIT if self._misfit else "")) if self._differ else "",
            delivered_differ=delivered_differ,
        )
