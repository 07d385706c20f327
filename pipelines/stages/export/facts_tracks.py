"""The facts about what was found in a picture or followed through a clip.

There is no place here for a name, an identity or a likeness: a track is a row of places.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from pipelines.stages.export.fact_types import Count, Decimal, Digest, Facts, Text, Texts


class DetectorLine(Facts):
    """What looked. `sha256` is that of its weights or its table."""

    name: Text
    version: Text
    sha256: Digest
    engine: Text
    licence: Text
    warning: Text


class TrackLine(Facts):
    """One track: what it is of, the frames in which it was found, and how large it was.

    `best_score` is None where a person drew all of it; sides are the shorter sides of its smallest
    and largest box, in samples of the picture as decoded.
    """

    track: Count
    target: Text
    first: Count
    last: Count
    places: Count
    best_score: Decimal | None
    least_side: Decimal
    most_side: Decimal
    corrected: bool = False


class PictureBox(Facts):
    """A track's box on the picture of the report, in samples of that picture."""

    track: Count
    left: Count
    top: Count
    width: Count
    height: Count


class TrackPictureFacts(Facts):
    """The picture of the report: the frame with the highest scores, reduced and upright.

    `frame` is None for a still picture. `sha256` is over its R, G, B values row by row; the boxes
    are drawn over it and not in it.
    """

    file_name: Text
    sha256: Digest
    frame: Count | None
    height: Count
    width: Count
    boxes: tuple[PictureBox, ...] = ()


class EditLine(Facts):
    """One correction by a person: what was done, who did it, and why."""

    what: Text
    who: Text
    why: Text


class TrackingFacts(Facts):
    """What was looked for, by what, how thoroughly, and what was found.

    `sha256` and `bytes` are those of `file_name`, which holds every place of every track. `edits`
    are the corrections of a person, in order.
    """

    detector: DetectorLine
    targets: Texts
    frames: Count
    looked_at: Count
    every: Count
    longest_side: Count
    least_score: Decimal
    file_name: Text
    sha256: Digest
    bytes: Count
    tracks: tuple[TrackLine, ...] = ()
    edits: tuple[EditLine, ...] = ()
    picture: TrackPictureFacts | None = None

    @model_validator(mode="after")
    def _numbers_are_distinct(self) -> Self:
        if len({one.track for one in self.tracks}) != len(self.tracks):
            raise ValueError("two tracks have one number")
        return self
