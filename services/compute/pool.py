"""What a job's process asks of a pool of workers: a small protocol, and nothing of Ray.

Promised by every pool: an order that was taken ends, well or badly, or the pool is lost; what an
order's worker finished before its end lies in the store. `stop` is heard within a frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pipelines.evidence.json_value import Json
from services.compute.order import Ended, Need, Order


class Handle(Protocol):
    """An order that a pool took."""

    @property
    def frames(self) -> int:
        """How many frames were rendered of it, as far as was heard."""

    @property
    def ended(self) -> Ended | None:
        """How it ended; None while it has not."""

    def stop(self) -> None:
        """Ask the worker to stop; it ends soon after."""


class WorkerPool(Protocol):
    """Workers that render orders. Safe for threads."""

    def width(self, need: Need) -> int:
        """How many orders of that need may be under way at once; 0 while the pool begins.

        Does not wait. Raises PoolLostError where the pool cannot be had.
        """

    def submit(self, order: Order) -> Handle:
        """Take an order; it waits for a worker. Raises PoolLostError."""

    def workers(self) -> tuple[Mapping[str, Json], ...]:
        """The workers there are now, for a person."""

    def close(self) -> None:
        """End all workers, and whatever was started for them."""
