"""Runs networks with OpenVINO on the processor, in fp32 or bf16. The only file that knows it.

bf16 is refused where the processor has no such arithmetic: the library would go on in fp32 and
say nothing, and the plan would state what did not happen. The network is read from ONNX by the
runtime itself; the library's converter, which reports its use to its makers, is never called.

`threads` is what one run may use. As many streams are opened as fill the processor, so callers
on several threads do not wait for each other.
"""

from __future__ import annotations

import hashlib
import io
import threading
from typing import Any

import numpy as np
import openvino as ov

from models.engines.base import Batch, memory_or_engine_error
from models.engines.devices import processor, usable_cores
from models.engines.plan_cache import PlanCache, PlanKey
from models.errors import EngineError, PrecisionError
from models.spec import NetworkCard, Precision, WeightsFormat

DEVICE = "CPU"
_HINT = {Precision.FP32: "f32", Precision.BF16: "bf16"}
_MEMORY_WORDS = (
    "bad_alloc",
    "failed to allocate",
    "out of memory",
    "can't allocate",
    "could not create a primitive",
)


class OpenVinoSession:
    """One network, compiled. Every calling thread has a request of its own."""

    def __init__(self, compiled: ov.CompiledModel) -> None:
        self._compiled = compiled
        self._own = threading.local()

    def run(self, batch: Batch) -> Batch:
        """(N, C, H, W) float32 to (N, C, scale*H, scale*W). Raises as `Session.run` says."""
        contiguous = np.ascontiguousarray(batch, dtype=np.float32)
        try:
            request = getattr(self._own, "request", None)
            if request is None:
                request = self._own.request = self._compiled.create_infer_request()
            made: Any = request.infer({0: contiguous}, share_inputs=True)
        except (RuntimeError, MemoryError) as error:
            raise _translate(error) from error
        return np.array(made[0], dtype=np.float32)


class OpenVinoEngine:
    """OpenVINO on the processor."""

    name = "openvino"
    device_class = "cpu"
    weights_format = WeightsFormat.ONNX
    precisions = frozenset(_HINT)

    def __init__(self, *, cache: PlanCache | None = None) -> None:
        self._cache = cache
        self.version = ov.__version__.partition("-")[0]
        self._core = ov.Core()

    @property
    def has_bf16(self) -> bool:
        """Whether this processor computes in bf16."""
        return "BF16" in self._core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> OpenVinoSession:
        """Load the bytes of an ONNX file. Raises PrecisionError or EngineError."""
        if precision not in self.precisions:
            raise PrecisionError(
                f"{self.name} cannot run {card.name} in {precision.value}",
                next_step="Choose one of: fp32, bf16; or another engine.",
            )
        if precision is Precision.BF16 and not self.has_bf16:
            raise PrecisionError(
                "this processor has no bf16 arithmetic, and OpenVINO would run in fp32 instead",
                next_step="Choose fp32.",
            )
        key = PlanKey(
            weights_sha256=hashlib.sha256(weights).hexdigest(),
            engine=self.name,
            engine_version=ov.__version__,
            device=f"{processor()}; {usable_cores()} cores",
            precision=precision.value,
            threads=threads,
        )
        settings = _settings(threads, precision)
        try:
            return OpenVinoSession(self._kept(key, settings) or self._built(key, weights, settings))
        except (RuntimeError, MemoryError) as error:
            raise EngineError(
                f"openvino cannot load {card.name}: {_last_line(error)}",
                next_step="Restore the network's files, or choose another engine.",
            ) from error

    def _kept(self, key: PlanKey, settings: dict[str, Any]) -> ov.CompiledModel | None:
        """Take the network as it was compiled before, or None where the library will not."""
        kept = None if self._cache is None else self._cache.read(key)
        if kept is None:
            return None
        try:
            return self._core.import_model(io.BytesIO(kept), DEVICE, settings)
        except RuntimeError:
            return None

    def _built(self, key: PlanKey, weights: bytes, settings: dict[str, Any]) -> ov.CompiledModel:
        compiled = self._core.compile_model(self._core.read_model(weights), DEVICE, settings)
        if self._cache is not None:
            self._cache.write(key, compiled.export_model().getvalue())
        return compiled


def _settings(threads: int, precision: Precision) -> dict[str, Any]:
    """How to compile: the precision as asked for, `threads` for a run, streams for all cores."""
    streams = max(1, usable_cores() // threads)
    return {
        "INFERENCE_PRECISION_HINT": _HINT[precision],
        "EXECUTION_MODE_HINT": "PERFORMANCE",
        "INFERENCE_NUM_THREADS": threads * streams,
        "NUM_STREAMS": streams,
        # Pinned threads of two processes meet on the same cores while others stand idle.
        "ENABLE_CPU_PINNING": False,
    }


def _translate(error: Exception) -> EngineError:
    """Tell a lack of memory by its words or its class."""
    return memory_or_engine_error("openvino", error, _MEMORY_WORDS)


def _last_line(error: Exception) -> str:
    """The library puts its own source lines first and the reason last."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
