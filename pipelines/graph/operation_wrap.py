"""Parameters and facts of the operations for pictures that go on at their other edge."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from pipelines.graph.descriptors import (
    PLAIN,
    POINTWISE,
    Consistency,
    Descriptor,
    ForwardModel,
    Parameters,
    PlainForm,
    PlaneUse,
)


class WrapMode(StrEnum):
    """Where a picture goes on beyond its edges."""

    HORIZONTAL = "horizontal"
    """At the other side; a panorama that closes."""
    BOTH = "both"
    """At the other side, along both axes; a texture that repeats."""
    SPHERE = "sphere"
    """An equirectangular panorama: beyond a pole, on the opposite meridian, upside down."""


class WrapParameters(Parameters):
    """How a picture goes on, and how much of that is laid around it."""

    mode: WrapMode = Field(
        description="How it goes on: horizontal, both (textures), or sphere (equirectangular)."
    )
    margin: int = Field(
        default=64, ge=2, le=1024, description="Samples that are laid around each wrapped side."
    )


class UnwrapParameters(Parameters):
    """How much was laid around, counted in the picture as it is now."""

    mode: WrapMode = Field(description="The mode that wrap was given.")
    margin: int = Field(
        default=64,
        ge=2,
        le=8192,
        description="Samples to cut off each wrapped side: those of wrap, times what the picture "
        "was enlarged since.",
    )


TWICE = Consistency(
    ForwardModel.NONE,
    PlainForm.ITSELF,
    "samples stand at two places, and the way back would compare only one of them",
)

WRAP = Descriptor(
    name="wrap",
    summary="Lays around a picture that closes on itself what lies beyond its edges.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=WrapParameters,
    reach=POINTWISE,
    consistency=TWICE,
    # Nothing is changed, so nothing is bounded: unwrap takes away what this added.
    changes_size=True,
)

UNWRAP = Descriptor(
    name="unwrap",
    summary="Cuts off what wrap laid around.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=UnwrapParameters,
    reach=POINTWISE,
    consistency=TWICE,
    changes_size=True,
)

WRAP_OPERATIONS = (WRAP, UNWRAP)
