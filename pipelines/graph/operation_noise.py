"""Parameters and facts of the operations against noise.

Strengths are the standard deviation of the noise as a person states it, in 8-bit code values
of the plane at hand, whatever the bit depth; nothing is estimated from the picture.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.spec import Task
from pipelines.graph.descriptors import (
    LEARNT,
    MIXING,
    PLAIN,
    SAME_SAMPLES,
    Ceiling,
    Descriptor,
    FieldUse,
    Parameters,
    PlaneUse,
    Reach,
    always,
)
from pipelines.graph.network_parameters import NetworkName, NetworkParameters, network_sight

TRANSFORM_SIZE = 6
"""Side of the blocks in which `denoise` works, in samples."""

PATCH_REACH = 2
"""Half the side of the patches that `denoise_temporal` compares, in samples."""

FramesMixed = Annotated[
    int, Field(ge=1, le=3, description="Frames before, and as many after, that are mixed in.")
]


class DenoiseParameters(Parameters):
    """Noise of one picture, by shrinking small coefficients of overlapping blocks."""

    strength: float = Field(
        default=3.0,
        ge=0.0,
        le=50.0,
        description="Standard deviation of the noise in luma, in 8-bit code values; 0 leaves "
        "luma alone.",
    )
    chroma_strength: float = Field(
        default_factory=lambda data: data["strength"],
        ge=0.0,
        le=50.0,
        description="The same for the two colour differences; as luma unless given.",
    )


class DenoiseTemporalParameters(Parameters):
    """Noise of video, by averaging what stays the same in the frames before and after."""

    strength: float = Field(
        default=3.0,
        ge=0.1,
        le=50.0,
        description="Standard deviation of the noise, in 8-bit code values; larger changes "
        "count as motion and are not averaged.",
    )
    radius: FramesMixed = 1


class DenoiseTrainedParameters(NetworkParameters):
    """Noise of one picture, by a trained network."""

    task = Task.DENOISE

    model: NetworkName = Field(
        default="evident-denoise", description="Catalog name of the network."
    )


def denoise_temporal_reach(parameters: DenoiseTemporalParameters) -> Reach:
    """Look over the patch in space and the radius in frames."""
    return Reach(pixels=PATCH_REACH, before=parameters.radius, after=parameters.radius)


DENOISE = Descriptor(
    name="denoise",
    summary="Removes noise of a stated strength within each frame.",
    nature=PLAIN,
    plane_use=PlaneUse.COLOUR,
    parameters=DenoiseParameters,
    # As far as the far side of the farthest block that holds the sample.
    reach=always(Reach(pixels=TRANSFORM_SIZE - 1)),
    consistency=SAME_SAMPLES,
    # Above 10 code values, fine texture of the scene is as weak as the noise and goes with it.
    ceilings={"strength": Ceiling(0.0, 10.0), "chroma_strength": Ceiling(0.0, 10.0)},
    fields=FieldUse.REFUSES,
)

DENOISE_TEMPORAL = Descriptor(
    name="denoise_temporal",
    summary="Averages what stays the same in neighbouring frames; motion is left alone.",
    nature=MIXING,
    plane_use=PlaneUse.COLOUR,
    parameters=DenoiseTemporalParameters,
    reach=denoise_temporal_reach,
    consistency=SAME_SAMPLES,
    ceilings={
        # Above 10 code values, slow or faint motion is taken for noise.
        "strength": Ceiling(0.0, 10.0),
        # Five frames: a fifth of a second at 25 per second.
        "radius": Ceiling(1, 2),
    },
    fields=FieldUse.REFUSES,
)

DENOISE_TRAINED = Descriptor(
    name="denoise_trained",
    summary="Removes noise from luma with a trained network.",
    nature=LEARNT,
    plane_use=PlaneUse.LUMA,
    parameters=DenoiseTrainedParameters,
    reach=network_sight,
    consistency=SAME_SAMPLES,
    network="model",
    fields=FieldUse.REFUSES,
)

NOISE_OPERATIONS = (DENOISE, DENOISE_TEMPORAL, DENOISE_TRAINED)
