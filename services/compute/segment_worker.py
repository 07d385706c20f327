"""What a worker of a pool does with an order: fetch once, bind, render, verify, put, forget.

An order is of segments of a clip, or of a whole photograph.
It knows neither the job's records nor its evidence log; what it has to say lies in the store. The
file as received is fetched once per job and leaves again when other jobs need its place. Networks
stay warm.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import catalog
from pipelines.evidence.archive_name import safe_part
from pipelines.evidence.json_value import Json
from pipelines.graph.plan import read_plan
from pipelines.media.photo import planes_digest
from pipelines.media.pool import DecodePool
from pipelines.media.scratch_pages import GivingBack
from pipelines.ports import SilentProgress
from pipelines.run.clip_part import Part, bind_part
from pipelines.run.clip_pixels import SegmentRenderer, segment_names
from pipelines.run.durable_file import refusal
from pipelines.run.job import StopAsked
from pipelines.run.judging import listening
from pipelines.run.marks import Mark
from pipelines.run.photo_part import render_photo_part
from pipelines.run.plane_files import save_planes
from pipelines.run.replay_networks import PlannedNetworks
from pipelines.stages.export.gathered import hardware_facts
from pipelines.stages.ingest import Received, receive
from services.compute.finished import FinishedSegment
from services.compute.finished_photo import FinishedPhoto
from services.compute.order import Ended, Order, Stored
from services.compute.part_file import read_part
from services.compute.work_objects import WorkObjects
from services.storage.port import ObjectStore

SOURCES_KEPT = 2
NETWORKS_KEPT = 4


class Watch(SilentProgress):
    """A `Progress` that counts frames, and stops the work within one when it is asked to."""

    def __init__(self, is_stopped: Callable[[], bool]) -> None:
        self.frames = 0
        self._is_stopped = is_stopped

    def start(self, stage: str, total: int) -> None:
        """Look whether to go on."""
        del stage, total
        self.advance(0)

    def advance(self, steps: int = 1) -> None:
        """Count, and raise StopAsked where nobody wants more."""
        self.frames += steps
        if self._is_stopped():
            raise StopAsked("stopped")


@dataclass(frozen=True, slots=True)
class _Taken:
    """An order with what was fetched for it. `folder` is the order's own."""

    order: Order
    objects: WorkObjects
    received: Received
    part: Part
    folder: Path
    watch: Watch
    networks: PlannedNetworks


class SegmentWorker:
    """Does orders one after another. `folder` is its own; `where` it is goes into entries."""

    def __init__(self, store: ObjectStore, folder: Path, *, where: Mapping[str, Json]) -> None:
        self._store = store
        self._folder = folder
        self._where = {**where, **_machine()}
        self._pool = DecodePool()
        self._sources: OrderedDict[str, Received] = OrderedDict()
        self._networks: OrderedDict[str, PlannedNetworks] = OrderedDict()

    def render(self, order: Order, watch: Watch) -> Ended:
        """Render the order's segments; each is in the store before the next one is."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryDirectory(dir=self._folder, prefix="order-") as folder:
                self._render(order, Path(folder), watch)
        except StopAsked:
            return Ended(stopped=True)
        except OSError as error:
            return Ended.of(refusal(self._folder, error))
        except Exception as error:  # noqa: BLE001 - the border: whose job it is decides
            return Ended.of(error)
        return Ended()

    def close(self) -> None:
        """End the decode children and remove what was fetched."""
        self._pool.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _render(self, order: Order, folder: Path, watch: Watch) -> None:
        objects = WorkObjects(self._store, order.job)
        part = read_part(objects.read(order.part))
        received = self._received(order, objects, watch)
        taken = _Taken(order, objects, received, part, folder, watch, self._networks_of(part))
        if order.index is None:
            self._photo(taken)
        else:
            self._segments(taken, order.index)

    def _photo(self, taken: _Taken) -> None:
        """Compute a photograph, put its planes into the store, then the word that it is there."""
        known, folder = len(taken.networks.replans()), taken.folder
        with GivingBack() as pages:
            planes = render_photo_part(
                taken.part,
                received=taken.received,
                scratch=folder,
                pool=self._pool,
                progress=taken.watch,
                networks=taken.networks,
                pages=pages,
            )
            stored = []
            for path in save_planes(folder, planes):
                taken.watch.advance(0)
                stored.append(taken.objects.put_file(path))
            photo = FinishedPhoto(
                plan_sha256=taken.order.plan_sha256,
                samples=planes_digest(planes),
                planes=tuple(stored),
                replans=tuple(taken.networks.replans()[known:]),
                where=self._where,
            )
        taken.objects.finish(0, photo.dump())

    def _segments(self, taken: _Taken, index: Stored) -> None:
        """Render an order's segments; each is in the store before the next one is."""
        order, folder, networks = taken.order, taken.folder, taken.networks
        path = folder / "index"
        taken.objects.fetch(index, path)
        known = len(networks.replans())
        work = bind_part(
            taken.part,
            index=path,
            received=taken.received,
            work=folder,
            pool=self._pool,
            progress=taken.watch,
            networks=networks,
        )

        def finished(mark: Mark) -> None:
            self._put(taken, mark, networks.replans()[known:])

        SegmentRenderer(work, listening(work), finished).run(order.segments)

    def _received(self, order: Order, objects: WorkObjects, watch: Watch) -> Received:
        """The file as received, fetched unless it lies here, hashed whenever it was."""
        sha256 = order.source.sha256
        if sha256 in self._sources:
            self._sources.move_to_end(sha256)
            return self._sources[sha256]
        while len(self._sources) >= SOURCES_KEPT:
            _, oldest = self._sources.popitem(last=False)
            shutil.rmtree(oldest.path.parent, ignore_errors=True)
        folder = self._folder / sha256
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / safe_part(order.name)
        objects.fetch(order.source, path, heard=lambda: watch.advance(0))
        self._sources[sha256] = receive(path, watch)
        watch.frames = 0  # bytes were counted, to hear whether to stop
        return self._sources[sha256]

    def _networks_of(self, part: Part) -> PlannedNetworks:
        """The plan's networks; those that had to be planned anew are loaded as planned again."""
        planned = read_plan(part.plan).networks
        key = json.dumps(planned, sort_keys=True)
        warm = self._networks.pop(key, None)
        if warm is None or warm.replans():
            warm = PlannedNetworks(
                planned, {str(one["model"]): catalog.current() for one in planned}
            )
        self._networks[key] = warm
        while len(self._networks) > NETWORKS_KEPT:
            self._networks.popitem(last=False)
        return warm

    def _put(self, taken: _Taken, mark: Mark, replans: Sequence[str]) -> None:
        """Put all files of a verified segment into the store, then the word that it is there."""
        files: dict[str, Stored] = {}
        paths = [taken.folder / name for name in segment_names(mark.number, mark.first, mark.stop)]
        for path in paths:
            if path.exists():
                taken.watch.advance(0)
                files[path.name] = taken.objects.put_file(path)
        taken.objects.finish(
            mark.number,
            FinishedSegment(
                plan_sha256=taken.order.plan_sha256,
                mark=mark,
                files=files,
                replans=tuple(replans),
                where=self._where,
            ).dump(),
        )
        for path in paths:
            path.unlink(missing_ok=True)


def _machine() -> dict[str, Any]:
    hardware = {fact.name: fact.value for fact in hardware_facts()}
    return {"host": platform.node(), "process": os.getpid(), "hardware": hardware}
