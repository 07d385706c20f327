"""`deblur_trained`: blur is taken back by a trained network, which no blur is stated to."""

from __future__ import annotations

from models.spec import Task
from pipelines.graph.operation_blur import DeblurTrainedParameters
from pipelines.media.picture import FrameShape
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.trained import same_size


def build(
    parameters: DeblurTrainedParameters, source: FrameShape, networks: NetworkSource
) -> Operation:
    """Bind `deblur_trained` to a shape. Raises RequestError when the network enlarges."""
    return same_size("deblur_trained", parameters.model, source, networks, task=Task.DEBLUR)
