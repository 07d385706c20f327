"""`super_resolve`: enlarged by a trained network; what the network does not take, by interpolation.

A network of red, green and blue makes all colours (`rgb_network`); the cubic filter enlarges
opacity alone. For a network of luma:

Luma goes in as it is coded (studio range stays studio range). Cb and Cr are enlarged with the
cubic filter on their own grid; opacity too, which never goes through a network.

RGB: every channel is enlarged with the cubic filter, and the difference between the network's
luma and the luma of that enlargement is added to all three. Because enlarging and the colour
matrix are both linear, this is the same as going to full-range BT.601 YCbCr (JFIF), enlarging
Y by the network and Cb, Cr by the cubic filter, and coming back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.errors import RequestError
from pipelines.graph.operation_size import MOST_SIDE, SuperResolveParameters
from pipelines.media.picture import Block, Family, FrameShape, Plane, Region
from pipelines.operations.axis import Kernel
from pipelines.operations.base import Network, NetworkSource, Operation
from pipelines.operations.luma import luma_of, rgb_luma
from pipelines.operations.resample import Scaler
from pipelines.operations.rgb_network import RgbNetwork
from pipelines.operations.sighted import answered, looks_at_all


class SuperResolve:
    """The bound operation."""

    name = "super_resolve"
    before = 0
    after = 0

    def __init__(
        self, network: Network, source: FrameShape, *, rgb: RgbNetwork | None = None
    ) -> None:
        scale = network.scale
        self.source = source
        self.result = FrameShape(source.height * scale, source.width * scale, source.layout)
        self._network = network
        self._scaler = Scaler(source, self.result, Kernel.CUBIC)
        if rgb is None and network.planes == 3:
            rgb = RgbNetwork(network, source, self.result)
        self._rgb = rgb

    @property
    def sees_all(self) -> bool:
        """Whether every sample may depend on the whole picture."""
        return looks_at_all(self._network)

    def seen(self, block: Block) -> SuperResolve:
        """The same for one picture alone, asked once; `block` is the whole of what comes in."""
        if self._rgb is not None:
            return SuperResolve(self._network, self.source, rgb=self._rgb.seen(block))
        luma = np.ascontiguousarray(luma_of(block))
        return SuperResolve(answered(self._network, luma), self.source)

    def needs(self, out: Region) -> Region:
        """Name the source samples under the network's reach and under the cubic taps."""
        cubic = self._scaler.needs(out)
        if self._rgb is not None:
            learnt = self._rgb.needs(out)
        else:
            learnt = self._core(out).grown(self._network.reach, self.source)
        top, left = min(cubic.top, learnt.top), min(cubic.left, learnt.left)
        bottom, right = max(cubic.bottom, learnt.bottom), max(cubic.right, learnt.right)
        return Region(top, left, bottom - top, right - left)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        block = window[centre]
        layout = self.source.layout
        if self._rgb is not None:
            rest = range(layout.colour_planes, layout.plane_count)
            opacity = [self._scaler.plane(block, plane, out) for plane in rest]
            return Block((*self._rgb.colour(block, out), *opacity), out, self.result)
        luma = self._enlarged_luma(block, out)
        first = 0 if layout.family is Family.RGB else 1
        planes = [
            self._scaler.plane(block, plane, out) for plane in range(first, layout.plane_count)
        ]
        if layout.family is not Family.RGB:
            return Block((luma, *planes), out, self.result)
        luma = luma - rgb_luma(*planes[:3])
        colour = [plane + luma for plane in planes[:3]]
        return Block((*colour, *planes[3:]), out, self.result)

    def _core(self, out: Region) -> Region:
        """Name the source samples that `out` covers."""
        scale = self._network.scale
        top, left = out.top // scale, out.left // scale
        bottom, right = -(-out.bottom // scale), -(-out.right // scale)
        return Region(top, left, bottom - top, right - left)

    def _enlarged_luma(self, block: Block, out: Region) -> Plane:
        """Run the network on the luma within its reach, and cut out what is wanted."""
        scale = self._network.scale
        read = block.cut(self._core(out).grown(self._network.reach, self.source))
        enlarged = self._network.run(np.ascontiguousarray(luma_of(read)))
        top = out.top - read.region.top * scale
        left = out.left - read.region.left * scale
        return enlarged[top : top + out.height, left : left + out.width]


def build(
    parameters: SuperResolveParameters, source: FrameShape, networks: NetworkSource
) -> Operation:
    """Bind `super_resolve` to a shape.

    Raises RequestError when the network enlarges by another scale or the result is too large.
    """
    network = networks.network(parameters.model)
    if network.scale != parameters.scale:
        raise RequestError(
            f"super_resolve: {parameters.model} enlarges {network.scale} times, "
            f"not {parameters.scale} times",
            next_step=f"Name a network for scale {parameters.scale}, or leave `model` out.",
        )
    if max(source.height, source.width) * network.scale > MOST_SIDE:
        raise RequestError(
            f"super_resolve: a side would be longer than {MOST_SIDE} samples",
            next_step="Crop the picture first, or ask for a smaller scale.",
        )
    return SuperResolve(network, source)
