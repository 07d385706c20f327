"""Has a photograph computed by a worker of a pool, and brings its samples home through the store.

Promised: one order is the whole photograph; its samples count when they lie here with the digest
that the worker stated, whoever reported it; a worker that is lost costs what it did, and another
one begins anew; of what is computed twice one is used and the other is told of.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pipelines.errors import EvidentError
from pipelines.evidence.json_value import Json
from pipelines.media.photo import planes_digest
from pipelines.media.picture import Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.photo_part import part_of_photo
from pipelines.run.photo_work import PhotoWork, RenderedPhoto
from pipelines.run.plane_files import mapped_planes, plane_paths, taken_planes
from services.compute.errors import NotFinishedError
from services.compute.finished_photo import FinishedPhoto, read_finished_photo
from services.compute.need import need_of
from services.compute.order import Order, Stored
from services.compute.part_file import part_bytes
from services.compute.pool import WorkerPool
from services.compute.round import Round, Rules
from services.compute.work_objects import WorkObjects, job_token
from services.storage.port import ObjectStore

WHOLE = 0


class PhotoElsewhere:
    """A `PhotoPlace` for one job: `source` is its file as received, as it lies in the store."""

    def __init__(
        self, pool: WorkerPool, store: ObjectStore, source: Stored, *, rules: Rules | None = None
    ) -> None:
        self._pool = pool
        self._store = store
        self._source = source
        self._rules = rules or Rules()

    def render_photo(self, work: PhotoWork, pages: GivingBack) -> RenderedPhoto:
        """Have the samples computed; see `PhotoPlace`."""
        objects = WorkObjects(self._store, job_token(work.job))
        part = objects.put(part_bytes(part_of_photo(work)))
        order = Order(
            job=job_token(work.job),
            source=self._source,
            name=work.received.name,
            part=part,
            index=None,
            plan_sha256=work.plan.digest(),
            segments=(WHOLE,),
            need=need_of(work.plan, work.checked),
        )
        home = _Homecoming(work, objects, pages)
        work.progress.start("enhancing", 0)
        try:
            Round(self._pool, order, work.progress, home, self._rules).run((WHOLE,))
            objects.clear()
        finally:
            with suppress(EvidentError):  # what stays goes with the job
                objects.remove(part.key)
        return home.rendered()


@dataclass(slots=True)
class _Homecoming:
    """Brings the samples home, once."""

    work: PhotoWork
    objects: WorkObjects
    pages: GivingBack
    home: set[int] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    planes: tuple[Samples, ...] = ()
    used: FinishedPhoto | None = None
    repeats: list[Mapping[str, Json]] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether the samples are here."""
        return WHOLE in self.home

    def look(self) -> None:
        """Take what is new in the store."""
        for key, photo in self.objects.finished(self.known, read_finished_photo):
            self.known.add(key)
            if photo is None or photo.plan_sha256 != self.work.plan.digest():
                self.objects.remove(key)
                continue
            try:
                if self.is_complete:
                    self.repeats.append(photo.where)
                else:
                    self._take(photo)
            finally:  # what is not right is not found right another time
                self.objects.remove(key, *(one.key for one in photo.planes))

    def rendered(self) -> RenderedPhoto:
        """What came home."""
        assert self.used is not None  # noqa: S101 - a round ends complete or raises
        return RenderedPhoto(
            self.planes, self.used.replans, self.used.where, repeats=tuple(self.repeats)
        )

    def _take(self, photo: FinishedPhoto) -> None:
        """Fetch the planes and check them. Raises NotFinishedError where they are others."""
        folder, shape = self.work.work, self.work.result
        if len(photo.planes) != shape.layout.plane_count:
            raise NotFinishedError("A worker handed over a photograph of another shape.")
        paths = plane_paths(folder, len(photo.planes))
        try:
            for stored, path in zip(photo.planes, paths, strict=True):
                self.objects.fetch(stored, path)
            try:
                mapped = mapped_planes(folder, shape)
            except ValueError as error:
                raise NotFinishedError(
                    f"A worker handed over a photograph of another shape ({error})."
                ) from error
            planes = taken_planes(mapped, shape, scratch=folder, pages=self.pages)
        finally:
            for path in paths:
                path.unlink(missing_ok=True)
        if planes_digest(planes) != photo.samples:
            raise NotFinishedError("A worker handed over samples other than those it stated.")
        self.planes, self.used = planes, photo
        self.home.add(WHOLE)
