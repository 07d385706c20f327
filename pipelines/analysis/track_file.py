"""`tracks.json`: every track with every place, in canonical JSON (RFC 8785) without floats.

Coordinates are rounded to hundredths of a sample, scores to ten-thousandths, and spelt as decimal
strings, so that the same tracks are the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.analysis.found import LANDMARKS, Box, DetectorFacts
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.json_value import Json, decimal_string

FILE = "tracks.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class TrackSet:
    """All tracks of one photograph or clip, and what looked for them.

    `height` and `width` are those of the picture in whose samples boxes are counted; `looked_at`
    is how many of its `frames` were looked at, every `every`-th from the first.
    """

    detector: DetectorFacts
    height: int
    width: int
    frames: int
    looked_at: int
    every: int
    tracks: tuple[Track, ...]


def track_bytes(found: TrackSet) -> bytes:
    """Spell a set of tracks."""
    document = {
        "version": VERSION,
        "detector": asdict(found.detector),
        "picture": {"height": found.height, "width": found.width},
        "frames": found.frames,
        "looked_at": found.looked_at,
        "every": found.every,
        "landmarks": list(LANDMARKS),
        "tracks": [
            {
                "track": one.number,
                "target": one.target,
                "places": [_spelt(place) for place in one.places],
            }
            for one in found.tracks
        ],
    }
    return canonical_bytes(cast("Mapping[str, Json]", document))


def read_tracks(data: bytes) -> TrackSet:
    """Take a file apart again. Raises EvidenceError unless it is this form's only spelling."""
    try:
        read = _File.model_validate(parse_object(data))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EvidenceError(f"{FILE} is not of this form: {where}: {first['msg']}") from error
    found = TrackSet(
        detector=DetectorFacts(**read.detector.model_dump()),
        height=read.picture.height,
        width=read.picture.width,
        frames=read.frames,
        looked_at=read.looked_at,
        every=read.every,
        tracks=tuple(one.track_of() for one in read.tracks),
    )
    if track_bytes(found) != data:
        raise EvidenceError(f"{FILE} is not of this form: it is spelt in another way.")
    return found


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Detector(_Form):
    name: str
    version: str
    sha256: str
    engine: str
    licence: str
    warning: str


class _Picture(_Form):
    height: int = Field(ge=1)
    width: int = Field(ge=1)


class _Place(_Form):
    frame: int = Field(ge=0)
    box: tuple[float, float, float, float]
    score: float | None
    landmarks: tuple[tuple[float, float], ...] = Field(max_length=len(LANDMARKS))


class _Track(_Form):
    track: int = Field(ge=1)
    target: str
    places: tuple[_Place, ...] = Field(min_length=1)

    def track_of(self) -> Track:
        return Track(
            self.track,
            self.target,
            tuple(Place(one.frame, Box(*one.box), one.score, one.landmarks) for one in self.places),
        )


class _File(_Form):
    version: int = Field(ge=VERSION, le=VERSION)
    detector: _Detector
    picture: _Picture
    frames: int = Field(ge=1)
    looked_at: int = Field(ge=0)
    every: int = Field(ge=1)
    landmarks: tuple[str, ...]
    tracks: tuple[_Track, ...]


def _spelt(place: Place) -> dict[str, Any]:
    box = place.box
    return {
        "frame": place.frame,
        "box": [_hundredths(one) for one in (box.left, box.top, box.width, box.height)],
        "score": None if place.score is None else decimal_string(round(place.score, 4)),
        "landmarks": [[_hundredths(x), _hundredths(y)] for x, y in place.landmarks],
    }


def _hundredths(value: float) -> str:
    return decimal_string(round(value, 2))
