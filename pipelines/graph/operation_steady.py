"""Parameters and facts of the operation that lowers the flicker of frame-by-frame work."""

from __future__ import annotations

from pydantic import Field

from pipelines.graph.descriptors import (
    MIXING,
    SAME_SAMPLES,
    Ceiling,
    Descriptor,
    Parameters,
    PlaneUse,
    Reach,
)
from pipelines.graph.operation_noise import PATCH_REACH, FramesMixed

MATCH_BLOCK = 16
"""Side of the blocks that motion is followed for, in samples of luma."""


class SteadyParameters(Parameters):
    """What counts as flicker, and how far it is looked for."""

    strength: float = Field(
        default=4.0,
        ge=0.5,
        le=20.0,
        description="Size of the flicker, in 8-bit code values; larger changes are not mixed, and "
        "no sample moves further than this.",
    )
    radius: FramesMixed = 2
    search: int = Field(
        default=8,
        ge=0,
        le=32,
        description="How far motion is followed from frame to frame, in pixels.",
    )


def steady_reach(parameters: SteadyParameters) -> Reach:
    """Look over the blocks around a sample, as far as motion is followed for the whole window."""
    moved = parameters.search * parameters.radius
    return Reach(
        pixels=PATCH_REACH + 2 * MATCH_BLOCK + moved + 4,
        before=parameters.radius,
        after=parameters.radius,
    )


STEADY = Descriptor(
    name="steady",
    summary="Lowers flicker by mixing frames along their motion, limited by what does not fit.",
    nature=MIXING,
    plane_use=PlaneUse.COLOUR,
    parameters=SteadyParameters,
    reach=steady_reach,
    consistency=SAME_SAMPLES,
    ceilings={
        # Above 10 code values, faint motion is taken for flicker.
        "strength": Ceiling(0.5, 10.0),
        # Five frames: a fifth of a second at 25 per second.
        "radius": Ceiling(1, 2),
    },
)
