"""Networks that find things instead of making pictures: one picture in, named arrays out.

They run on ONNX Runtime on the processor, in fp32, and on nothing else: where faces are found
must not depend on which engine happens to be the fastest here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models import weights
from models.engines import choice
from models.engines.base import Batch
from models.errors import EngineError, EngineUnavailableError, MissingWeightsError, NotFiniteError
from models.spec import NetworkCard, WeightsFormat

ENGINE = "onnxruntime"


class NamedOutputs(Protocol):
    """A loaded network. Calls from several threads are allowed."""

    def run(self, batch: Batch) -> Mapping[str, Batch]:
        """(1, C, H, W) float32 to float32 arrays by name."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A network that is ready to run, and what a record says about it."""

    name: str
    version: str
    sha256: str
    engine: str
    session: NamedOutputs

    def run(self, batch: Batch) -> Mapping[str, Batch]:
        """Run one picture. Raises EngineError, NotFiniteError for a result that is not finite."""
        found = self.session.run(batch)
        if not all(np.isfinite(one).all() for one in found.values()):
            raise NotFiniteError(f"{self.name} gave NaN or infinity")
        return found


def is_available() -> bool:
    """Whether the engine that runs them is installed."""
    return any(each.name == ENGINE and each.is_available for each in choice.listing())


def load_finder(card: NetworkCard, *, threads: int) -> Finder:
    """Load the network of `card`, its weights proven first.

    Raises MissingWeightsError, AlteredWeightsError, EngineUnavailableError or EngineError.
    """
    form = WeightsFormat.ONNX
    if form not in card.files:
        raise MissingWeightsError(
            f"the weights of {card.name} are not installed",
            next_step=f"Run `evident models fetch {card.name}`, or import the file.",
        )
    content = weights.read_verified(card, form)
    return finder_of(
        content,
        name=card.name,
        version=card.version,
        sha256=card.files[form].sha256,
        threads=threads,
    )


def finder_of(content: bytes, *, name: str, version: str, sha256: str, threads: int) -> Finder:
    """Load a network from the bytes of an ONNX file that were checked by the caller."""
    weights.refuse_unsafe(content, name=f"{name}.onnx", form=WeightsFormat.ONNX)
    engine = choice.resolve(ENGINE)
    load = getattr(engine, "load_finder", None)
    if load is None:
        raise EngineUnavailableError(f"{engine.name} runs no networks that find things")
    session: NamedOutputs = load(name, content, threads=threads)
    return Finder(name, version, sha256, f"{engine.name} {engine.version}", session)


def require_outputs(found: Mapping[str, Batch], names: tuple[str, ...], network: str) -> None:
    """Raise EngineError where a network did not give every array that is read."""
    missing = [name for name in names if name not in found]
    if missing:
        raise EngineError(f"{network} gave no {missing[0]}; it is another network")
