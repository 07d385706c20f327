"""`denoise_trained`: noise is taken out of luma by a trained network; colour stays."""

from __future__ import annotations

import numpy as np

from pipelines.errors import RequestError
from pipelines.graph.operation_noise import DenoiseTrainedParameters
from pipelines.media.picture import FrameShape, Plane
from pipelines.operations.base import Network, NetworkSource, Operation
from pipelines.operations.single import LumaOperation


class DenoiseTrained(LumaOperation):
    """The bound operation."""

    def __init__(self, network: Network, source: FrameShape) -> None:
        super().__init__("denoise_trained", source, pixels=network.reach)
        self._network = network

    def change(self, luma: Plane) -> Plane:
        """Run the network on luma as it is coded."""
        return self._network.run(np.ascontiguousarray(luma))


def build(
    parameters: DenoiseTrainedParameters, source: FrameShape, networks: NetworkSource
) -> Operation:
    """Bind `denoise_trained` to a shape. Raises RequestError when the network enlarges."""
    network = networks.network(parameters.model)
    if network.scale != 1:
        raise RequestError(
            f"denoise_trained: {parameters.model} enlarges {network.scale} times",
            next_step="Name a network of the catalog whose task is denoise.",
        )
    return DenoiseTrained(network, source)
