"""Parameters and facts of the operations that take woven frames apart.

Which field comes first is given by a person; `evident inspect` says what was measured, and a
clip that shows something else is refused before anything runs.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from pydantic import Field

from pipelines.graph.descriptors import (
    MIXING,
    PLAIN,
    POINTWISE,
    Consistency,
    Descriptor,
    FieldUse,
    ForwardModel,
    FrameChange,
    FrameRate,
    Parameters,
    PlainForm,
    PlaneUse,
    Reach,
    always,
)

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


class WovenParameters(Parameters):
    """Base of the parameters of what takes woven frames apart."""

    first_field: FirstField = Field(description="Which field was taken first: top or bottom.")


class SeparateFieldsParameters(WovenParameters):
    """Every field becomes a frame of half the height; no sample is changed."""


class DeinterlaceParameters(WovenParameters):
    """The rows of the other field are made from the fields before and after, and from this one."""

    rate: OutputRate = Field(
        default=OutputRate.FRAME,
        description="frame: one picture of each frame's first field; field: one of every field, "
        "so there are twice as many.",
    )


class LineDoubleParameters(DeinterlaceParameters):
    """The rows of the other field are replaced by copies of the rows beside them."""


class InverseTelecineParameters(WovenParameters):
    """Film that was spread over video as 2:3 is put together again: four frames of five."""

    first_frame: int = Field(
        ge=0,
        le=4,
        description="The number, 0 to 4, of the first frame that begins a cycle: both of its "
        "fields and those of the next frame belong together.",
    )


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


_OTHER_MOMENTS = Consistency(
    ForwardModel.NONE,
    PlainForm.NONE,
    "its frames are of other moments than those that came in, and no frame is held against another",
)

SEPARATE_FIELDS = Descriptor(
    name="separate_fields",
    summary="Makes a frame of every field, sample for sample.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=SeparateFieldsParameters,
    reach=POINTWISE,
    consistency=_OTHER_MOMENTS,
    changes_size=True,
    timing=doubled,
    sample_aspect=Fraction(1, 2),
    fields=FieldUse.UNWEAVES,
)

DEINTERLACE = Descriptor(
    name="deinterlace",
    summary="Fills the rows of the other field in from neighbouring fields and rows.",
    nature=MIXING,
    plane_use=PlaneUse.ALL,
    parameters=DeinterlaceParameters,
    reach=always(Reach(pixels=WEAVE_REACH, before=1, after=1)),
    consistency=_OTHER_MOMENTS,
    timing=by_rate,
    fields=FieldUse.UNWEAVES,
)

LINE_DOUBLE = Descriptor(
    name="line_double",
    summary="Replaces the rows of the other field by copies of the rows beside them.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=LineDoubleParameters,
    reach=always(Reach(pixels=1)),
    consistency=_OTHER_MOMENTS,
    timing=by_rate,
    fields=FieldUse.UNWEAVES,
)

INVERSE_TELECINE = Descriptor(
    name="inverse_telecine",
    summary="Puts the fields of film that was spread over video together again.",
    nature=MIXING,
    plane_use=PlaneUse.ALL,
    parameters=InverseTelecineParameters,
    # Both rows of a pair, in this frame or the next.
    reach=always(Reach(pixels=1, after=1)),
    consistency=_OTHER_MOMENTS,
    timing=film,
    fields=FieldUse.UNWEAVES,
)

FIELD_OPERATIONS = (SEPARATE_FIELDS, DEINTERLACE, LINE_DOUBLE, INVERSE_TELECINE)
