"""An embedding network that an operator installed, for the drift of faces and nothing else.

The file is ONNX with one input `input`, (1, 3, side, side), and one output of any length. The
face goes in reduced or enlarged to that square, R, G, B as (value - 127.5) / 127.5. Which network
it is, its digest tells; no name of it is believed. What it says of one face is never stored.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.engines.finders import Finder, finder_of
from models.errors import EngineError, MissingWeightsError
from pipelines.analysis.found import Rgb8
from pipelines.analysis.reduced import area_means

_MOST_BYTES = 1 << 30
_MIDDLE = 127.5


class OnnxEmbedding:
    """The network, loaded. `side` is that of its input, `least_side` of the least face for it."""

    def __init__(self, finder: Finder, *, side: int, least_side: int) -> None:
        self.name = f"{finder.name}, SHA-256 {finder.sha256}"
        self.least_side = least_side
        self._side = side
        self._finder = finder

    def embed(self, face: Rgb8) -> NDArray[np.float32]:
        """(H, W, 3) uint8 R, G, B, one upright face, to (n,) float32. Raises EngineError."""
        batch = np.empty((1, 3, self._side, self._side), np.float32)
        for channel in range(3):
            fitted = area_means(face[..., channel], self._side, self._side)
            batch[0, channel] = (fitted - _MIDDLE) / _MIDDLE
        found = self._finder.run(batch)
        if len(found) != 1:
            raise EngineError(f"{self._finder.name} gives {len(found)} outputs; one is needed")
        return next(iter(found.values())).reshape(-1)


def load_embedding(path: Path, *, side: int, least_side: int, threads: int) -> OnnxEmbedding:
    """Load the network at `path`.

    Raises MissingWeightsError, UnsafeWeightsError, EngineUnavailableError or EngineError.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise MissingWeightsError(
            f"the embedding network {path} cannot be read: {error.strerror}",
            next_step="Correct or unset EVIDENT_FACE_EMBEDDING.",
        ) from error
    if len(content) > _MOST_BYTES:
        raise MissingWeightsError(
            f"the embedding network {path} is larger than {_MOST_BYTES} bytes"
        )
    digest = hashlib.sha256(content).hexdigest()
    finder = finder_of(content, name=path.stem, version="", sha256=digest, threads=threads)
    return OnnxEmbedding(finder, side=side, least_side=least_side)
