"""Runs networks with ONNX Runtime. The only file that knows that library.

Chosen for repeatability: sequential execution, one thread between operators, `threads` inside
one, deterministic kernels, and no TF32 in what is called fp32. Worker threads do not spin while
they wait, because decoding and encoding share the same cores.

The library falls back to the processor in silence where a GPU provider does not start; here
that is an error, because what ran would not be what the plan says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types

from models.engines.base import Batch, memory_or_engine_error
from models.errors import EngineError, OutOfMemoryError, PrecisionError
from models.spec import NetworkCard, Precision, WeightsFormat

INPUT_NAME = "input"
OUTPUT_NAME = "output"
_FATAL_ONLY = 4
"""Every error reaches the caller as an exception; standard error stays for people."""
_MEMORY_WORDS = ("bad allocation", "bad_alloc", "failed to allocate", "out of memory")

Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Provider:
    """One execution provider: the engine's name in plans, its name there, precisions, options.

    `options` gives the provider's own options for a precision and a GPU's index.
    """

    engine: str
    name: str
    precisions: frozenset[Precision]
    fixed: Options = field(default_factory=dict)
    per_precision: Mapping[Precision, Options] = field(default_factory=dict)
    takes_device: bool = False

    def options(self, precision: Precision, device: int) -> dict[str, str]:
        """Return the options to load a network with."""
        own = {**self.fixed, **self.per_precision.get(precision, {})}
        return {"device_id": str(device), **own} if self.takes_device else own


CPU = Provider("onnxruntime", "CPUExecutionProvider", frozenset({Precision.FP32}))
CUDA = Provider(
    "onnxruntime-cuda",
    "CUDAExecutionProvider",
    frozenset({Precision.FP32}),
    fixed={
        "use_tf32": "0",
        # Trying every algorithm would choose by a clock, and so not always the same one.
        "cudnn_conv_algo_search": "HEURISTIC",
        "cudnn_conv_use_max_workspace": "1",
        "prefer_nhwc": "1",
    },
    takes_device=True,
)
TENSORRT = Provider(
    "onnxruntime-tensorrt",
    "TensorrtExecutionProvider",
    frozenset({Precision.FP32, Precision.FP16, Precision.BF16}),
    per_precision={
        Precision.FP16: {"trt_fp16_enable": "True"},
        Precision.BF16: {"trt_bf16_enable": "True"},
    },
    takes_device=True,
)


class OnnxRuntimeSession:
    """One network, loaded."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def run(self, batch: Batch) -> Batch:
        """(N, C, H, W) float32 to (N, C, scale*H, scale*W). Raises as `Session.run` says."""
        contiguous = np.ascontiguousarray(batch, dtype=np.float32)
        try:
            (result,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: contiguous})
        except MemoryError as error:
            raise OutOfMemoryError("the network did not fit into memory") from error
        except Exception as error:
            raise _translate(error) from error
        return np.asarray(result, dtype=np.float32)


class OnnxRuntimeFinder:
    """One network that finds things, loaded: one picture in, several named arrays out."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        (self._input,) = (each.name for each in session.get_inputs())
        self._outputs = [each.name for each in session.get_outputs()]

    def run(self, batch: Batch) -> dict[str, Batch]:
        """(1, C, H, W) float32 to float32 arrays by name. Raises as `Session.run` says."""
        contiguous = np.ascontiguousarray(batch, dtype=np.float32)
        try:
            found = self._session.run(self._outputs, {self._input: contiguous})
        except MemoryError as error:
            raise OutOfMemoryError("the network did not fit into memory") from error
        except Exception as error:
            raise _translate(error) from error
        return {
            name: np.asarray(one, dtype=np.float32)
            for name, one in zip(self._outputs, found, strict=True)
        }


class OnnxRuntimeEngine:
    """ONNX Runtime with one execution provider, the processor's by default."""

    weights_format = WeightsFormat.ONNX

    def __init__(
        self,
        *,
        provider: Provider = CPU,
        device: int = 0,
        device_class: str = "cpu",
        spin: bool = False,
    ) -> None:
        self.name = provider.engine
        self.precisions = provider.precisions
        self.device_class = device_class
        self.version = str(ort.__version__)
        self._provider = provider
        self._device = device
        self._spin = spin

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> OnnxRuntimeSession:
        """Load the bytes of an ONNX file. Raises PrecisionError or EngineError."""
        if precision not in self.precisions:
            able = ", ".join(each.value for each in Precision if each in self.precisions)
            raise PrecisionError(
                f"{self.name} cannot run {card.name} in {precision.value}",
                next_step=f"Choose one of: {able}; or another engine.",
            )
        session = self._session(card.name, weights, threads, precision)
        _check_names(card, session)
        return OnnxRuntimeSession(session)

    def load_finder(self, name: str, weights: bytes, *, threads: int) -> OnnxRuntimeFinder:
        """Load a network called `name` that makes no picture, in fp32. Raises EngineError."""
        session = self._session(name, weights, threads, Precision.FP32)
        inputs = [each.name for each in session.get_inputs()]
        if len(inputs) != 1:
            raise EngineError(f"{name} takes {inputs}; one picture is all that it may take")
        return OnnxRuntimeFinder(session)

    def _session(
        self, name: str, weights: bytes, threads: int, precision: Precision
    ) -> ort.InferenceSession:
        chosen = (self._provider.name, self._provider.options(precision, self._device))
        try:
            session = ort.InferenceSession(weights, self._options(threads), providers=[chosen])
        except Exception as error:
            raise EngineError(
                f"onnxruntime cannot load {name}: {_first_line(error)}",
                next_step="Restore the network's files, or choose another engine.",
            ) from error
        _require_provider(self._provider, session.get_providers())
        return session

    def _options(self, threads: int) -> ort.SessionOptions:
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
        return options


def _require_provider(provider: Provider, running: list[str]) -> None:
    """Refuse what runs elsewhere than was asked for: the library says nothing when it does."""
    if not running or running[0] != provider.name:
        raise EngineError(
            f"{provider.name} did not start; the network would run on "
            f"{running[0] if running else 'nothing'} instead",
            next_step="Install the libraries that the provider needs, or choose another engine.",
        )


def _check_names(card: NetworkCard, session: ort.InferenceSession) -> None:
    """Refuse a network whose single input and output are not called as ours are."""
    inputs = [each.name for each in session.get_inputs()]
    outputs = [each.name for each in session.get_outputs()]
    if inputs != [INPUT_NAME] or outputs != [OUTPUT_NAME]:
        raise EngineError(f"{card.name} takes {inputs} and gives {outputs}; that is not ours")


def _translate(error: Exception) -> EngineError:
    """Tell errors apart by their words: the library raises private classes of its own."""
    return memory_or_engine_error("onnxruntime", error, _MEMORY_WORDS)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
