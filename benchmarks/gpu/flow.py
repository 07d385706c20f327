"""The whole way of frames: from a source in host memory, over the device, to nowhere.

On CUDA three streams overlap: frames go up from pinned memory, are enhanced by a captured graph,
and come down into pinned memory, two batches in flight. On a processor the same steps run one
after another, which is how the tests run them. Order is kept; every frame comes out once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Frames = NDArray[np.uint8]
IN_FLIGHT = 2


@dataclass(slots=True)
class _Lane:
    """Buffers of one batch in flight; on CUDA pinned, with streams and events of its own."""

    up: Tensor
    given: Tensor
    made: Tensor
    down: Tensor
    run: Callable[[], None]
    arrived: Any = None
    finished: Any = None
    fetched: Any = None
    count: int = field(default=0)


class Flow:
    """Enhances batches of frames of one shape; `step` is (B, rows, W) uint8 to uint8."""

    def __init__(
        self, step: Callable[[Tensor], Tensor], shape: tuple[int, int, int], device: torch.device
    ) -> None:
        self._device = device
        self._cuda = device.type == "cuda"
        self.shape = shape
        if self._cuda:
            self._rising, self._working, self._falling = (
                torch.cuda.Stream(device) for _ in range(3)
            )
        self._lanes = [self._lane(step) for _ in range(IN_FLIGHT)]

    def _lane(self, step: Callable[[Tensor], Tensor]) -> _Lane:
        up = torch.zeros(self.shape, dtype=torch.uint8, pin_memory=self._cuda)
        given = torch.zeros(self.shape, dtype=torch.uint8, device=self._device)
        with torch.inference_mode():
            made = step(given)
        down = torch.zeros(made.shape, dtype=torch.uint8, pin_memory=self._cuda)
        if not self._cuda:

            def run() -> None:
                made.copy_(step(given))

            return _Lane(up, given, made, down, run)
        graph, out = captured(step, given, self._working)
        events = [torch.cuda.Event() for _ in range(3)]
        return _Lane(up, given, out, down, graph.replay, *events)

    def run(self, batches: Iterable[Frames]) -> Iterator[Frames]:
        """Enhance batches (up to B, rows, W) in order; what is yielded is valid until the next."""
        waiting: list[_Lane] = []
        with torch.inference_mode():
            for number, batch in enumerate(batches):
                lane = self._lanes[number % IN_FLIGHT]
                if len(waiting) == IN_FLIGHT:
                    yield self._taken(waiting.pop(0))
                lane.count = len(batch)
                lane.up[: lane.count].copy_(torch.from_numpy(batch))
                self._begin(lane)
                waiting.append(lane)
            while waiting:
                yield self._taken(waiting.pop(0))

    def _begin(self, lane: _Lane) -> None:
        if not self._cuda:
            lane.given.copy_(lane.up)
            lane.run()
            lane.down.copy_(lane.made)
            return
        with torch.cuda.stream(self._rising):
            lane.given.copy_(lane.up, non_blocking=True)
            lane.arrived.record(self._rising)
        self._working.wait_event(lane.arrived)
        with torch.cuda.stream(self._working):
            lane.run()
            lane.finished.record(self._working)
        self._falling.wait_event(lane.finished)
        with torch.cuda.stream(self._falling):
            lane.down.copy_(lane.made, non_blocking=True)
            lane.fetched.record(self._falling)

    def _taken(self, lane: _Lane) -> Frames:
        if self._cuda:
            lane.fetched.synchronize()
        return np.asarray(lane.down.numpy()[: lane.count])


def captured(
    step: Callable[[Tensor], Tensor], given: Tensor, stream: Any
) -> tuple[torch.cuda.CUDAGraph, Tensor]:
    """Record `step` as a graph over fixed buffers, after runs that settle its kernels."""
    stream.wait_stream(torch.cuda.current_stream())
    with torch.inference_mode(), torch.cuda.stream(stream):
        for _ in range(3):
            step(given)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.graph(graph, stream=stream):
        made = step(given)
    return graph, made
