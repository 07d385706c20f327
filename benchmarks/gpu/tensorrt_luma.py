"""The network as TensorRT runs it, on tensors of torch's that never leave the GPU.

The plan is built from the ONNX file that ships, by the lines that the product builds it with; it is
built anew for each shape and not kept. Imports TensorRT, so it is imported where that is there.
Nothing of this file has been run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorrt as trt
import torch
from torch import Tensor

from benchmarks.gpu.enhance import SHAPE
from models.engines.tensorrt_engine import INPUT_NAME, OUTPUT_NAME, build

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "cards" / "evident-sr-x2.onnx"
FLAGS = {"fp32": None, "fp16": "FP16", "bf16": "BF16"}


class TensorRtLuma:
    """(B, 1, H, W) fp32 in 0..1 to its enlargement, for one shape, on the stream of the moment."""

    def __init__(
        self, precision: str, shape: tuple[int, int, int, int], device: torch.device
    ) -> None:
        flag = FLAGS[precision]
        if flag is not None and not hasattr(trt.BuilderFlag, flag):
            raise RuntimeError(f"TensorRT {trt.__version__} takes no {precision} of this kind")
        runtime: Any = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        # The engine has to outlive its context, and the runtime the engine.
        self._kept = (
            runtime,
            runtime.deserialize_cuda_engine(build(WEIGHTS.read_bytes(), shape, flag)),
        )
        self._context = self._kept[1].create_execution_context()
        count, channels, height, width = shape
        made = (count, channels, height * SHAPE.scale, width * SHAPE.scale)
        self._made = torch.empty(made, dtype=torch.float32, device=device)
        self._shape = shape

    def __call__(self, plane: Tensor) -> Tensor:
        """Run; what is returned is written over by the next run."""
        if tuple(plane.shape) != self._shape:
            raise RuntimeError(f"the plan is for {self._shape}, not {tuple(plane.shape)}")
        given = plane.contiguous()
        self._context.set_tensor_address(INPUT_NAME, given.data_ptr())
        self._context.set_tensor_address(OUTPUT_NAME, self._made.data_ptr())
        if not self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
            raise RuntimeError("the plan did not run")
        return self._made
