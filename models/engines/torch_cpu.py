"""Runs our own networks with torch on the processor, from safetensors. fp32 or bf16.

In bf16 the linear path stays in fp32: it carries the picture itself, and bf16 would round it
to 1 in 256. torch keeps one thread count per process, so the last network that was loaded
decides it for all.

The memory need on a card was measured with ONNX Runtime. Here the C library keeps freed
blocks: over planes of many sizes a process held three times as much with glibc's defaults, and
stayed below the need with `MALLOC_MMAP_THRESHOLD_=1000000` in its environment.
"""

from __future__ import annotations

import numpy as np
import safetensors
import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from models.engines.base import Batch
from models.errors import EngineError, OutOfMemoryError, PrecisionError
from models.nets.compact import CompactShape, PlainCompactNet
from models.spec import NetworkCard, Precision, WeightsFormat

_MEMORY_WORDS = (
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "could not create a primitive",  # what oneDNN says when its scratch memory is refused
)


class FullPrecision(nn.Module):
    """A layer that runs in fp32 even where autocast is on."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Run the wrapped layer without autocast."""
        with torch.autocast(x.device.type, enabled=False):
            result: Tensor = self.layer(x.float())
        return result


class TorchSession:
    """One network, loaded."""

    def __init__(self, network: nn.Module, *, device: torch.device, precision: Precision) -> None:
        self._network = network
        self._device = device
        self._half = precision is Precision.BF16

    def run(self, batch: Batch) -> Batch:
        """(N, 1, H, W) float32 to (N, 1, scale*H, scale*W). Raises as `Session.run` says."""
        owned = np.require(batch, np.float32, ["C", "W"])  # torch takes no read-only memory
        try:
            with (
                torch.inference_mode(),
                torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._half),
            ):
                tensor = torch.from_numpy(owned).to(self._device)
                tensor = tensor.contiguous(memory_format=torch.channels_last)
                result = self._network(tensor).float().cpu().contiguous().numpy()
        except (RuntimeError, MemoryError) as error:
            raise _translate(error) from error
        return np.asarray(result, dtype=np.float32)


class TorchEngine:
    """torch on one device, the processor by default."""

    name = "torch"
    weights_format = WeightsFormat.SAFETENSORS
    precisions = frozenset({Precision.FP32, Precision.BF16})

    def __init__(self, *, device: str = "cpu") -> None:
        self._device = torch.device(device)
        self.device_class = self._device.type
        self.version = torch.__version__.partition("+")[0]

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> TorchSession:
        """Load the bytes of a safetensors file. Raises PrecisionError or EngineError."""
        if precision not in self.precisions:
            raise PrecisionError(
                f"{self.name} runs {card.name} in fp32 or bf16, not in {precision.value}",
                next_step="Choose fp32.",
            )
        shape = CompactShape(card.architecture.features, card.architecture.depth, card.scale)
        network = PlainCompactNet(shape)
        try:
            network.load_state_dict(load_safetensors(weights))
        except (RuntimeError, safetensors.SafetensorError) as error:
            raise EngineError(
                f"the weights of {card.name} do not fit the architecture on its card",
                next_step="Restore the network's files.",
            ) from error
        torch.set_num_threads(threads)
        if precision is Precision.BF16:
            network.add_module("skip", FullPrecision(network.skip))
        ready = network.eval().to(self._device)
        ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in stubs
        return TorchSession(ready, device=self._device, precision=precision)


def _translate(error: Exception) -> EngineError:
    """Tell a lack of memory by its words or its class."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    lacking = any(words in str(error).lower() for words in _MEMORY_WORDS)
    if lacking or isinstance(error, MemoryError):
        return OutOfMemoryError(f"the network did not fit into memory: {line}")
    return EngineError(f"torch failed: {line}")
