"""A whole platform of one process over temporary folders: records, store, worker, keeper."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.evidence.entry import Actor
from pipelines.graph.expand import Wish, expand
from pipelines.graph.spec import Preset
from services.cli.provenance_wiring import home_log
from services.cli.wiring import tools
from services.database.database import Database
from services.database.migrate import upgrade
from services.dispatch.in_process import InProcessDispatch
from services.jobs.artifacts import Artifact, Artifacts
from services.jobs.controls import Controls, Project
from services.jobs.jobs import Jobs, QueueRules
from services.jobs.outbox import Outbox
from services.jobs.renderings import Renderings
from services.jobs.values import JobView, NewStage, Submission
from services.orchestrator.keeper import Keeper, KeeperPace
from services.orchestrator.rendered import Memories, MemoryRules
from services.orchestrator.this_process import ThisProcess
from services.orchestrator.worker import Worker
from services.provenance.local_log import LocalLog
from services.provenance.pending import PendingEntries
from services.settings.settings import Settings
from services.storage.keys import artifact_key
from services.storage.opening import open_folder
from services.storage.port import ObjectStore

ACTOR = Actor("tester", "session", "host", "evident test")
LANE = "photo"


@dataclass(frozen=True, slots=True)
class Platform:
    """The rooms of a running platform."""

    database: Database
    jobs: Jobs
    artifacts: Artifacts
    store: ObjectStore
    pending: PendingEntries
    log: LocalLog
    worker: Worker
    keeper: Keeper
    work: Path

    def upload(self, data: bytes, name: str = "photo.png") -> str:
        """Store bytes for the project and return their digest."""
        sha256 = hashlib.sha256(data).hexdigest()
        key = artifact_key(sha256[:32])
        self.store.put(key, [data])
        digest = f"sha256:{sha256}"
        artifact = Artifact(digest, key, len(data), "image/png")
        self.artifacts.add("p", artifact, name=name)
        return digest

    def submit(self, digest: str, **changed: object) -> str:
        """Ask for the gentlest job over a photograph."""
        graph = expand("photo", Preset.FORENSIC_SAFE, digest, Wish(credentials="none"))
        asked = Submission(
            project="p",
            principal="somebody",
            request_id="r-1",
            pipeline="photo",
            preset=graph.preset.value,
            graph=graph.canonical(),
            graph_sha256=graph.digest(),
            inputs=(digest,),
            stages=(NewStage("whole", LANE),),
            request_sha256=graph.digest(),
        )
        return self.jobs.submit(replace(asked, **changed)).job.id

    def wait(self, job: str, *states: str, seconds: float = 120) -> JobView:
        """Wait until the job is in one of the states, or over."""
        deadline = time.monotonic() + seconds
        while True:
            view = self.jobs.get(job)
            if view.state in states or view.state.is_final:
                return view
            assert time.monotonic() < deadline, view
            time.sleep(0.02)

    def read(self, digest: str) -> bytes:
        """Read an artifact of the project."""
        artifact = self.artifacts.find("p", digest)
        assert artifact is not None
        with self.store.open(artifact_key(artifact.object_key[-32:])) as pieces:
            return b"".join(pieces)


@contextmanager
def platform(url: str, home: Path, *, start: bool = True) -> Iterator[Platform]:
    """Open a platform on the records at `url`; its worker and keeper run unless told not to."""
    with ExitStack() as open_rooms:
        database = Database(url)
        open_rooms.callback(database.close)
        upgrade(database)
        Controls(database).set_project(Project("p", "P"))
        settings = Settings(home=home, operator="tester")
        sealing = open_rooms.enter_context(home_log(settings, database))
        log, pending = sealing.log, sealing.pending
        shared = open_rooms.enter_context(tools(settings, evidence=sealing.evidence))
        jobs = Jobs(database, actor=ACTOR, rules=QueueRules(lease_seconds=10))
        artifacts = Artifacts(database)
        store = open_folder(home / "artifacts").objects
        executor = ThisProcess(
            shared,
            artifacts=artifacts,
            store=store,
            sealer=sealing.sealer,
            folder=home / "work",
            is_over=jobs.is_over,
            memories=Memories(store, Renderings(database), MemoryRules(1 << 30, timedelta(days=1))),
        )
        worker = Worker(jobs, executor, lanes=[LANE])
        dispatch = InProcessDispatch()
        keeper = Keeper(
            jobs, Outbox(database), dispatch, pending, log, pace=KeeperPace(poll_seconds=0.2)
        )
        opened = Platform(
            database, jobs, artifacts, store, pending, log, worker, keeper, home / "work"
        )
        if start:
            open_rooms.enter_context(dispatch.listening([LANE], worker.wake))
            open_rooms.callback(worker.drain)
            open_rooms.callback(keeper.stop)
            worker.start()
            keeper.start()
        yield opened
        assert worker.fault is None
        assert keeper.fault is None


def picture(seed: int = 1, side: int = 24) -> bytes:
    """A small photograph as PNG, another for each seed."""
    samples = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(samples).save(out, "PNG")
    return out.getvalue()
