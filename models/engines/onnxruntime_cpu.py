"""Runs networks with ONNX Runtime. The only file that knows that library.

Chosen for repeatability on the processor: sequential execution, one thread between
operators, `threads` inside one, deterministic kernels. Worker threads do not spin while they
wait, because decoding and encoding share the same cores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types

from models.engines.base import Batch
from models.errors import EngineError, OutOfMemoryError, PrecisionError
from models.spec import NetworkCard, Precision, WeightsFormat

CPU_PROVIDER = "CPUExecutionProvider"
INPUT_NAME = "input"
OUTPUT_NAME = "output"
_FATAL_ONLY = 4
"""Every error reaches the caller as an exception; standard error stays for people."""
_MEMORY_WORDS = ("bad allocation", "bad_alloc", "failed to allocate", "out of memory")


class OnnxRuntimeSession:
    """One network, loaded."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def run(self, batch: Batch) -> Batch:
        """(N, 1, H, W) float32 to (N, 1, scale*H, scale*W). Raises as `Session.run` says."""
        contiguous = np.ascontiguousarray(batch, dtype=np.float32)
        try:
            (result,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: contiguous})
        except MemoryError as error:
            raise OutOfMemoryError("the network did not fit into memory") from error
        except Exception as error:
            raise _translate(error) from error
        return np.asarray(result, dtype=np.float32)


class OnnxRuntimeEngine:
    """ONNX Runtime with the given execution providers, the processor's by default."""

    name = "onnxruntime"
    weights_format = WeightsFormat.ONNX
    precisions = frozenset({Precision.FP32})

    def __init__(
        self,
        *,
        providers: Sequence[str] = (CPU_PROVIDER,),
        device_class: str = "cpu",
        spin: bool = False,
    ) -> None:
        self._providers = list(providers)
        self._spin = spin
        self.device_class = device_class
        self.version = str(ort.__version__)

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> OnnxRuntimeSession:
        """Load the bytes of an ONNX file. Raises PrecisionError or EngineError."""
        if precision not in self.precisions:
            raise PrecisionError(
                f"{self.name} runs {card.name} in fp32 only, not in {precision.value}",
                next_step="Choose fp32, or the torch engine for bf16.",
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.use_deterministic_compute = True
        options.log_severity_level = _FATAL_ONLY
        # The arena keeps its pages between runs, which halves the time of a frame. A memory
        # pattern would add a block per plane size and save no time.
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = False
        options.add_session_config_entry(
            "session.intra_op.allow_spinning", "1" if self._spin else "0"
        )
        try:
            session = ort.InferenceSession(weights, options, providers=self._providers)
        except Exception as error:
            raise EngineError(
                f"onnxruntime cannot load {card.name}: {_first_line(error)}",
                next_step="Restore the network's files, or choose another engine.",
            ) from error
        _check_names(card, session)
        return OnnxRuntimeSession(session)


def _check_names(card: NetworkCard, session: ort.InferenceSession) -> None:
    """Refuse a network whose single input and output are not called as ours are."""
    inputs = [each.name for each in session.get_inputs()]
    outputs = [each.name for each in session.get_outputs()]
    if inputs != [INPUT_NAME] or outputs != [OUTPUT_NAME]:
        raise EngineError(f"{card.name} takes {inputs} and gives {outputs}; that is not ours")


def _translate(error: Exception) -> EngineError:
    """Tell errors apart by their words: the library raises private classes of its own."""
    line = _first_line(error)
    if any(words in str(error).lower() for words in _MEMORY_WORDS):
        return OutOfMemoryError(f"the network did not fit into memory: {line}")
    return EngineError(f"onnxruntime failed: {line}")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
