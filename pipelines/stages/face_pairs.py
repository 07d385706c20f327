"""Pairs of a face as it came in and as it went out, for the drift of its track.

Of every track some places are looked at, evenly spread. The crops are small and durable once a
frame is finished, so that a run that is taken up again has them all; they lie in the work folder
and leave with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.analysis.found import Box
from pipelines.analysis.tracks import Track
from pipelines.media.picture import FrameShape, Region, Samples
from pipelines.quality.drift import Face, FaceTrack
from pipelines.stages.enhance import Chain, covered
from pipelines.stages.export.display import display_rgb
from pipelines.stages.maps import Opener

PLACES_PER_TRACK = 5
MOST_PLACES = 60

Planes = Sequence[Samples]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One place: the track, and where its face lies before and after."""

    track: int
    before: Region
    after: Region


class FacePairs:
    """Listens to frames as received and as finished, and keeps what faces look like in some.

    `turn` makes pictures upright, in degrees counter-clockwise. Chains that make other frames of
    those of a clip have no pairs, for no frame of theirs is that of a track.
    """

    def __init__(
        self, chain: Chain, tracks: Sequence[Track], *, turn: int, work: Path, opener: Opener
    ) -> None:
        self._chain = chain
        self._turn = turn // 90 % 4
        self._work = work
        self._opener = opener
        self._tracks = tuple(one.number for one in tracks)
        self._before: dict[int, list[Face]] = {}
        self._wanted: defaultdict[int, list[_Wanted]] = defaultdict(list)
        if chain.frame_map is None:
            self._choose(tracks)

    def _choose(self, tracks: Sequence[Track]) -> None:
        kept = covered(self._chain)
        left = MOST_PLACES
        for track in tracks:
            count = min(PLACES_PER_TRACK, len(track.places), left)
            left -= count
            for number in range(count):
                place = track.places[(2 * number + 1) * len(track.places) // (2 * count)]
                regions = _regions(place.box, kept, self._chain)
                if regions is not None:
                    self._wanted[place.frame].append(_Wanted(track.number, *regions))

    def seen(self, frame: int, planes: Planes) -> None:
        """A frame was received; its planes are valid during this call only."""
        if frame in self._wanted:
            self._before[frame] = [
                self._cut(planes, self._chain.source, one.before) for one in self._wanted[frame]
            ]

    def finished(self, frame: int, planes: Planes) -> None:
        """A frame of the result was handed to the encoder."""
        before = self._before.pop(frame, None)
        if before is None:
            return
        named: dict[str, Any] = {}
        for number, (one, face) in enumerate(zip(self._wanted[frame], before, strict=True)):
            named[f"before{number}"] = face
            named[f"after{number}"] = self._cut(planes, self._chain.result, one.after)
        with self._opener(self._path(frame)) as file:
            np.savez(file, **named)

    def pairs(self) -> tuple[FaceTrack, ...]:
        """The pairs of every track, those of earlier attempts included."""
        found: dict[int, list[tuple[Face, Face]]] = {number: [] for number in self._tracks}
        for frame in sorted(self._wanted):
            if not self._path(frame).exists():
                continue
            with np.load(self._path(frame), allow_pickle=False) as stored:
                for number, one in enumerate(self._wanted[frame]):
                    pair = stored[f"before{number}"], stored[f"after{number}"]
                    found[one.track].append(pair)
        return tuple(FaceTrack(number, tuple(pairs)) for number, pairs in found.items() if pairs)

    def _cut(self, planes: Planes, shape: FrameShape, region: Region) -> Face:
        rgb = display_rgb(planes, shape.layout, region)
        return np.ascontiguousarray(np.rot90(rgb, self._turn))

    def _path(self, frame: int) -> Path:
        return self._work / faces_name(frame)


def faces_name(frame: int) -> str:
    """What the file of a frame's faces is called."""
    return f"faces-{frame}.npz"


def _regions(box: Box, kept: Region, chain: Chain) -> tuple[Region, Region] | None:
    """The face before and after, on whole chroma; None where the result does not show all of it."""
    inside = kept.left <= box.left and box.right <= kept.right
    if not (inside and kept.top <= box.top and box.bottom <= kept.bottom):
        return None
    across, down = chain.result.width / kept.width, chain.result.height / kept.height
    moved = Box(
        (box.left - kept.left) * across,
        (box.top - kept.top) * down,
        box.width * across,
        box.height * down,
    )
    return _region(box, chain.source), _region(moved, chain.result)


def _region(box: Box, shape: FrameShape) -> Region:
    left, top = max(0, floor(box.left)), max(0, floor(box.top))
    right, bottom = min(shape.width, ceil(box.right)), min(shape.height, ceil(box.bottom))
    return Region(top, left, max(1, bottom - top), max(1, right - left)).grown(0, shape)
