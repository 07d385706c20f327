"""What fusion of frames states about itself, so that presets admit or refuse it as any operation.

It makes a still of a region beside the result: `evident fuse`, or `fusions` of an enhance stage.
"""

from __future__ import annotations

from typing import cast

from pydantic import Field

from pipelines.graph.descriptors import (
    Consistency,
    Descriptor,
    FieldUse,
    ForwardModel,
    FrameUse,
    Nature,
    OperationClass,
    Parameters,
    ParameterSource,
    PlainForm,
    PlaneUse,
    Reach,
)
from pipelines.graph.presets import POLICIES, check_admitted
from pipelines.graph.spec import Preset


class FuseParameters(Parameters):
    """How far around frames are looked at, and how much finer the grid is."""

    radius: int = Field(default=7, ge=1, le=15, description="Frames before, and as many after.")
    scale: int = Field(default=2, ge=2, le=3, description="New size over old size: 2 or 3.")


FUSE = Descriptor(
    name="fuse",
    summary="Explains what several frames observed of a region by one picture on a finer grid.",
    nature=Nature(OperationClass.CONVENTIONAL, FrameUse.MIXES, ParameterSource.ESTIMATED),
    plane_use=PlaneUse.ALL,
    parameters=FuseParameters,
    reach=lambda parameters: Reach(before=parameters.radius, after=parameters.radius),
    consistency=Consistency(
        ForwardModel.NONE, PlainForm.INTERPOLATED, "its residual is stated frame by frame instead"
    ),
    changes_size=True,
    fields=FieldUse.REFUSES,
)


def require_admitted(preset: Preset, parameters: FuseParameters, *, field: str = "fuse") -> None:
    """Raise PolicyError, which names the `field`, where the preset does not admit fusion."""
    check_admitted(
        POLICIES[preset],
        cast("Descriptor[Parameters]", FUSE),
        parameters,
        operation_class=OperationClass.CONVENTIONAL,
        field=field,
    )
