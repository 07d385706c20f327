"""Listens to the frames of a clip whose operations are held to regions: what lies outside stays.

Of every frame one digest is kept from its arrival until its result is there, so memory does not
grow with the length. What was found in a segment is durable before the segment is marked, so a run
that is taken up again has looked at every frame.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipelines.errors import ConservationError
from pipelines.media.picture import Samples
from pipelines.media.video import DecodedFrame, Law
from pipelines.run.durable_file import write_whole
from pipelines.stages.outside import Outside, clip_law


class Tap(Protocol):
    """What listens to the pixel loop: received and finished frames, in rising order."""

    def begin(self, first: int, stop: int) -> None:
        """Frames outside `first` to `stop` (exclusive) are read for their neighbours' sake."""

    def seen(self, frame: DecodedFrame) -> None:
        """A frame was received; its planes are valid during this call only."""

    def finished(self, index: int, planes: tuple[Samples, ...]) -> None:
        """A frame of the result was handed to the encoder."""

    def segment_finished(self, number: int) -> None:
        """All frames of a segment were finished: make durable what was found in them."""


class Listening:
    """Several taps as one."""

    def __init__(self, taps: Sequence[Tap]) -> None:
        self._taps = tuple(taps)

    def begin(self, first: int, stop: int) -> None:
        """Tell every tap."""
        for tap in self._taps:
            tap.begin(first, stop)

    def seen(self, frame: DecodedFrame) -> None:
        """Tell every tap."""
        for tap in self._taps:
            tap.seen(frame)

    def finished(self, index: int, planes: tuple[Samples, ...]) -> None:
        """Tell every tap."""
        for tap in self._taps:
            tap.finished(index, planes)

    def segment_finished(self, number: int) -> None:
        """Tell every tap."""
        for tap in self._taps:
            tap.segment_finished(number)


class OutsideTap:
    """Compares what no region holds of every frame. `starts` are the first frames of segments."""

    def __init__(self, outside: Outside, *, frames: int, starts: Sequence[int], work: Path) -> None:
        self._outside = outside
        self._starts = tuple(starts)
        self._frames = frames
        self._work = work
        self._wanted = range(frames)
        self._came: dict[int, bytes] = {}
        self._found: defaultdict[int, list[bool]] = defaultdict(list)

    def begin(self, first: int, stop: int) -> None:
        """Frames outside `first` to `stop` (exclusive) are read for their neighbours' sake."""
        self._wanted = range(first, stop)

    def seen(self, frame: DecodedFrame) -> None:
        """A frame was received."""
        if frame.index in self._wanted:
            self._came[frame.index] = self._outside.digest(frame.planes, frame.index)

    def finished(self, index: int, planes: tuple[Samples, ...]) -> None:
        """A frame was handed to the encoder."""
        same = self._came.pop(index, None) == self._outside.digest(planes, index)
        self._found[bisect_right(self._starts, index) - 1].append(same)

    def segment_finished(self, number: int) -> None:
        """Make durable how many frames were compared, and how many differ."""
        found = self._found.pop(number, [])
        told = {"frames": len(found), "differing": found.count(False)}
        write_whole(self._path(number), json.dumps(told).encode())

    def law(self) -> Law:
        """The law over all segments, those of earlier attempts included.

        Raises ConservationError where not every frame was compared.
        """
        compared = differing = 0
        for number in range(len(self._starts)):
            try:
                told = json.loads(self._path(number).read_bytes())
                compared += int(told["frames"])
                differing += int(told["differing"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ConservationError(
                    "What was found outside the regions by an earlier attempt cannot be read.",
                    next_step="Run the job again without --resume.",
                ) from error
        if compared != self._frames:
            raise ConservationError(
                f"Outside the regions {compared} of {self._frames} frames were compared.",
                next_step="Run the job again without --resume.",
            )
        return clip_law(compared, differing)

    def _path(self, number: int) -> Path:
        return self._work / outside_name(number)


def outside_name(number: int) -> str:
    """What the file is called that says what was found in a segment."""
    return f"outside-{number:06d}.json"
