"""The compact network as one step on the device: 4:2:0 frames of 8 bit in, the same enlarged out.

Luma goes through the network, chroma is interpolated, as in the product. Weights are read by a
few lines here, so that a plain PyTorch image is enough to run this.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.nets.compact import CompactShape, PlainCompactNet

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "cards" / "evident-sr-x2.safetensors"
SHAPE = CompactShape(features=32, depth=8, scale=2)
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def kernels(path: Path = WEIGHTS) -> dict[str, Tensor]:
    """Read a safetensors file of fp32 tensors (https://huggingface.co/docs/safetensors)."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    head.pop("__metadata__", None)
    found = {}
    for name, fact in head.items():
        if fact["dtype"] != "F32":
            raise ValueError(f"{name} is {fact['dtype']}, not F32")
        first, stop = (8 + length + offset for offset in fact["data_offsets"])
        numbers = np.frombuffer(content[first:stop], dtype="<f4").reshape(fact["shape"])
        found[name] = torch.from_numpy(numbers.copy())
    return found


class Enhance(nn.Module):
    """(B, H*3/2, W) uint8 to (B, scale*H*3/2, scale*W) uint8: planes Y, Cb, Cr on one another.

    Convolutions run in `dtype`, channels last; the linear path, which carries the picture, stays
    in fp32. `luma` runs the network in place of this module's own.
    """

    def __init__(
        self,
        dtype: torch.dtype,
        device: torch.device,
        *,
        luma: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self._run = luma or self.luma
        network = PlainCompactNet(SHAPE)
        network.load_state_dict(kernels())
        network.eval().to(device)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in (network.head, *network.body, network.tail):
            layer.to(dtype)
        self.network = network
        self.dtype = dtype

    def luma(self, plane: Tensor) -> Tensor:
        """(B, 1, H, W) fp32 in 0..1 to (B, 1, scale*H, scale*W) fp32: the network alone."""
        net = self.network
        x = plane.to(self.dtype).contiguous(memory_format=torch.channels_last)
        first = functional.relu(net.head(x))
        features = first
        for convolution in net.body:
            features = functional.relu(convolution(features))
        detail = net.tail(features + first).float()
        return functional.pixel_shuffle(detail + net.skip(plane), SHAPE.scale)

    def forward(self, frames: Tensor) -> Tensor:
        """Enlarge whole frames."""
        count, rows, width = frames.shape
        height = rows * 2 // 3
        scale = SHAPE.scale
        y = frames[:, None, :height].float() / 255
        colour = frames[:, height:].reshape(count, 2, height // 2, width // 2).float()
        enlarged = self._run(y) * 255
        chroma = functional.interpolate(
            colour, scale_factor=scale, mode="bicubic", align_corners=False
        )
        flat = chroma.reshape(count, scale * height // 2, scale * width)
        whole = torch.cat((enlarged[:, 0], flat), dim=1)
        return whole.round_().clamp_(0, 255).to(torch.uint8)
