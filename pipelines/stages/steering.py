"""From tracks of the source to faces on the samples of an operation in the middle of a chain.

Landmarks are smoothed along their own track alone, by a straight line through the neighbouring
frames (least squares, weighted down with distance): what moves steadily is not delayed, not at the
ends of a track either, and what trembles is stilled. In a short gap, with places on both sides,
the line fills in. A track that begins or ends within the clip is faded in and out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.analysis.found import LANDMARKS
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import RequestError
from pipelines.operations.steered import FaceAt


@dataclass(frozen=True, slots=True)
class Placement:
    """What a step's picture shows of the source: from (left, top), `across` and `down` times."""

    left: float
    top: float
    across: float
    down: float

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A place of the source on the step's samples."""
        return (x - self.left) * self.across, (y - self.top) * self.down


class FacesOfTracks:
    """Tells an operation which faces are in a frame of a clip of `frames`."""

    def __init__(
        self,
        tracks: Sequence[Track],
        placement: Placement,
        *,
        frames: int,
        smoothing: int,
        wanted: tuple[int, ...] = (),
    ) -> None:
        unknown = set(wanted) - {one.number for one in tracks}
        if unknown:
            raise RequestError(
                f"restore_faces: there is no track {min(unknown)}",
                next_step="Look at tracks.json of a run that reports tracks, or name none.",
            )
        self._tracks = [
            (one.number, marked)
            for one in tracks
            if (not wanted or one.number in wanted) and (marked := _marked(one))
        ]
        self._placement = placement
        self._last = frames - 1
        self._smoothing = smoothing

    def at(self, frame: int) -> tuple[FaceAt, ...]:
        """The faces of a frame, by rising track."""
        found = []
        for number, places in self._tracks:
            landmarks = smoothed(places, frame, radius=self._smoothing)
            if landmarks is not None:
                on_step = tuple(self._placement.point(x, y) for x, y in landmarks)
                found.append(FaceAt(number, on_step, self._strength(places, frame)))
        return tuple(found)

    def _strength(self, places: Sequence[Place], frame: int) -> float:
        """1 within a track, less near an end of it that is none of the clip's."""
        first, last = places[0].frame, places[-1].frame
        steps = self._smoothing + 1
        begun = 1.0 if first == 0 else (frame - first + 1) / steps
        left = 1.0 if last == self._last else (last - frame + 1) / steps
        return max(0.0, min(1.0, begun, left))


def smoothed(
    places: Sequence[Place], frame: int, *, radius: int
) -> tuple[tuple[float, float], ...] | None:
    """Landmarks of one track in a frame; None where it is not found there and around it."""
    near = [one for one in places if abs(one.frame - frame) <= radius]
    here = any(one.frame == frame for one in near)
    surrounded = any(one.frame < frame for one in near) and any(one.frame > frame for one in near)
    if not (here or surrounded):
        return None
    away = np.array([one.frame - frame for one in near], np.float64)
    points = np.array([one.landmarks for one in near], np.float64)
    weights = 1 - np.abs(away) / (radius + 1)
    total, middle = weights.sum(), (weights * away).sum() / weights.sum()
    mean = np.tensordot(weights, points, 1) / total
    spread = (weights * (away - middle) ** 2).sum()
    slope = np.tensordot(weights * (away - middle), points, 1) / spread if spread > 0 else 0 * mean
    fitted = mean - slope * middle
    return tuple((float(x), float(y)) for x, y in fitted)


def require_landmarks(tracks: Sequence[Track], detector: str) -> None:
    """Refuse tracks by which nothing can be steered: faces without landmarks.

    Raises RequestError where there are faces and none of them has any.
    """
    if tracks and not any(_marked(one) for one in tracks):
        raise RequestError(
            f"restore_faces needs landmarks, and {detector} finds none.",
            next_step="Install yunet (`evident models`), and name it with --detector.",
        )


def _marked(track: Track) -> tuple[Place, ...]:
    return tuple(one for one in track.places if len(one.landmarks) == len(LANDMARKS))
