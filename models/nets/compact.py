"""Evident's own compact network: a plain stack of 3x3 convolutions over one channel.

One channel in, one channel out. Luma goes through the network and colour is interpolated,
so the same weights serve RGB photographs and YCbCr video of any chroma format.

While training, every 3x3 convolution is the product of a wide 3x3 and a 1x1 convolution
plus the identity, multiplied out *before* the convolution runs; it costs next to nothing
and trains to a better optimum than the plain convolution that it becomes. The idea is the
collapsible linear block of Bhardwaj et al., "Collapsible Linear Blocks for Super-Efficient
Super Resolution", MLSys 2022. `CompactNet.collapsed()` returns the plain network that ships.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD_KERNEL = 5
BODY_KERNEL = 3
TAIL_KERNEL = 5


@dataclass(frozen=True, slots=True)
class CompactShape:
    """The size of one compact network."""

    features: int
    depth: int
    scale: int

    @property
    def reach(self) -> int:
        """Input pixels on each side that one output pixel may depend on."""
        return HEAD_KERNEL // 2 + self.depth * (BODY_KERNEL // 2) + TAIL_KERNEL // 2


class CollapsibleConv(nn.Module):
    """A convolution held as (k x k to `wide`) then (1 x 1 to `outputs`), run as one kernel."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, wide: int, identity: bool
    ) -> None:
        super().__init__()
        if identity and inputs != outputs:
            raise ValueError("an identity path needs as many outputs as inputs")
        expand = torch.empty(wide, inputs, kernel, kernel)
        project = torch.empty(outputs, wide)
        nn.init.kaiming_normal_(expand, nonlinearity="linear")
        nn.init.normal_(project, std=(1.0 / wide) ** 0.5 * (0.5 if identity else 1.0))
        self.expand = nn.Parameter(expand)
        self.project = nn.Parameter(project)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.identity = identity
        self.kernel = kernel

    def weight(self) -> Tensor:
        """Multiply the two factors into a single (outputs, inputs, k, k) kernel."""
        merged = torch.einsum("op,pikl->oikl", self.project, self.expand)
        if self.identity:
            eye = torch.eye(merged.shape[0], dtype=merged.dtype, device=merged.device)
            centre = self.kernel // 2
            merged = merged + functional.pad(eye[:, :, None, None], (centre,) * 4)
        return merged

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (N, inputs, H, W) to (N, outputs, H, W), with zero padding."""
        return functional.conv2d(x, self.weight(), self.bias, padding=self.kernel // 2)


class PlainCompactNet(nn.Module):
    """The network as it ships: (N, 1, H, W) in 0..1 to (N, 1, scale*H, scale*W), unclamped.

    Zero padding at the borders; `exact(shape.reach)` under tiling.
    """

    full_precision = ("skip",)
    """Layers that stay in fp32 whatever the precision: this one carries the picture itself."""

    def __init__(self, shape: CompactShape) -> None:
        super().__init__()
        self.shape = shape
        c, out = shape.features, shape.scale**2
        self.head = nn.Conv2d(1, c, HEAD_KERNEL, padding=HEAD_KERNEL // 2)
        self.body = nn.ModuleList(
            nn.Conv2d(c, c, BODY_KERNEL, padding=BODY_KERNEL // 2) for _ in range(shape.depth)
        )
        self.tail = nn.Conv2d(c, out, TAIL_KERNEL, padding=TAIL_KERNEL // 2)
        self.skip = nn.Conv2d(1, out, TAIL_KERNEL, padding=TAIL_KERNEL // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Compute (N, 1, scale*H, scale*W) from (N, 1, H, W)."""
        first = functional.relu(self.head(x))
        features = first
        for convolution in self.body:
            features = functional.relu(convolution(features))
        return functional.pixel_shuffle(
            self.tail(features + first) + self.skip(x), self.shape.scale
        )


class CompactNet(nn.Module):
    """The training form; the same function as `collapsed()`, with factored kernels."""

    def __init__(self, shape: CompactShape, *, wide: int = 128) -> None:
        super().__init__()
        self.shape = shape
        c, out = shape.features, shape.scale**2
        self.head = CollapsibleConv(1, c, HEAD_KERNEL, wide=wide, identity=False)
        self.body = nn.ModuleList(
            CollapsibleConv(c, c, BODY_KERNEL, wide=wide, identity=True) for _ in range(shape.depth)
        )
        self.tail = CollapsibleConv(c, out, TAIL_KERNEL, wide=wide, identity=False)
        with torch.no_grad():
            self.tail.project.mul_(0.1)
        self.skip = nn.Conv2d(1, out, TAIL_KERNEL, padding=TAIL_KERNEL // 2)
        self._start_from_interpolation()

    def _start_from_interpolation(self) -> None:
        """Set the linear path to cubic interpolation (Keys, a = -0.5) of every output phase."""
        scale, radius = self.shape.scale, TAIL_KERNEL // 2
        taps = torch.arange(-radius, radius + 1, dtype=torch.float32)
        with torch.no_grad():
            if self.skip.bias is not None:
                self.skip.bias.zero_()
            rows = []
            for phase in range(scale):
                offset = (phase + 0.5) / scale - 0.5
                row = keys_cubic((taps - offset).abs())
                rows.append(row / row.sum())
            for y in range(scale):
                for x in range(scale):
                    self.skip.weight[y * scale + x, 0] = torch.outer(rows[y], rows[x])

    def forward(self, x: Tensor) -> Tensor:
        """Compute what `PlainCompactNet.forward` does, from the factored kernels."""
        first = functional.relu(self.head(x))
        features = first
        for convolution in self.body:
            features = functional.relu(convolution(features))
        detail = self.tail(features + first)
        # The linear path carries the picture itself: bfloat16 would round it to 1 in 256.
        with torch.autocast(x.device.type, enabled=False):
            base = self.skip(x.float())
        return functional.pixel_shuffle(detail.float() + base, self.shape.scale)

    def collapsed(self) -> PlainCompactNet:
        """Return the plain network with every factored kernel multiplied out."""
        plain = PlainCompactNet(self.shape)
        pairs: list[tuple[nn.Conv2d, CollapsibleConv]] = [
            (plain.head, self.head),
            (plain.tail, self.tail),
        ]
        for theirs, ours in zip(plain.body, self.body, strict=True):
            assert isinstance(theirs, nn.Conv2d)
            assert isinstance(ours, CollapsibleConv)
            pairs.append((theirs, ours))
        with torch.no_grad():
            for convolution, factored in pairs:
                convolution.weight.copy_(factored.weight())
                assert convolution.bias is not None
                convolution.bias.copy_(factored.bias)
            plain.skip.load_state_dict(self.skip.state_dict())
        return plain.eval()


def keys_cubic(distance: Tensor) -> Tensor:
    """Keys' cubic convolution kernel with a = -0.5 at absolute distances, in samples."""
    a = -0.5
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    zero = torch.zeros_like(distance)
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, zero))
