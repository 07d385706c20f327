"""Parameters and reach of the operations against noise.

Strengths are the standard deviation of the noise as a person states it, in 8-bit code values
of the plane at hand, whatever the bit depth; nothing is estimated from the picture.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from models.spec import Task
from pipelines.graph.descriptors import Parameters, Reach
from pipelines.graph.operation_size import network_reach, require_network

TRANSFORM_SIZE = 6
"""Side of the blocks in which `denoise` works, in samples."""

PATCH_REACH = 2
"""Half the side of the patches that `denoise_temporal` compares, in samples."""


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
    radius: int = Field(
        default=1, ge=1, le=3, description="Frames before, and as many after, that are mixed in."
    )


class DenoiseTrainedParameters(Parameters):
    """Noise of one picture, by a trained network."""

    model: str = Field(
        default="evident-denoise",
        min_length=1,
        max_length=64,
        description="Catalog name of the network.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        require_network(self.model, task=Task.DENOISE, scale=1)
        return self


def denoise_reach(_parameters: DenoiseParameters) -> Reach:
    """Look as far as the far side of the farthest block that holds the sample."""
    return Reach(pixels=TRANSFORM_SIZE - 1)


def denoise_temporal_reach(parameters: DenoiseTemporalParameters) -> Reach:
    """Look over the patch in space and the radius in frames."""
    return Reach(pixels=PATCH_REACH, before=parameters.radius, after=parameters.radius)


def denoise_trained_reach(parameters: DenoiseTrainedParameters) -> Reach:
    """Look as far as the network does."""
    return Reach(pixels=network_reach(parameters.model))
