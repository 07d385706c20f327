"""`denoise_trained`: noise is taken out by a trained network.

A network of luma leaves colour as it is; one of red, green and blue changes all (`rgb_network`).
"""

from __future__ import annotations

import numpy as np

from pipelines.errors import RequestError
from pipelines.graph.operation_noise import DenoiseTrainedParameters
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import Network, NetworkSource, Operation
from pipelines.operations.rgb_network import RgbNetwork
from pipelines.operations.single import LumaOperation, SingleFrame


class DenoiseTrained(LumaOperation):
    """The bound operation."""

    def __init__(self, network: Network, source: FrameShape) -> None:
        super().__init__("denoise_trained", source, pixels=network.reach)
        self._network = network

    def change(self, luma: Plane) -> Plane:
        """Run the network on luma as it is coded."""
        return self._network.run(np.ascontiguousarray(luma))


class DenoiseColour(SingleFrame):
    """The bound operation with a network of red, green and blue."""

    def __init__(self, network: Network, source: FrameShape) -> None:
        super().__init__("denoise_trained", source, pixels=0)
        self._rgb = RgbNetwork(network, source, source)

    def needs(self, out: Region) -> Region:
        """Name what the network sees, with the chroma around it."""
        return self._rgb.needs(out)

    def compute(self, block: Block, out: Region) -> Block:
        """Run the network on all colours; opacity stays."""
        rest = block.cut(out).planes[self.source.layout.colour_planes :]
        return Block((*self._rgb.colour(block, out), *rest), out, self.result)


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
    return (DenoiseColour if network.planes == 3 else DenoiseTrained)(network, source)
