"""A small clip, or a photograph, run to its end here or by a pool of workers."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.evidence.json_value import Json
from pipelines.graph.expand import bind
from pipelines.ports import SilentProgress
from pipelines.run.clip_work import SegmentPlace
from pipelines.run.job import JobId, Outcome, Request, Tools
from pipelines.run.photo_work import PhotoPlace
from pipelines.run.runner import run_job
from services.cli.wiring import tools
from services.compute.elsewhere import Elsewhere
from services.compute.order import Ended, Need, Order, Stored
from services.compute.photo_elsewhere import PhotoElsewhere
from services.compute.pool import WorkerPool
from services.compute.round import Rules
from services.compute.segment_worker import SegmentWorker, Watch
from services.compute.work_objects import job_token
from services.settings.settings import Settings
from services.storage.keys import artifact_key, object_key, work_prefix
from services.storage.opening import open_folder
from services.storage.port import ObjectStore
from services.storage.transfer import put_file
from tests.e2e.command_kit import entries_of, ledger_of, make_clip

SEGMENTS = 5
FRAMES = 44


def small_clip(path: Path, *, frames: int = FRAMES, size: tuple[int, int] = (96, 64)) -> Path:
    """A clip of five frames per second: ten to a segment."""
    return make_clip(path, frames=frames, step=512 * 5, size=size)


def mixing(operations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A graph whose frames depend on their neighbours across every segment's border.

    Without content credentials, which hold random numbers, a result is the same to the byte.
    """
    chosen = operations or [{"op": "denoise_temporal", "radius": 2}]
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {"name": "enhance", "kind": "enhance", "needs": ["ingest"],
         "params": {"operations": chosen}},
        {"name": "qa", "kind": "qa", "needs": ["enhance"]},
        {"name": "export", "kind": "export", "needs": ["qa", "enhance"],
         "params": {"credentials": "none"}},
    ]  # fmt: skip
    return {"version": 1, "preset": "balanced", "stages": stages}


@dataclass
class _Task:
    """An order in a thread."""

    order: Order
    watch: Watch
    stopped: threading.Event
    ended: Ended | None = None

    @property
    def frames(self) -> int:
        """How far it is."""
        return self.watch.frames

    def stop(self) -> None:
        """Ask it to stop."""
        self.stopped.set()

    def __hash__(self) -> int:
        """Handles are keys."""
        return id(self)


@dataclass
class Threads:
    """A pool of threads in this process, for tests: `meddle` may change how an order ends."""

    store: ObjectStore
    folder: Path
    count: int = 2
    meddle: Callable[[Order, Ended], Ended] = lambda _order, ended: ended
    taken: list[Order] = field(default_factory=list)
    most: int = 0
    _running: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def width(self, need: Need) -> int:
        """As many as were asked for."""
        return self.count

    def submit(self, order: Order) -> _Task:
        """Begin at once."""
        stopped = threading.Event()
        task = _Task(Order.load(order.dump()), Watch(stopped.is_set), stopped)
        with self._lock:
            self.taken.append(order)
            self._running += 1
            self.most = max(self.most, self._running)
        threading.Thread(target=self._work, args=(task,), daemon=True).start()
        return task

    def workers(self) -> tuple[Mapping[str, Json], ...]:
        """None that a person would know."""
        return ()

    def close(self) -> None:
        """Nothing stays."""

    def _work(self, task: _Task) -> None:
        folder = self.folder / uuid.uuid4().hex
        worker = SegmentWorker(self.store, folder, where={"pool": "threads"})
        try:
            ended = self.meddle(task.order, worker.render(task.order, task.watch))
        finally:
            worker.close()
        with self._lock:
            self._running -= 1
        task.ended = ended


@dataclass(frozen=True)
class Bench:
    """A home, a store with a clip or photograph in it, and tools with one thread."""

    folder: Path
    clip: Path
    store: ObjectStore
    source: Stored
    tools: Tools

    def over(self, path: Path) -> Bench:
        """The same with another file."""
        return replace(self, clip=path, source=_kept(self.store, path))

    def elsewhere(self, pool: WorkerPool, *, silent_seconds: float = 300.0) -> Elsewhere:
        """The place that a pool is for a job."""
        rules = Rules(silent_seconds=silent_seconds)
        return Elsewhere(pool, self.store, self.source, rules=rules)

    def photos_elsewhere(self, pool: WorkerPool, *, silent_seconds: float = 300.0) -> PhotoPlace:
        """The place that a pool is for a job over a photograph."""
        rules = Rules(silent_seconds=silent_seconds)
        return PhotoElsewhere(pool, self.store, self.source, rules=rules)

    def run(
        self,
        place: SegmentPlace | None,
        *,
        graph: dict[str, Any] | None = None,
        out: str = "",
        job: str = "",
        progress: Any = None,
        photos: PhotoPlace | None = None,
    ) -> Outcome:
        """Run the job to its end, whatever that is; the same `out` and `job` go on."""
        request = Request(
            path=self.clip,
            out=self.folder / (out or uuid.uuid4().hex),
            graph_maker=lambda _pipeline, artifact: bind(graph or mixing(), artifact),
            resume=True,
            job=JobId(job or str(uuid.uuid4())),
        )
        tools = replace(self.tools, elsewhere=place, photos_elsewhere=photos)
        return run_job(request, tools, progress or SilentProgress())

    def left(self, job: str) -> list[str]:
        """Keys of a job's temporary objects that lie in the store."""
        return [one.key for one in self.store.list(work_prefix(job_token(job)))]


@contextmanager
def bench(
    folder: Path, *, frames: int = FRAMES, size: tuple[int, int] = (96, 64)
) -> Iterator[Bench]:
    """Make the clip, put it into a store, and open the tools of a process with one thread."""
    clip = small_clip(folder / "clip.mp4", frames=frames, size=size)
    with table_with(folder, clip) as opened:
        yield opened


@contextmanager
def table_with(folder: Path, clip: Path) -> Iterator[Bench]:
    """Put a file into a store, and open the tools of a process with one thread."""
    store = open_folder(folder / "artifacts").objects
    settings = Settings(home=folder / "home", operator="tester", threads=1, engine="onnxruntime")
    with tools(settings) as shared:
        yield Bench(folder, clip, store, _kept(store, clip), shared)


def _kept(store: ObjectStore, path: Path) -> Stored:
    """A file as the store keeps it."""
    key = artifact_key(uuid.uuid4().hex)
    stored = put_file(store, key, path)
    return Stored(object_key(key), stored.sha256, stored.size)


def facts_of(outcome: Outcome) -> dict[str, Any]:
    """All that must be the same wherever segments were rendered: samples, coded bytes, maps."""
    assert outcome.error == "", outcome.error
    assert outcome.bundle is not None
    entries = entries_of(outcome.bundle)
    qa = next(one["body"] for one in entries if one["kind"] == "qa")
    plans = {one["body"]["plan_sha256"] for one in entries if one["kind"] == "plan"}
    maps = sorted(one.name for one in outcome.bundle.parent.rglob("*.png"))
    return {
        "ledger": ledger_of(outcome.bundle),
        "coded": {
            (one["segment"], line["sha256"])
            for one in operations_of(outcome)
            for line in one["outputs"]
        },
        "qa": json.dumps(qa, sort_keys=True),
        "plans": sorted(plans),
        "maps": maps,
    }


def operations_of(outcome: Outcome) -> list[dict[str, Any]]:
    """The entries about segments."""
    assert outcome.bundle is not None
    return [one["body"] for one in entries_of(outcome.bundle) if one["kind"] == "operation"]


def repeats_of(outcome: Outcome) -> list[dict[str, Any]]:
    """The entries about segments that were rendered twice."""
    assert outcome.bundle is not None
    found = entries_of(outcome.bundle)
    return [one["body"] for one in found if one["kind"] == "segment.repeated"]


def photo_facts_of(outcome: Outcome) -> dict[str, Any]:
    """All that must be the same wherever a photograph was computed: the file, the laws, maps."""
    assert outcome.error == "", outcome.error
    assert outcome.bundle is not None
    entries = entries_of(outcome.bundle)
    bodies = {kind: _bodies(entries, kind) for kind in ("plan", "laws", "qa")}
    maps = sorted(one.name for one in outcome.bundle.parent.rglob("*.png"))
    return {**bodies, "file": outcome.outputs[0].sha256, "maps": maps}


def _bodies(entries: list[dict[str, Any]], kind: str) -> set[str]:
    """What entries of a kind say; every attempt says it once more."""
    return {json.dumps(one["body"], sort_keys=True) for one in entries if one["kind"] == kind}
