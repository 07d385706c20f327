"""The facts of the operations that take woven frames apart; part of `operation_table`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pipelines.graph.descriptors import (
    Consistency,
    Descriptor,
    FieldUse,
    ForwardModel,
    FrameUse,
    OperationClass,
    ParameterSource,
    PlainForm,
    PlaneUse,
)
from pipelines.graph.operation_fields import (
    DeinterlaceParameters,
    InverseTelecineParameters,
    LineDoubleParameters,
    SeparateFieldsParameters,
    by_rate,
    deinterlace_reach,
    doubled,
    field_reach,
    film,
    film_reach,
    line_reach,
)

_OTHER_MOMENTS = Consistency(
    ForwardModel.NONE,
    PlainForm.NONE,
    "its frames are of other moments than those that came in, and no frame is held against another",
)

SEPARATE_FIELDS = Descriptor(
    name="separate_fields",
    summary="Makes a frame of every field, sample for sample.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.ALL,
    parameters=SeparateFieldsParameters,
    reach=field_reach,
    consistency=_OTHER_MOMENTS,
    changes_size=True,
    timing=doubled,
    sample_aspect=Fraction(1, 2),
    fields=FieldUse.UNWEAVES,
)

DEINTERLACE = Descriptor(
    name="deinterlace",
    summary="Fills the rows of the other field in from neighbouring fields and rows.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.MIXES,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.ALL,
    parameters=DeinterlaceParameters,
    reach=deinterlace_reach,
    consistency=_OTHER_MOMENTS,
    timing=by_rate,
    fields=FieldUse.UNWEAVES,
)

LINE_DOUBLE = Descriptor(
    name="line_double",
    summary="Replaces the rows of the other field by copies of the rows beside them.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.SINGLE,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.ALL,
    parameters=LineDoubleParameters,
    reach=line_reach,
    consistency=_OTHER_MOMENTS,
    timing=by_rate,
    fields=FieldUse.UNWEAVES,
)

INVERSE_TELECINE = Descriptor(
    name="inverse_telecine",
    summary="Puts the fields of film that was spread over video together again.",
    operation_class=OperationClass.CONVENTIONAL,
    frame_use=FrameUse.MIXES,
    parameter_source=ParameterSource.GIVEN,
    plane_use=PlaneUse.ALL,
    parameters=InverseTelecineParameters,
    reach=film_reach,
    consistency=_OTHER_MOMENTS,
    timing=film,
    fields=FieldUse.UNWEAVES,
)

FIELD_OPERATIONS: tuple[Descriptor[Any], ...] = (
    SEPARATE_FIELDS,
    DEINTERLACE,
    LINE_DOUBLE,
    INVERSE_TELECINE,
)
