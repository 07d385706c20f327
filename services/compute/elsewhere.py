"""Has a clip's segments rendered by a pool of workers, and brings them home through the store.

Promised: no frame passes this process; a segment counts when it lies in the work folder with its
digest, whoever reported it; a worker that is lost costs what it had not finished, and another one
gets that; of what is rendered twice one is used and the other is told of. The number of orders
under way is bounded, and nothing here waits without an end: workers that get nothing done for
`silent_seconds` are an error that the queue tries again later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import EvidentError
from pipelines.run.clip_index import INDEX
from pipelines.run.clip_part import Part
from pipelines.run.clip_pixels import neighbours
from pipelines.run.clip_work import ClipWork, Rendered
from pipelines.run.durable_file import write_whole
from services.compute.errors import PoolLostError, PoolSilentError
from services.compute.finished import FinishedSegment
from services.compute.need import need_of
from services.compute.order import Order, Stored
from services.compute.part_file import part_bytes
from services.compute.pool import Handle, WorkerPool
from services.compute.work_objects import WorkObjects, job_token
from services.jobs.errors import WorkerLostError
from services.storage.port import ObjectStore

LOOK_SECONDS = 0.2
LIST_SECONDS = 1.0
END_SECONDS = 30.0
MOST_LOSSES = 3
GROUPS_PER_WORKER = 4
ORDERS_PER_WORKER = 2
"""One that it works on, and one that waits in the pool so that it need not wait for us."""

LONGEST_GROUP = 8

_TAKEN = "taken.json"


@dataclass(frozen=True, slots=True)
class Rules:
    """`silent_seconds` without a frame is too long."""

    silent_seconds: float = 900.0


class Elsewhere:
    """A `SegmentPlace` for one job: `source` is its file as received, as it lies in the store."""

    def __init__(
        self, pool: WorkerPool, store: ObjectStore, source: Stored, *, rules: Rules | None = None
    ) -> None:
        self._pool = pool
        self._store = store
        self._source = source
        self._rules = rules or Rules()

    def render(
        self, work: ClipWork, missing: Sequence[int], finished: Callable[[Rendered], None]
    ) -> None:
        """Render the segments with these numbers; see `SegmentPlace`."""
        objects = WorkObjects(self._store, job_token(work.job))
        part, index = objects.put(part_bytes(Part.of(work))), objects.put_file(work.work / INDEX)
        order = Order(
            job=job_token(work.job),
            source=self._source,
            name=work.received.name,
            part=part,
            index=index,
            plan_sha256=work.plan.digest(),
            segments=(),
            need=need_of(work),
        )
        home = _Homecoming(work, objects, frozenset(missing), finished)
        try:
            _Round(self._pool, order, work, home, self._rules).run(missing)
            objects.clear()
        finally:
            with suppress(EvidentError):  # what stays goes with the job
                objects.remove(part.key, index.key)


@dataclass(slots=True)
class _Homecoming:
    """Brings finished segments from the store into the work folder, each once."""

    work: ClipWork
    objects: WorkObjects
    missing: frozenset[int]
    finished: Callable[[Rendered], None]
    home: set[int] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    @property
    def is_complete(self) -> bool:
        """Whether all that was missing is here."""
        return self.home >= self.missing

    def look(self) -> None:
        """Take what is new in the store."""
        for key, segment in self.objects.finished(self.known):
            self.known.add(key)
            if segment is None or segment.plan_sha256 != self.work.plan.digest():
                self.objects.remove(key)
                continue
            self._take(key, segment)

    def _take(self, key: str, segment: FinishedSegment) -> None:
        number = segment.mark.number
        ranges = self.work.ranges
        if number >= len(ranges) or ranges[number] != (segment.mark.first, segment.mark.stop):
            self.objects.remove(key)
            return
        noted = _noted(self.work.work)
        is_here = number in self.home or number not in self.missing
        if not is_here:
            for name, stored in segment.files.items():
                self.objects.fetch(stored, self.work.work / name)
            write_whole(self.work.work / _TAKEN, json.dumps({**noted, str(number): key}).encode())
        if not is_here or noted.get(str(number)) != key:
            self.finished(Rendered(segment.mark, segment.replans, segment.where))
        if not is_here:
            self.home.add(number)
            self.work.progress.advance(segment.mark.stop - segment.mark.first)
        self.objects.remove(key, *(one.key for one in segment.files.values()))


@dataclass(slots=True)
class _Round:
    """One attempt: orders that are under way, and segments that wait."""

    pool: WorkerPool
    order: Order
    work: ClipWork
    home: _Homecoming
    rules: Rules
    waiting: list[tuple[int, ...]] = field(default_factory=list)
    running: dict[Handle, tuple[int, ...]] = field(default_factory=dict)
    losses: dict[int, int] = field(default_factory=dict)

    def run(self, missing: Sequence[int]) -> None:
        """Go on until every segment is here."""
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
            self.work.progress.advance(0)
            time.sleep(LOOK_SECONDS)
        return width

    def _until_complete(self) -> None:
        heard, moved, listed = 0, time.monotonic(), 0.0
        while not self.home.is_complete:
            self.work.progress.advance(0)
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
            self.running[self.pool.submit(_with(self.order, segments))] = segments

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
    """Cut rising numbers into runs of neighbours: a few for every worker, none too long."""
    size = max(1, min(LONGEST_GROUP, -(-len(missing) // (width * GROUPS_PER_WORKER))))
    for run in neighbours(missing):
        for at in range(0, len(run), size):
            yield tuple(run[at : at + size])


def _with(order: Order, segments: tuple[int, ...]) -> Order:
    return Order(
        job=order.job,
        source=order.source,
        name=order.name,
        part=order.part,
        index=order.index,
        plan_sha256=order.plan_sha256,
        segments=segments,
        need=order.need,
    )


def _noted(work: Path) -> dict[str, str]:
    """Which object each segment was taken from, by its number."""
    try:
        found = json.loads((work / _TAKEN).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
