"""Which frame of the source each frame of a result shows, where there are more of them or fewer.

Times are exact: the unit of time is divided so that the new moments are whole numbers of it, and
an index of the result is made from that of the source. What reads the source keeps the latter;
what codes, joins, counts and checks the result has the former.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import UnsupportedError
from pipelines.graph.descriptors import FrameChange, FrameRate
from pipelines.media.video import VideoIndex

CYCLE = 5
_FILM = ((0, 0), (1, 0), (2, 1), (4, 0))
"""Of a cycle of five frames: the frame that each of four film frames begins in, and its phase."""


@dataclass(frozen=True, slots=True)
class FrameMap:
    """The frames of a result by the frames of its source; all arrays have its length.

    `first` is the source frame that is shown, or the first of two that are; `phase` says in
    which way, by a number that the operation knows. `pts` and `duration` count units of the
    source's time base divided by `divisor`. `rate` is the new rate over the old one.
    """

    first: NDArray[np.int64]
    phase: NDArray[np.uint8]
    pts: NDArray[np.int64]
    duration: NDArray[np.int64]
    divisor: int
    rate: Fraction

    @property
    def frames(self) -> int:
        """The number of frames of the result."""
        return len(self.first)

    def shows(self, frame: int) -> tuple[int, int]:
        """The source frame that frame `frame` of the result shows, and its phase."""
        return int(self.first[frame]), int(self.phase[frame])


def map_frames(index: VideoIndex, change: FrameChange) -> FrameMap | None:
    """Lay out a result's frames; None where they are those of the source.

    Raises UnsupportedError where no frame of the result would be left.
    """
    if change.rate is FrameRate.DOUBLED:
        return _doubled(index)
    if change.rate is FrameRate.FOUR_OF_FIVE:
        return _four_of_five(index, change.cycle_start)
    return None


def retimed(index: VideoIndex, frames: FrameMap | None, *, aspect: Fraction) -> VideoIndex:
    """The index of a result: its frames, times and unit; digests are those of what it shows.

    `aspect` is the new shape of a sample over the old one. A source that states none is shown
    with square samples, so it counts as 1 where the shape changes.
    """
    video = index.video
    if aspect != 1:
        video = replace(video, sample_aspect=(video.sample_aspect or Fraction(1)) * aspect)
    if frames is None:
        return replace(index, video=video)
    stream = replace(video.stream, time_base=video.stream.time_base / frames.divisor)
    rate = video.nominal_rate
    video = replace(video, stream=stream, nominal_rate=None if rate is None else rate * frames.rate)
    return replace(
        index,
        video=video,
        streams=tuple(stream if one.index == stream.index else one for one in index.streams),
        pts=frames.pts,
        duration=frames.duration,
        digest=index.digest[frames.first],
        keyframe=index.keyframe[frames.first],
        picture_type=index.picture_type[frames.first],
        corrupt=index.corrupt[frames.first],
        interlaced=np.zeros(frames.frames, np.bool_),
        fields=None,
    )


def _doubled(index: VideoIndex) -> FrameMap:
    """Two frames of each, the second in the middle of its time."""
    pts = np.repeat(2 * index.pts, 2)
    pts[1::2] += index.duration
    return FrameMap(
        first=np.repeat(np.arange(index.frames, dtype=np.int64), 2),
        phase=np.tile(np.array([0, 1], np.uint8), index.frames),
        pts=pts,
        duration=np.repeat(index.duration, 2),
        divisor=2,
        rate=Fraction(2),
    )


def _four_of_five(index: VideoIndex, start: int) -> FrameMap:
    """Four frames of every cycle of five, evenly spread over its time.

    A cycle that the clip begins or ends in gives the film frames that are whole.
    """
    first, phase, pts = [], [], []
    for cycle in range(start - CYCLE, index.frames, CYCLE):
        begin, span = _span(index, cycle)
        for place, (offset, way) in enumerate(_FILM):
            frame = cycle + offset
            if frame >= 0 and frame + way < index.frames:
                first.append(frame)
                phase.append(way)
                pts.append(max(4 * int(index.pts[0]), 4 * begin + place * span))
    if not first:
        raise UnsupportedError(
            "The clip is too short to put film frames together.",
            next_step="Leave inverse_telecine out.",
        )
    times = np.array(pts, np.int64)
    duration = np.empty_like(times)
    duration[:-1] = np.diff(times)
    duration[-1] = 4 * int(index.pts[-1] + index.duration[-1]) - times[-1]
    return FrameMap(
        np.array(first, np.int64), np.array(phase, np.uint8), times, duration, 4, Fraction(4, 5)
    )


def _span(index: VideoIndex, cycle: int) -> tuple[int, int]:
    """When a cycle begins and how long it lasts; beyond the clip its frames go on evenly."""
    last = index.frames - 1

    def moment(frame: int) -> int:
        if frame < 0:
            return int(index.pts[0]) + frame * int(index.duration[0])
        beyond = max(0, frame - last)
        return int(index.pts[min(frame, last)]) + beyond * int(index.duration[-1])

    begin = moment(cycle)
    return begin, moment(cycle + CYCLE) - begin
