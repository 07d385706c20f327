"""Ways to run the network alone: by which program, in which precision, how many frames at once.

Every way works on buffers that stay where they are, so that it can be recorded as a graph and run
again without the processor. A way that this machine lacks says why and is measured nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import product
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.enhance import DTYPES, Enhance
from benchmarks.gpu.flow import captured

Luma = Callable[[Tensor], Tensor]
"""(B, 1, H, W) fp32 in 0..1 to (B, 1, scale*H, scale*W) fp32."""


class Runner(StrEnum):
    """What runs the network."""

    EAGER = "torch, channels last"
    """Kernel after kernel, each sent by the processor: what a script does."""
    GRAPH = "torch, channels last, CUDA graph"
    COMPILED = "torch, channels last, compiled, CUDA graph"
    TENSORRT = "TensorRT, CUDA graph"


BATCHES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Way:
    """One way; its facts as they stand in the result."""

    runner: Runner
    precision: str
    batch: int

    @property
    def facts(self) -> dict[str, Any]:
        """The way as JSON."""
        return {**asdict(self), "runner": self.runner.value}

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the convolutions."""
        return DTYPES[self.precision]


def every_way() -> tuple[Way, ...]:
    """All ways, in the order in which they are measured."""
    return tuple(Way(*one) for one in product(Runner, DTYPES, BATCHES))


def luma_of(way: Way, shape: tuple[int, int], device: torch.device) -> Luma:
    """Make what runs the network this way on planes of `shape`, height and width.

    Raises ImportError, RuntimeError or EngineError where this machine cannot.
    """
    if way.runner is Runner.TENSORRT:
        from benchmarks.gpu.tensorrt_luma import TensorRtLuma  # noqa: PLC0415 - it may be absent

        return TensorRtLuma(way.precision, (way.batch, 1, *shape), device)
    luma: Luma = Enhance(way.dtype, device).luma
    return torch.compile(luma) if way.runner is Runner.COMPILED else luma


def repeated(way: Way, luma: Luma, plane: Tensor) -> Callable[[], object]:
    """What runs the network once more over `plane`."""
    if way.runner is Runner.EAGER or plane.device.type == "cpu":

        def once() -> Tensor:
            with torch.inference_mode():
                return luma(plane)

        return once
    graph, _ = captured(luma, plane, torch.cuda.Stream(plane.device))
    return graph.replay


def step_of(way: Way, shape: tuple[int, int], device: torch.device) -> Enhance:
    """The step over whole frames, luma run this way."""
    return Enhance(way.dtype, device, luma=luma_of(way, shape, device))
