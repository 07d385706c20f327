"""Detect and track: what is found in a picture or followed through a clip, before anything else.

Pictures are looked at small and upright; boxes are told in samples of the picture as decoded.
What is found is reported under any preset and changes no sample by itself. The tracks that leave
here are those of `tracks.json`, rounding included, so whoever has that file has them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.analysis.byte_track import ByteTracker, TrackRules
from pipelines.analysis.corrections import corrected
from pipelines.analysis.found import Detection, Detector, Rgb8, is_wanted
from pipelines.analysis.reduced import Reduced, reduce_picture
from pipelines.analysis.track_file import FILE, TrackSet, read_tracks, track_bytes
from pipelines.analysis.tracks import Place, Track
from pipelines.evidence.json_value import decimal_string
from pipelines.graph.tracking import CorrectBox, DetectTrackParams, Edit, MergeTracks, edit_words
from pipelines.media.picture import FrameShape, Samples
from pipelines.stages.export.facts_tracks import (
    DetectorLine,
    EditLine,
    PictureBox,
    TrackingFacts,
    TrackLine,
    TrackPictureFacts,
)

Planes = Sequence[Samples]

_WORKING_BYTES = 64
"""Bytes per sample of a reduced picture while a detector looks at it."""

_SHOWN_SIDE = 640


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was found: the tracks, their file's bytes, the facts, and a picture with faces."""

    found: TrackSet
    data: bytes
    facts: TrackingFacts
    picture: Rgb8 | None

    @property
    def sha256(self) -> str:
        """SHA-256 of `tracks.json`."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class _Seen:
    """The frame that shows most, kept small for the report."""

    frame: int
    weight: float
    picture: Reduced


class Looker:
    """Looks at frames in rising order, then tells what was found.

    `turn` makes pictures upright, in degrees counter-clockwise; `still` says that there is one
    picture, where every candidate counts.
    """

    def __init__(
        self,
        detector: Detector,
        params: DetectTrackParams,
        shape: FrameShape,
        *,
        turn: int = 0,
        still: bool = False,
    ) -> None:
        self._detector = detector
        self._params = params
        self._shape = shape
        self._turn = turn
        self._still = still
        self._side = side_of(params, detector)
        least = 1 if still else 2
        self._tracker = ByteTracker(
            TrackRules(
                high=min(0.5, params.least_score), new=params.least_score, least_places=least
            )
        )
        self._looked_at = 0
        self._best: _Seen | None = None

    def wants(self, frame: int) -> bool:
        """Whether this frame is one of those that are looked at."""
        return frame % self._params.every == 0

    def look(self, frame: int, planes: Planes) -> None:
        """Look at the native planes of a whole frame; they are not kept."""
        small = reduce_picture(planes, self._shape, longest_side=self._side, turn=self._turn)
        found = [
            small.back(one)
            for one in self._detector.detect(small.rgb)
            if is_wanted(one.target, self._params.targets)
        ]
        self._looked_at += 1
        self._tracker.look(frame, found)
        self._keep_best(frame, small, found)

    def _keep_best(self, frame: int, small: Reduced, found: Sequence[Detection]) -> None:
        """Keep the picture of the frame whose certain candidates score most, the first of such."""
        certain = [one.score for one in found if one.score >= self._params.least_score]
        weight = float(sum(certain))
        if certain and (self._best is None or weight > self._best.weight):
            self._best = _Seen(frame, weight, small)

    def tracked(self, frames: int) -> Tracked:
        """Tell what was found in a clip of `frames`. Raises GraphError for wrong corrections."""
        tracks = corrected(
            self._tracker.tracks(),
            self._params.edits,
            frames=frames,
            height=self._shape.height,
            width=self._shape.width,
        )
        data = track_bytes(
            TrackSet(
                detector=self._detector.facts,
                height=self._shape.height,
                width=self._shape.width,
                frames=frames,
                looked_at=self._looked_at,
                every=self._params.every,
                tracks=tracks,
            )
        )
        found = read_tracks(data)
        picture, pictured = self._pictured(found.tracks)
        return Tracked(found, data, self._facts(found, data, pictured), picture)

    def _facts(
        self, found: TrackSet, data: bytes, picture: TrackPictureFacts | None
    ) -> TrackingFacts:
        touched = {number for edit in self._params.edits for number in _numbers(edit)}
        detector = found.detector
        return TrackingFacts(
            detector=DetectorLine(
                name=detector.name,
                version=detector.version,
                sha256=detector.sha256,
                engine=detector.engine,
                licence=detector.licence,
                warning=detector.warning,
            ),
            targets=self._params.targets,
            frames=found.frames,
            looked_at=found.looked_at,
            every=found.every,
            longest_side=self._side,
            least_score=decimal_string(self._params.least_score),
            file_name=FILE,
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            tracks=tuple(_line(one, corrected=one.number in touched) for one in found.tracks),
            edits=tuple(
                EditLine(what=edit_words(one), who=one.who, why=one.why)
                for one in self._params.edits
            ),
            picture=picture,
        )

    def _pictured(self, tracks: Sequence[Track]) -> tuple[Rgb8 | None, TrackPictureFacts | None]:
        if self._best is None:
            return None, None
        picture = self._best.picture
        step = -(-max(picture.rgb.shape[:2]) // _SHOWN_SIDE)
        shown = np.ascontiguousarray(picture.rgb[::step, ::step])
        boxes = [
            _on_picture(one.number, place, picture, step)
            for one in tracks
            if (place := one.at(self._best.frame)) is not None
        ]
        facts = TrackPictureFacts(
            file_name="tracks.ppm",
            sha256=hashlib.sha256(shown.tobytes()).hexdigest(),
            frame=None if self._still else self._best.frame,
            height=shown.shape[0],
            width=shown.shape[1],
            boxes=tuple(boxes),
        )
        return shown, facts


def side_of(params: DetectTrackParams, detector: Detector) -> int:
    """The longer side that pictures are reduced to."""
    return params.longest_side or detector.usual_side


def looking_bytes(side: int) -> int:
    """Memory that looking at one frame after another takes beside the frames themselves."""
    return _WORKING_BYTES * side * side


def _line(track: Track, *, corrected: bool) -> TrackLine:
    best = track.best_score
    return TrackLine(
        track=track.number,
        target=track.target,
        first=track.first,
        last=track.last,
        places=len(track.places),
        best_score=None if best is None else decimal_string(best),
        least_side=decimal_string(round(track.least_side, 1)),
        most_side=decimal_string(round(track.most_side, 1)),
        corrected=corrected,
    )


def _numbers(edit: Edit) -> tuple[int, ...]:
    if isinstance(edit, MergeTracks):
        return edit.tracks[:1]
    return (edit.track,) if isinstance(edit, CorrectBox) else ()


def _on_picture(number: int, place: Place, picture: Reduced, step: int) -> PictureBox:
    """A box of the source as one of the picture that the report shows, in whole samples."""
    box = picture.forward(place.box)
    height, width = (-(-side // step) for side in picture.rgb.shape[:2])
    left, top = (max(0, round(one / step)) for one in (box.left, box.top))
    right, bottom = min(width, round(box.right / step)), min(height, round(box.bottom / step))
    return PictureBox(
        track=number, left=left, top=top, width=max(0, right - left), height=max(0, bottom - top)
    )
