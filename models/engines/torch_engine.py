"""Runs networks with torch from safetensors: on the processor in fp32 and bf16, on CUDA also fp16.

In a reduced precision the layers that a network names in `full_precision` stay in fp32: in ours
the linear path, which carries the picture itself and which bf16 would round to 1 in 256. fp32
means fp32 on a GPU as well: TF32 is switched off, so that one precision names one arithmetic.
torch keeps one thread count for all networks, so every run sets its own first.

The memory need on a card was measured with ONNX Runtime. Here the C library keeps freed
blocks: over planes of many sizes a process held three times as much with glibc's defaults, and
stayed below the need with `MALLOC_MMAP_THRESHOLD_=1000000` in its environment.

Nothing of the CUDA half has been run; see docs/engines.md.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import safetensors
import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from models.engines.base import Batch, memory_or_engine_error
from models.errors import EngineError, PrecisionError
from models.nets.build import built
from models.spec import NetworkCard, Precision, WeightsFormat

_MEMORY_WORDS = (
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "could not create a primitive",  # what oneDNN says when its scratch memory is refused
)
_REDUCED = {Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}
_ABLE = {
    "cpu": frozenset({Precision.FP32, Precision.BF16}),
    "cuda": frozenset({Precision.FP32, Precision.BF16, Precision.FP16}),
}
"""fp16 on the processor is emulated: slower than fp32, and no more exact than bf16."""


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

    def __init__(
        self,
        network: nn.Module,
        *,
        device: torch.device,
        precision: Precision,
        threads: int,
        layout: torch.memory_format = torch.channels_last,
    ) -> None:
        self._network = network
        self._layout = layout
        self._threads = threads
        self._device = device
        self._reduced = _REDUCED.get(precision)

    def run(self, batch: Batch) -> Batch:
        """(N, C, H, W) float32 to (N, C, scale*H, scale*W). Raises as `Session.run` says."""
        owned = np.require(batch, np.float32, ["C", "W"])  # torch takes no read-only memory
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        try:
            with (
                torch.inference_mode(),
                torch.autocast(
                    self._device.type, dtype=self._reduced, enabled=self._reduced is not None
                ),
            ):
                tensor = torch.from_numpy(owned).to(self._device)
                tensor = tensor.contiguous(memory_format=self._layout)
                result = self._network(tensor).float().cpu().contiguous().numpy()
        except (RuntimeError, MemoryError) as error:
            raise _translate(error) from error
        return np.asarray(result, dtype=np.float32)


class TorchEngine:
    """torch on one device, the processor by default.

    `compiled` has torch write kernels for the network when it first meets a shape. It rounds
    otherwise than the plain engine, so it is another engine by name and needs gates of its own.
    """

    weights_format = WeightsFormat.SAFETENSORS

    def __init__(
        self, *, device: str = "cpu", device_class: str = "cpu", compiled: bool = False
    ) -> None:
        self._device = torch.device(device)
        self._compiled = compiled
        base = "torch" if self._device.type == "cpu" else f"torch-{self._device.type}"
        self.name = f"{base}-compiled" if compiled else base
        self.precisions = _ABLE[self._device.type]
        self.device_class = device_class
        self.version = torch.__version__.partition("+")[0]

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> TorchSession:
        """Load the bytes of a safetensors file. Raises PrecisionError or EngineError."""
        if precision not in self.precisions:
            able = ", ".join(each.value for each in Precision if each in self.precisions)
            raise PrecisionError(
                f"{self.name} cannot run {card.name} in {precision.value}",
                next_step=f"Choose one of: {able}; or another engine.",
            )
        try:
            tensors = load_safetensors(weights)
        except safetensors.SafetensorError as error:
            raise EngineError(
                f"the weights of {card.name} are no sound safetensors file",
                next_step="Restore the network's files.",
            ) from error
        network = built(card, tensors)
        return TorchSession(
            self._prepared(network, precision),
            device=self._device,
            precision=precision,
            threads=threads,
            layout=_layout(network),
        )

    def give_back(self) -> None:
        """Return what dropped sessions left in torch's own pool of GPU memory."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _prepared(self, network: nn.Module, precision: Precision) -> nn.Module:
        """Put the network on its device in the form that runs fastest there."""
        if self._device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.backends.cudnn.allow_tf32 = False
        if precision is not Precision.FP32:
            for name in getattr(network, "full_precision", ()):
                setattr(network, name, FullPrecision(network.get_submodule(name)))
        try:
            ready = network.eval().to(self._device)
        except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts that it has it
            raise _translate(error) from error
        if _layout(network) is torch.channels_last:
            ready.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cast("nn.Module", torch.compile(ready)) if self._compiled else ready


def _layout(network: nn.Module) -> torch.memory_format:
    """How the network's samples lie in memory: colours last, unless it says that it cannot."""
    last = getattr(network, "channels_last", True)
    return torch.channels_last if last else torch.contiguous_format


def _translate(error: Exception) -> EngineError:
    """Tell a lack of memory by its words or its class."""
    return memory_or_engine_error("torch", error, _MEMORY_WORDS)
