"""Runs networks with TensorRT on an NVIDIA GPU. torch holds the memory.

One plan is built per shape and kept: tiles of one picture have few shapes, and a plan for one
shape is the fastest. TensorRT picks kernels by a clock, so a plan that is built again may round
otherwise; a plan that came out of the cache is bit for bit the one that ran before.

Nothing of this file has been run on a GPU; see docs/engines.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorrt as trt
import torch

from models.engines.base import Batch, memory_or_engine_error
from models.engines.plan_cache import PlanCache, PlanKey
from models.errors import EngineError, PrecisionError
from models.spec import NetworkCard, Precision, WeightsFormat

INPUT_NAME = "input"
OUTPUT_NAME = "output"
FULL_PRECISION = frozenset({"skip"})
"""Nodes of our graphs that stay in fp32: the linear path carries the picture itself."""
_FLAG = {Precision.FP16: "FP16", Precision.BF16: "BF16"}
_MEMORY_WORDS = ("out of memory", "outofmemory", "failed to allocate", "cudaerrormemoryallocation")
_WORKSPACE_BYTES = 2 << 30

Shape = tuple[int, ...]


class TensorRtSession:
    """One network; its plans by shape. Calls from several threads take turns."""

    def __init__(self, plan: Callable[[Shape], bytes], scale: int, device: torch.device) -> None:
        self._plan = plan
        self._scale = scale
        self._device = device
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._ready: dict[Shape, tuple[Any, Any]] = {}
        self._stream: Any = None
        self._turn = threading.Lock()

    def run(self, batch: Batch) -> Batch:
        """(N, C, H, W) float32 to (N, C, scale*H, scale*W). Raises as `Session.run` says."""
        count, channels, height, width = batch.shape
        made = (count, channels, height * self._scale, width * self._scale)
        try:
            with self._turn, self._on_stream() as stream:
                _, context = self._context(batch.shape)
                source = torch.from_numpy(np.require(batch, np.float32, ["C", "W"]))
                given = source.to(self._device)
                result = torch.empty(made, dtype=torch.float32, device=self._device)
                context.set_tensor_address(INPUT_NAME, given.data_ptr())
                context.set_tensor_address(OUTPUT_NAME, result.data_ptr())
                if not context.execute_async_v3(stream.cuda_stream):
                    raise EngineError("tensorrt failed: the plan did not run")
                stream.synchronize()
                return np.asarray(result.cpu().numpy(), dtype=np.float32)
        except (RuntimeError, MemoryError) as error:
            raise _translate(error) from error

    @contextmanager
    def _on_stream(self) -> Iterator[Any]:
        """Work on this session's own stream, which is opened when it is first needed."""
        if self._stream is None:
            self._stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._stream):
            yield self._stream

    def _context(self, shape: Shape) -> tuple[Any, Any]:
        if shape not in self._ready:
            engine = self._runtime.deserialize_cuda_engine(self._plan(shape))
            if engine is None:
                raise EngineError("tensorrt failed: it does not take the plan that it built")
            # The engine has to outlive its context.
            self._ready[shape] = (engine, engine.create_execution_context())
        return self._ready[shape]


class TensorRtEngine:
    """TensorRT on one GPU. `device` describes it in full, for the key of the cache."""

    name = "tensorrt"
    weights_format = WeightsFormat.ONNX
    precisions = frozenset(Precision)

    def __init__(
        self, *, index: int, device_class: str, device: str, cache: PlanCache | None = None
    ) -> None:
        self.version = ".".join(str(trt.__version__).split(".")[:3])
        self.device_class = device_class
        self._device = torch.device("cuda", index)
        self._described = device
        self._cache = cache

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> TensorRtSession:
        """Load the bytes of an ONNX file. Raises PrecisionError or EngineError."""
        flag = _FLAG.get(precision)
        if flag is not None and not hasattr(trt.BuilderFlag, flag):
            raise PrecisionError(
                f"TensorRT {self.version} runs {card.name} in fp32 only, not in {precision.value}",
                next_step="Choose fp32, or another engine.",
            )

        def plan(shape: Shape) -> bytes:
            key = PlanKey(
                weights_sha256=card.files[self.weights_format].sha256,
                engine=self.name,
                engine_version=str(trt.__version__),
                device=self._described,
                precision=precision.value,
                threads=threads,
                shape=shape,
            )
            kept = None if self._cache is None else self._cache.read(key)
            if kept is not None:
                return kept
            built = build(weights, shape, flag)
            if self._cache is not None:
                self._cache.write(key, built)
            return built

        return TensorRtSession(plan, card.scale, self._device)


def build(weights: bytes, shape: Shape, flag: str | None) -> bytes:
    """Build a plan for one shape; `flag` is the reduced precision. Raises EngineError."""
    builder = trt.Builder(trt.Logger(trt.Logger.ERROR))
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, trt.Logger(trt.Logger.ERROR))
    if not parser.parse(weights):
        reasons = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
        raise EngineError(f"tensorrt cannot read the network: {reasons or 'no reason given'}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE_BYTES)
    config.clear_flag(trt.BuilderFlag.TF32)  # fp32 means fp32
    if flag is not None:
        config.set_flag(getattr(trt.BuilderFlag, flag))
        config.set_flag(trt.BuilderFlag.OBEY_PRECISION_CONSTRAINTS)
        for index in range(network.num_layers):
            layer = network.get_layer(index)
            if layer.name in FULL_PRECISION:
                layer.precision = trt.float32
    profile = builder.create_optimization_profile()
    profile.set_shape(INPUT_NAME, shape, shape, shape)
    config.add_optimization_profile(profile)
    built = builder.build_serialized_network(network, config)
    if built is None:
        raise EngineError(
            f"tensorrt could not build the network for {shape}",
            next_step="Free memory of the GPU, or choose another engine.",
        )
    return bytes(built)


def _translate(error: Exception) -> EngineError:
    """Tell a lack of memory by its words or its class."""
    return memory_or_engine_error("tensorrt", error, _MEMORY_WORDS)
