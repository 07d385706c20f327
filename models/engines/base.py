"""What an engine is: something that loads verified weights and runs batches of planes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineError, OutOfMemoryError
from models.spec import NetworkCard, Precision, WeightsFormat

Batch = NDArray[np.float32]
"""(N, C, H, W) float32."""


class Session(Protocol):
    """A loaded network. Calls from several threads are allowed."""

    def run(self, batch: Batch) -> Batch:
        """(N, C, H, W) float32, nominally in 0..1, to (N, C, scale*H, scale*W), unclamped.

        Raises OutOfMemoryError, or EngineError for anything else that goes wrong.
        """


class Engine(Protocol):
    """One way to run networks."""

    @property
    def name(self) -> str:
        """The engine's name in plans, for example `onnxruntime`."""

    @property
    def version(self) -> str:
        """The engine's version as major.minor.patch."""

    @property
    def device_class(self) -> str:
        """The kind of device it runs on; results are identical only within one kind."""

    @property
    def weights_format(self) -> WeightsFormat:
        """The format in which it takes weights."""

    @property
    def precisions(self) -> frozenset[Precision]:
        """The precisions in which it can run."""

    def load(
        self, card: NetworkCard, weights: bytes, *, threads: int, precision: Precision
    ) -> Session:
        """Load verified weights.

        Raises PrecisionError when the engine cannot run in `precision`, EngineError when the
        weights are not the network that the card describes.
        """


def memory_or_engine_error(
    engine: str, error: Exception, memory_words: Sequence[str]
) -> EngineError:
    """Turn a library's error into ours: a lack of memory by its class or words, else a failure."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    lacking = any(words in str(error).lower() for words in memory_words)
    if lacking or isinstance(error, MemoryError):
        return OutOfMemoryError(f"the network did not fit into memory: {line}")
    return EngineError(f"{engine} failed: {line}")
