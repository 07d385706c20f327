"""Parameters, reach and timing of the operations that take woven frames apart.

Which field comes first is given by a person; `evident inspect` says what was measured, and a
clip that shows something else is refused before anything runs.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from pipelines.graph.descriptors import FrameChange, FrameRate, Parameters, Reach

WEAVE_REACH = 4
"""Rows on each side that `deinterlace` reads."""


class FirstField(StrEnum):
    """The field that was taken first."""

    TOP = "top"
    BOTTOM = "bottom"


class OutputRate(StrEnum):
    """How many pictures are made of a frame."""

    FRAME = "frame"
    """One, of the moment of its first field."""
    FIELD = "field"
    """Two, one of each field's moment."""


class SeparateFieldsParameters(Parameters):
    """Every field becomes a frame of half the height; no sample is changed."""

    first_field: FirstField = Field(description="Which field was taken first: top or bottom.")


class DeinterlaceParameters(Parameters):
    """The rows of the other field are made from the fields before and after, and from this one."""

    first_field: FirstField = Field(description="Which field was taken first: top or bottom.")
    rate: OutputRate = Field(
        default=OutputRate.FRAME,
        description="frame: one picture of each frame's first field; field: one of every field, "
        "so there are twice as many.",
    )


class LineDoubleParameters(DeinterlaceParameters):
    """The rows of the other field are replaced by copies of the rows beside them."""


class InverseTelecineParameters(Parameters):
    """Film that was spread over video as 2:3 is put together again: four frames of five."""

    first_field: FirstField = Field(description="Which field was taken first: top or bottom.")
    first_frame: int = Field(
        ge=0,
        le=4,
        description="The number, 0 to 4, of the first frame that begins a cycle: both of its "
        "fields and those of the next frame belong together.",
    )


def field_reach(_parameters: Parameters) -> Reach:
    """Look at the sample itself only, in this field or the other."""
    return Reach()


def line_reach(_parameters: Parameters) -> Reach:
    """Look at the next row."""
    return Reach(pixels=1)


def deinterlace_reach(_parameters: DeinterlaceParameters) -> Reach:
    """Look over a few rows of the frame, the one before and the one after."""
    return Reach(pixels=WEAVE_REACH, before=1, after=1)


def film_reach(_parameters: InverseTelecineParameters) -> Reach:
    """Look at both rows of a pair, in this frame or the next."""
    return Reach(pixels=1, after=1)


def doubled(_parameters: Parameters) -> FrameChange:
    """Make a frame of every field."""
    return FrameChange(FrameRate.DOUBLED)


def by_rate(parameters: DeinterlaceParameters) -> FrameChange:
    """Keep the number of frames, or make one of every field."""
    wanted = parameters.rate is OutputRate.FIELD
    return FrameChange(FrameRate.DOUBLED if wanted else FrameRate.KEPT)


def film(parameters: InverseTelecineParameters) -> FrameChange:
    """Make four frames of five."""
    return FrameChange(FrameRate.FOUR_OF_FIVE, parameters.first_frame)
