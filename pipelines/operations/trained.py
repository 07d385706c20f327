"""What trained operations that keep the size share: a network on luma, or on all colours.

A network of luma leaves colour as it is; one of red, green and blue changes all (`rgb_network`).
"""

from __future__ import annotations

import numpy as np

from models.spec import Task
from pipelines.errors import RequestError
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import Network, NetworkSource, Operation
from pipelines.operations.luma import luma_of
from pipelines.operations.rgb_network import RgbNetwork
from pipelines.operations.sighted import answered, looks_at_all
from pipelines.operations.single import LumaOperation, SingleFrame


class _Luma(LumaOperation):
    """The bound operation with a network of luma."""

    def __init__(self, name: str, network: Network, source: FrameShape) -> None:
        super().__init__(name, source, pixels=network.reach)
        self._network = network

    @property
    def sees_all(self) -> bool:
        """Whether every sample may depend on the whole picture."""
        return looks_at_all(self._network)

    def seen(self, block: Block) -> _Luma:
        """The same for one picture alone, asked once; `block` is the whole of what comes in."""
        luma = np.ascontiguousarray(luma_of(block))
        return _Luma(self.name, answered(self._network, luma), self.source)

    def change(self, luma: Plane) -> Plane:
        """Run the network on luma as it is coded."""
        return self._network.run(np.ascontiguousarray(luma))


class _Colour(SingleFrame):
    """The bound operation with a network of red, green and blue."""

    def __init__(
        self, name: str, network: Network, source: FrameShape, *, rgb: RgbNetwork | None = None
    ) -> None:
        super().__init__(name, source, pixels=0)
        self._network = network
        self._rgb = rgb or RgbNetwork(network, source, source)

    @property
    def sees_all(self) -> bool:
        """Whether every sample may depend on the whole picture."""
        return looks_at_all(self._network)

    def seen(self, block: Block) -> _Colour:
        """The same for one picture alone, asked once; `block` is the whole of what comes in."""
        return _Colour(self.name, self._network, self.source, rgb=self._rgb.seen(block))

    def needs(self, out: Region) -> Region:
        """Name what the network sees, with the chroma around it."""
        return self._rgb.needs(out)

    def compute(self, block: Block, out: Region) -> Block:
        """Run the network on all colours; opacity stays."""
        rest = block.cut(out).planes[self.source.layout.colour_planes :]
        return Block((*self._rgb.colour(block, out), *rest), out, self.result)


def same_size(
    name: str, model: str, source: FrameShape, networks: NetworkSource, *, task: Task
) -> Operation:
    """Bind operation `name` with the network `model`. Raises RequestError where it enlarges."""
    network = networks.network(model)
    if network.scale != 1:
        raise RequestError(
            f"{name}: {model} enlarges {network.scale} times",
            next_step=f"Name a network of the catalog whose task is {task.value}.",
        )
    return (_Colour if network.planes == 3 else _Luma)(name, network, source)
