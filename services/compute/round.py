"""One attempt at a job's work on a pool: orders that are under way, and pieces that wait.

The number of orders under way is bounded, what a lost worker had not finished goes to another, and
nothing here waits without an end: workers that get nothing done for `silent_seconds` are an error
that the queue tries again later.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from pipelines.ports import Progress
from pipelines.run.clip_pixels import neighbours
from services.compute.errors import PoolLostError, PoolSilentError
from services.compute.order import Order
from services.compute.pool import Handle, WorkerPool
from services.jobs.errors import WorkerLostError

LOOK_SECONDS = 0.2
LIST_SECONDS = 1.0
END_SECONDS = 30.0
MOST_LOSSES = 3
ORDERS_PER_WORKER = 2
"""One that it works on, and one that waits in the pool so that it need not wait for us."""

LONGEST_GROUP = 8


@dataclass(frozen=True, slots=True)
class Rules:
    """`silent_seconds` without a frame is too long."""

    silent_seconds: float = 900.0


class Homecoming(Protocol):
    """What brings finished pieces home from the store; `home` are the numbers of those here."""

    home: set[int]

    @property
    def is_complete(self) -> bool:
        """Whether all that was missing is here."""

    def look(self) -> None:
        """Take what is new in the store."""


@dataclass(slots=True)
class Round:
    """One attempt. `order` is what all orders have in common."""

    pool: WorkerPool
    order: Order
    progress: Progress
    home: Homecoming
    rules: Rules
    waiting: list[tuple[int, ...]] = field(default_factory=list)
    running: dict[Handle, tuple[int, ...]] = field(default_factory=dict)
    losses: dict[int, int] = field(default_factory=dict)

    def run(self, missing: Sequence[int]) -> None:
        """Go on until every piece is here."""
        try:
            self.home.look()
            width = self._width()
            left = [one for one in missing if one not in self.home.home]
            self.waiting = list(groups(left, width))
            self._until_complete()
        finally:
            self._stop()
        self.home.look()

    def _width(self) -> int:
        """Wait until the pool has begun, and hear meanwhile whether to stop."""
        while not (width := self.pool.width(self.order.need)):
            self.progress.advance(0)
            time.sleep(LOOK_SECONDS)
        return width

    def _until_complete(self) -> None:
        heard, moved, listed = 0, time.monotonic(), 0.0
        while not self.home.is_complete:
            self.progress.advance(0)
            self._give()
            ended = self._collect()
            now = time.monotonic()
            if ended or now - listed > LIST_SECONDS:
                self.home.look()
                self._again(ended)
                listed = now
            frames = sum(one.frames for one in self.running) + len(self.home.home)
            if ended or frames != heard:
                heard, moved = frames, now
            elif now - moved > self.rules.silent_seconds:
                raise PoolSilentError(
                    f"No worker has rendered a frame for {self.rules.silent_seconds:.0f} s.",
                    next_step="Look at the pool with `evident compute status`.",
                )
            time.sleep(LOOK_SECONDS)

    def _give(self) -> None:
        """Have two orders under way for every worker that there may be, and no more."""
        most = ORDERS_PER_WORKER * self.pool.width(self.order.need)
        while self.waiting and len(self.running) < most:
            segments = self.waiting.pop(0)
            self.running[self.pool.submit(replace(self.order, segments=segments))] = segments

    def _collect(self) -> list[tuple[int, ...]]:
        """Take orders that ended; returns their segments. Raises what a worker met."""
        over = [(one, ended) for one in self.running if (ended := one.ended) is not None]
        found = []
        for handle, ended in over:
            segments = self.running.pop(handle)
            found.append(segments)
            if ended.pool_lost:
                raise PoolLostError(
                    "The pool of workers was lost.",
                    next_step="It is tried again by itself; what was finished is kept.",
                )
            if ended.error and not ended.lost:
                raise ended.fault()
        return found

    def _again(self, ended: list[tuple[int, ...]]) -> None:
        """Have rendered again what a lost worker had not finished."""
        for segments in ended:
            left = [one for one in segments if one not in self.home.home]
            for number in left:
                self.losses[number] = self.losses.get(number, 0) + 1
            if left and min(self.losses[one] for one in left) >= MOST_LOSSES:
                raise WorkerLostError(
                    f"Workers were lost {MOST_LOSSES} times over segment {left[0]}.",
                    next_step="Look at the pool's machines; the input may be what ends them.",
                )
            self.waiting.extend(tuple(run) for run in neighbours(left))

    def _stop(self) -> None:
        """Stop what is under way, and wait a moment for it: nothing is put after that."""
        for handle in self.running:
            handle.stop()
        until = time.monotonic() + END_SECONDS
        while any(one.ended is None for one in self.running) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)


def groups(missing: Sequence[int], width: int) -> Iterator[tuple[int, ...]]:
    """Cut rising numbers into runs of neighbours: long ones first, single ones at the end.

    Every order costs a decoder's start, and a worker that ends first waits for the last order of
    another; so each is half of an even share of what is left, and none too long.
    """
    left = len(missing)
    for run in neighbours(missing):
        at = 0
        while at < len(run):
            size = min(LONGEST_GROUP, -(-left // (2 * width)))
            taken = tuple(run[at : at + size])
            at, left = at + len(taken), left - len(taken)
            yield taken
