"""The field's compact network for enlarging: 3x3 convolutions with learnt rectifiers, in RGB.

This is the layout that Real-ESRGAN's small networks are published in (Wang et al., "Real-ESRGAN:
Training Real-World Blind Super-Resolution with Pure Synthetic Data", ICCVW 2021; the project
calls it SRVGGNetCompact). Written here from that description; parameters keep the published
names, `body.0.weight` and so on, so that published weights load as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

COLOURS = 3
KERNEL = 3


@dataclass(frozen=True, slots=True)
class PReluShape:
    """The size of one network: channels within, convolutions between first and last, scale."""

    features: int
    depth: int
    scale: int

    @property
    def reach(self) -> int:
        """Input pixels on each side that one output pixel may depend on: one per convolution."""
        return (self.depth + 2) * (KERNEL // 2)

    @property
    def phases(self) -> int:
        """Channels of the last convolution: every colour at every output phase."""
        return COLOURS * self.scale**2


class PReluCompactNet(nn.Module):
    """(N, 3, H, W) in 0..1 to (N, 3, scale*H, scale*W), unclamped; R, G, B in this order.

    The convolutions make what has to be added to the picture enlarged by repeating its pixels.
    Zero padding at the borders; `exact(shape.reach)` under tiling.
    """

    def __init__(self, shape: PReluShape) -> None:
        super().__init__()
        self.shape = shape
        c = shape.features
        layers: list[nn.Module] = [_convolution(COLOURS, c), nn.PReLU(c)]
        for _ in range(shape.depth):
            layers += [_convolution(c, c), nn.PReLU(c)]
        layers.append(_convolution(c, shape.phases))
        self.body = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Compute (N, 3, scale*H, scale*W) from (N, 3, H, W)."""
        features = x
        for layer in self.body:
            features = layer(features)
        # The repeated picture is added in fp32: half precision would round the picture itself.
        with torch.autocast(x.device.type, enabled=False):
            detail = functional.pixel_shuffle(features.float(), self.shape.scale)
            repeated = functional.interpolate(
                x.float(), scale_factor=self.shape.scale, mode="nearest"
            )
            return detail + repeated


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, KERNEL, padding=KERNEL // 2)
