"""Operations whose network looks at the whole picture, and the same with its answer at hand.

Under any tiling rule but `exact` each sample of a result may depend on every sample that came in,
so whoever works in regions would have the network run once for each of them. Bound to one picture
(`seen`) such an operation asks its network once and cuts every region out of the one answer; the
samples are those that it gives unbound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from models.spec import WHOLE_PICTURE
from pipelines.media.picture import Block, Plane
from pipelines.operations.base import Network, Operation


@runtime_checkable
class Sighted(Protocol):
    """An operation that runs a network on pictures."""

    @property
    def sees_all(self) -> bool:
        """Whether every sample may depend on the whole picture."""

    def seen(self, block: Block) -> Operation:
        """The same operation for one picture alone; `block` is the whole of what comes in."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A network that was asked about one whole picture, and is asked about nothing else."""

    scale: int
    planes: int
    reach: int
    answer: Plane

    def run(self, plane: Plane) -> Plane:
        """Give the answer; `plane` is the picture that it belongs to."""
        if plane.shape[-1] * self.scale != self.answer.shape[-1]:
            raise ValueError("the answer is that of another picture")
        return self.answer


def answered(network: Network, plane: Plane) -> Answered:
    """Ask a network about a whole picture."""
    return Answered(network.scale, network.planes, network.reach, network.run(plane))


def looks_at_all(network: Network) -> bool:
    """Whether every sample of a network's result may depend on the whole picture."""
    return network.reach >= WHOLE_PICTURE


def sighted(operation: Operation) -> Sighted | None:
    """The operation, where it looks at whole pictures; None where it looks at regions."""
    return operation if isinstance(operation, Sighted) and operation.sees_all else None
