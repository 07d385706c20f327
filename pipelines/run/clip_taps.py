"""Taps on the pixel loop of a clip: maps of a few frames, brightness of all of them.

Maps are made of the two frames that the report shows, with pictures, and of one frame in a
hundred, eight at most and evenly spread, as numbers. What a tap found is durable before its
segment is marked, so a run that is taken up again loses none of it.

Nothing here touches a sample of the result, and nothing grows with the length of the clip: of
a frame that a map is made of, the received planes are kept until its result is there.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from pipelines.errors import EvidenceError
from pipelines.media.picture import Samples
from pipelines.media.video import DecodedFrame
from pipelines.quality.indexed_png_reader import thumbnail_of
from pipelines.quality.unrest import Unrest, UnrestMeter, cells_of
from pipelines.run.durable_file import write_whole, writing
from pipelines.stages.enhance import Chain, covered
from pipelines.stages.export.facts_quality import (
    MapFacts,
    MapKind,
    QualityFacts,
    Standing,
    UnrestFacts,
)
from pipelines.stages.face_pairs import FacePairs, faces_name
from pipelines.stages.maps import Judged, MadeMap, MapMaker, Pair, map_name

FRAMES_KEPT = 2
"""Received frames that wait for their result at a time: one with a picture, one counted."""

COUNTED_EVERY = 100
MOST_COUNTED = 8
LOST = "What an earlier attempt found cannot be read any more."


@dataclass(slots=True)
class _Segment:
    """The unrest of one segment's frames, as received and as finished."""

    before: UnrestMeter = field(default_factory=UnrestMeter)
    after: UnrestMeter = field(default_factory=UnrestMeter)


def counted_frames(frames: int) -> tuple[int, ...]:
    """Which frames get numbers without pictures: the middles of even parts of the clip."""
    count = min(MOST_COUNTED, frames // COUNTED_EVERY)
    return tuple((2 * part + 1) * frames // (2 * count) for part in range(count))


def choice_words(pictured: Sequence[int], counted: Sequence[int]) -> str:
    """Say which frames of a clip were looked at."""
    also = f", numbers without a picture of {_listed(counted)}" if counted else ""
    return (
        f"Maps were made of {_listed(pictured)}{also}. "
        "No map was made of any other frame; nothing is said about them."
    )


def tap_names(number: int, frames: range) -> Iterator[str]:
    """Names of all that taps may have left of a segment: by its number, and by its frames."""
    yield _unrest_name(number)
    for frame in frames:
        yield _maps_name(frame)
        yield faces_name(frame)
        yield from (map_name(kind, frame) for kind in MapKind)


class ClipTaps:
    """Listens to the frames of one clip, received and finished, in rising order.

    `starts` are the first frames of the segments, `pictured` the frames that get pictures.
    `faces` listens along where faces were tracked and something can look at them.
    """

    def __init__(
        self,
        chain: Chain,
        *,
        frames: int,
        starts: Sequence[int],
        pictured: Sequence[int],
        work: Path,
        faces: FacePairs | None = None,
    ) -> None:
        self.faces = faces
        self._chain = chain
        self._maker = MapMaker(chain)
        self._shown = covered(chain)
        self._starts = tuple(starts)
        self._pictured = tuple(pictured)
        self._counted = tuple(one for one in counted_frames(frames) if one not in self._pictured)
        self._mapped = frozenset((*self._pictured, *self._counted) if self._maker.applies else ())
        self._work = work
        self._looked_at = range(frames)
        self._kept: dict[int, tuple[Samples, ...]] = {}
        self._segments: defaultdict[int, _Segment] = defaultdict(_Segment)

    def begin(self, first: int, stop: int) -> None:
        """Frames outside `first` to `stop` (exclusive) are read for their neighbours' sake."""
        self._looked_at = range(first, stop)

    def seen(self, frame: DecodedFrame) -> None:
        """A frame was received; its planes are valid during this call only."""
        if frame.index not in self._looked_at:
            return
        segment = self._segments[self._segment_of(frame.index)]
        segment.before.add(cells_of(frame.planes, self._chain.source, self._shown))
        if frame.index in self._mapped:
            self._kept[frame.index] = tuple(plane.copy() for plane in frame.planes)
        if self.faces is not None:
            self.faces.seen(frame.index, frame.planes)

    def finished(self, index: int, planes: tuple[Samples, ...]) -> None:
        """A frame of the result was handed to the encoder."""
        result = self._chain.result
        segment = self._segments[self._segment_of(index)]
        segment.after.add(cells_of(planes, result, result.whole))
        if self.faces is not None:
            self.faces.finished(index, planes)
        before = self._kept.pop(index, None)
        if before is not None:
            maps = self._maker.make(
                Pair(before, planes, index),
                folder=self._work,
                opener=writing,
                pictured=index in self._pictured,
            )
            found = [one.facts.model_dump(mode="json") for one in maps]
            write_whole(self._maps_path(index), json.dumps(found).encode())

    def segment_finished(self, number: int) -> None:
        """All frames of a segment were finished: make durable what was found in them."""
        segment = self._segments.pop(number, _Segment())
        sides = {"before": segment.before.unrest, "after": segment.after.unrest}
        found = {name: [one.total, one.frames] for name, one in sides.items()}
        write_whole(self._unrest_path(number), json.dumps(found).encode())

    def judged(self) -> Judged:
        """What all taps found, those of earlier attempts included."""
        maps = [made for index in sorted(self._mapped) for made in self._maps_of(index)]
        maps.extend(self._maker.nothing)
        choice = choice_words(self._pictured, self._counted) if self._mapped else ""
        facts = QualityFacts(
            asked=True,
            choice=choice,
            maps=tuple(one.facts for one in maps),
            unrest=self._unrest(),
        )
        return Judged(facts, tuple(maps))

    def _segment_of(self, index: int) -> int:
        return bisect_right(self._starts, index) - 1

    def _maps_of(self, index: int) -> list[MadeMap]:
        try:
            found = json.loads(self._maps_path(index).read_bytes())
            return [self._read(MapFacts.model_validate(one)) for one in found]
        except (OSError, ValueError, ValidationError, EvidenceError):
            missing = {one.facts.kind for one in self._maker.nothing}
            return [
                MadeMap(
                    MapFacts(kind=kind, standing=Standing.UNAVAILABLE, frame=index, reason=LOST)
                )
                for kind in MapKind
                if kind not in missing
            ]

    def _read(self, facts: MapFacts) -> MadeMap:
        picture = facts.picture
        if picture is None:
            return MadeMap(facts)
        path = self._work / picture.file_name
        with path.open("rb") as file:
            dots = thumbnail_of(file, width=picture.width, height=picture.height)
        return MadeMap(facts, path, dots)

    def _unrest(self) -> UnrestFacts | None:
        """The mean over all segments; None where no frame has neighbours, or a part was lost."""
        before, after = Unrest(), Unrest()
        for number in range(len(self._starts)):
            try:
                found = json.loads(self._unrest_path(number).read_bytes())
                before += Unrest(*found["before"])
                after += Unrest(*found["after"])
            except (OSError, ValueError, KeyError, TypeError):
                return None
        if before.mean is None or after.mean is None:
            return None
        return UnrestFacts.model_validate(
            {
                "frames": after.frames,
                "before": round(before.mean, 4),
                "after": round(after.mean, 4),
            }
        )

    def _maps_path(self, index: int) -> Path:
        return self._work / _maps_name(index)

    def _unrest_path(self, number: int) -> Path:
        return self._work / _unrest_name(number)


def _maps_name(index: int) -> str:
    return f"maps-{index}.json"


def _unrest_name(number: int) -> str:
    return f"unrest-{number:06d}.json"


def _listed(frames: Sequence[int]) -> str:
    """Name frames as a sentence does: `frame 3`, `frames 3 and 6`, `frames 3, 6 and 9`."""
    words = [str(frame) for frame in frames]
    if len(words) == 1:
        return f"frame {words[0]}"
    return f"frames {', '.join(words[:-1])} and {words[-1]}"
