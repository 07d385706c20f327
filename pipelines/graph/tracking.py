"""What a `detect_track` stage may be told, and what a person may correct in its tracks.

A correction says who made it and why; both are on record and printed. Track numbers in a
correction are those that stand there when it is its turn, so corrections are read in order.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from pipelines.errors import GraphError
from pipelines.graph.spec import Name, Strict, parse_strict

MOST_EDITS = 1000
MOST_FRAME = 1 << 40

Said = Annotated[str, StringConstraints(min_length=2, max_length=300, strip_whitespace=True)]
Number = Annotated[int, Field(ge=1, le=1 << 31)]
Frame = Annotated[int, Field(ge=0, le=MOST_FRAME)]
Side = Annotated[float, Field(gt=0, le=1 << 20)]
Edge = Annotated[float, Field(ge=-(1 << 20), le=1 << 20)]


class _Edit(Strict):
    """What every correction states."""

    who: Said
    why: Said


class CorrectBox(_Edit):
    """Where a track's thing is in one frame: (left, top, width, height) as a person drew it.

    A frame in which it was not found becomes one in which it was. `frame` is 0 for a photograph.
    """

    do: Literal["correct"]
    track: Number
    frame: Frame = 0
    box: tuple[Edge, Edge, Side, Side]


class MergeTracks(_Edit):
    """Several tracks are of one thing; they become the first of them."""

    do: Literal["merge"]
    tracks: tuple[Number, ...] = Field(min_length=2, max_length=64)

    @model_validator(mode="after")
    def _are_several(self) -> MergeTracks:
        if len(set(self.tracks)) != len(self.tracks):
            raise ValueError("a track cannot be merged with itself")
        return self


class SplitTrack(_Edit):
    """From `frame` on, a track is of another thing; that part gets the next free number."""

    do: Literal["split"]
    track: Number
    frame: Frame


class DeleteTrack(_Edit):
    """A track is no such thing."""

    do: Literal["delete"]
    track: Number


TrackEdit = Annotated[
    CorrectBox | MergeTracks | SplitTrack | DeleteTrack, Field(discriminator="do")
]
Edit = CorrectBox | MergeTracks | SplitTrack | DeleteTrack


class DetectTrackParams(Strict):
    """What is looked for, by which detector, how thoroughly, and what a person corrected.

    `detector` None takes the best one here; the plan names it. Every `every`-th frame of a clip
    is looked at, reduced to `longest_side` samples (None: what the detector is used to).
    `least_score` begins a track. `allow_licence` says why a detector may look whose licence is not
    open to every use.
    """

    targets: tuple[Name, ...] = Field(default=("face",), min_length=1, max_length=16)
    detector: str | None = Field(default=None, min_length=1, max_length=80)
    every: int = Field(default=1, ge=1, le=10_000)
    longest_side: int | None = Field(default=None, ge=64, le=4096)
    least_score: float = Field(default=0.6, ge=0.1, le=1.0)
    edits: tuple[TrackEdit, ...] = Field(default=(), max_length=MOST_EDITS)
    allow_licence: str | None = Field(default=None, min_length=3, max_length=500)


class _Edits(Strict):
    edits: tuple[TrackEdit, ...] = Field(max_length=MOST_EDITS)


def parse_edits(document: object) -> tuple[Edit, ...]:
    """Read a file of corrections: `{"edits": [...]}` or the list alone. Raises GraphError."""
    wrapped = {"edits": document} if isinstance(document, list) else document
    if not isinstance(wrapped, dict):
        raise GraphError(
            "edits: a list of corrections is needed",
            field="edits",
            next_step='Write [{"do": "delete", "track": 2, "who": "...", "why": "..."}].',
        )
    return parse_strict(_Edits, wrapped, field="").edits


def edit_words(edit: Edit) -> str:
    """A correction in one sentence, without who and why."""
    if isinstance(edit, CorrectBox):
        left, top, width, height = (f"{one:g}" for one in edit.box)
        return (
            f"the box of track {edit.track} in frame {edit.frame} was drawn at {left}, {top}, "
            f"{width} x {height}"
        )
    if isinstance(edit, MergeTracks):
        return f"tracks {', '.join(str(one) for one in edit.tracks)} were merged"
    if isinstance(edit, SplitTrack):
        return f"track {edit.track} was split at frame {edit.frame}"
    return f"track {edit.track} was deleted"
