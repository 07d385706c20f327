"""Has a clip's segments rendered by a pool of workers, and brings them home through the store.

Promised: no frame passes this process; a segment counts when it lies in the work folder with its
digest, whoever reported it; a worker that is lost costs what it had not finished, and another one
gets that; of what is rendered twice one is used and the other is told of. `round` has the work
done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import EvidentError
from pipelines.run.clip_index import INDEX
from pipelines.run.clip_part import Part
from pipelines.run.clip_work import ClipWork, Rendered
from pipelines.run.durable_file import write_whole
from services.compute.finished import FinishedSegment, read_finished
from services.compute.need import need_of
from services.compute.order import Order, Stored
from services.compute.part_file import part_bytes
from services.compute.pool import WorkerPool
from services.compute.round import Round, Rules
from services.compute.work_objects import WorkObjects, job_token
from services.storage.port import ObjectStore

_TAKEN = "taken.json"


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
            need=need_of(work.plan, work.checked),
        )
        home = _Homecoming(work, objects, frozenset(missing), finished)
        try:
            Round(self._pool, order, work.progress, home, self._rules).run(missing)
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
        for key, segment in self.objects.finished(self.known, read_finished):
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


def _noted(work: Path) -> dict[str, str]:
    """Which object each segment was taken from, by its number."""
    try:
        found = json.loads((work / _TAKEN).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
