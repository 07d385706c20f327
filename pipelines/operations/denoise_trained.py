"""`denoise_trained`: noise is taken out by a trained network."""

from __future__ import annotations

from models.spec import Task
from pipelines.graph.operation_noise import DenoiseTrainedParameters
from pipelines.media.picture import FrameShape
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.trained import same_size


def build(
    parameters: DenoiseTrainedParameters, source: FrameShape, networks: NetworkSource
) -> Operation:
    """Bind `denoise_trained` to a shape. Raises RequestError when the network enlarges."""
    return same_size("denoise_trained", parameters.model, source, networks, task=Task.DENOISE)
