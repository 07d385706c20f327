"""What an engine is: something that loads verified weights and runs batches of planes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.spec import NetworkCard, Precision, WeightsFormat

Batch = NDArray[np.float32]
"""(N, C, H, W) float32."""


class Session(Protocol):
    """A loaded network. Calls from several threads are allowed."""

    def run(self, batch: Batch) -> Batch:
        """(N, 1, H, W) float32, nominally in 0..1, to (N, 1, scale*H, scale*W), unclamped.

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
