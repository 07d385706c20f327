"""A deployment on loopback (PostgreSQL, Redis, orchestrators of their own processes), and deaths.

Everything that is killed gets SIGKILL, so nothing is said goodbye to. Moments are drawn from a
seed; what a run meets at a moment is the machine's business, so a pass is no proof and a failure
is one.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import func, select

from pipelines.evidence.entry import Actor
from pipelines.graph.spec import Graph, parse_graph
from services.database.database import Database
from services.database.migrate import upgrade
from services.database.tables import attempts, job_events, jobs, pending_entries, stages
from services.jobs.artifacts import Artifact, Artifacts
from services.jobs.controls import Controls, Project
from services.jobs.jobs import Jobs
from services.jobs.values import NewStage, Submission
from services.storage.keys import artifact_key, object_key
from services.storage.opening import open_folder
from tests.servers.temporary_postgres import TemporaryPostgres
from tests.servers.temporary_redis import TemporaryRedis

ROOT = Path(__file__).resolve().parents[2]
ACTOR = Actor("chaos", "session", "host", "evident test")
LEASE_SECONDS = "3"
INPUTS = 4


class Deployment:
    """Servers, processes and a batch of jobs. `duties` names the processes to run."""

    def __init__(
        self, home: Path, postgres: TemporaryPostgres, redis: TemporaryRedis, duties: Sequence[str]
    ) -> None:
        self.home = home
        self.postgres = postgres
        self.redis = redis
        self._duties = list(duties)
        self._url = postgres.database()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.database = Database(self._url)
        upgrade(self.database)
        Controls(self.database).set_project(Project("p", "P"))
        self.jobs = Jobs(self.database, actor=ACTOR)
        self.artifacts = Artifacts(self.database)
        self.store = open_folder(home / "artifacts").objects

    def start(self) -> None:
        """Start every process."""
        self._processes = [self._started(number) for number in range(len(self._duties))]

    def stop(self) -> None:
        """End every process as an operator does."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            assert process.wait(60) == 0
        self._processes = []

    def require_well(self) -> None:
        """Fail where a process ended by itself, with its last words."""
        for number, process in enumerate(self._processes):
            if process.poll() is not None:
                said = (self.home / f"process-{number}.log").read_text()
                raise AssertionError(f"process {number} ended: {said[-2000:]}")

    def kill_all(self) -> None:
        """End what is left, after a failure."""
        for process in self._processes:
            process.kill()
            process.wait()

    def kill_one(self, chance: random.Random, duty: str) -> None:
        """Kill one process of that duty at once, and start another in its place."""
        number = chance.choice([n for n, one in enumerate(self._duties) if one == duty])
        self._processes[number].kill()
        self._processes[number].wait()
        self._processes[number] = self._started(number)

    def upload(self, seed: int) -> str:
        """Store a tiny photograph and return its digest."""
        samples = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        out = io.BytesIO()
        Image.fromarray(samples).save(out, "PNG")
        sha256 = hashlib.sha256(out.getvalue()).hexdigest()
        key = artifact_key(sha256[:32])
        self.store.put(key, [out.getvalue()])
        artifact = Artifact(f"sha256:{sha256}", key, out.tell(), "image/png")
        self.artifacts.add("p", artifact, name="photo.png")
        return artifact.digest

    def submit(self, digest: str) -> str:
        """Ask for a tiny job."""
        graph = tiny_graph(digest)
        return self.jobs.submit(
            Submission(
                project="p",
                principal="chaos",
                request_id="r",
                pipeline="photo",
                preset=graph.preset.value,
                graph=graph.canonical(),
                graph_sha256=graph.digest(),
                inputs=(digest,),
                stages=(NewStage("whole", "photo"),),
                request_sha256=graph.digest(),
            )
        ).job.id

    def _started(self, number: int) -> subprocess.Popen[bytes]:
        duty = self._duties[number]
        only = [] if duty == "all" else ["--only", duty]
        environment = {
            **os.environ,
            "EVIDENT_HOME": str(self.home),
            "EVIDENT_RECORDS": self._url,
            "EVIDENT_BROKER": self.redis.url,
            "EVIDENT_LEASE_SECONDS": LEASE_SECONDS,
            "EVIDENT_THREADS": "1",
        }
        with (self.home / f"process-{number}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", "orchestrator", *only],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )


def dice(seed: int) -> random.Random:
    """Moments and victims, the same for the same seed."""
    return random.Random(seed)  # noqa: S311 - nothing is kept secret by it


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batch came to."""

    jobs: int
    kills: int
    attempts: int
    lost: int
    duplicates: int
    seconds: float


def tiny_graph(digest: str) -> Graph:
    """A graph whose result is a small photograph and its report, nothing more."""
    return parse_graph(
        {
            "version": 1,
            "preset": "forensic-safe",
            "inputs": {"source": {"artifact": digest}},
            "stages": [
                {"name": "ingest", "kind": "ingest", "needs": ["source"]},
                {
                    "name": "enhance",
                    "kind": "enhance",
                    "needs": ["ingest"],
                    "params": {"operations": [{"op": "gamma", "gamma": 1.2}]},
                },
                {"name": "qa", "kind": "qa", "needs": ["enhance"], "params": {"maps": False}},
                {
                    "name": "export",
                    "kind": "export",
                    "needs": ["enhance", "qa"],
                    "params": {"formats": [], "credentials": "none"},
                },
            ],
        }
    )


@contextmanager
def deployed(
    home: Path, postgres: TemporaryPostgres, redis: TemporaryRedis, duties: Sequence[str]
) -> Iterator[Deployment]:
    """Run a deployment; whatever becomes of the test, its processes end."""
    deployment = Deployment(home, postgres, redis, duties)
    deployment.start()
    try:
        yield deployment
    finally:
        deployment.kill_all()
        deployment.database.close()


def batch(
    deployment: Deployment, size: int, murders: Sequence[Callable[[], None]], seed: int
) -> Counts:
    """Run a batch of jobs with the murders spread over it, and check everything that must hold."""
    chance, begun = dice(seed), time.monotonic()
    digests = [deployment.upload(seed * INPUTS + number) for number in range(INPUTS)]
    made = {deployment.submit(digests[number % INPUTS]): number for number in range(size)}
    for number, murder in enumerate(murders, start=1):
        finished(deployment, made, at_least=(size * number) // (len(murders) + 2))
        time.sleep(chance.uniform(0, 0.5))
        murder()
    finished(deployment, made, at_least=size)
    sealed(deployment)
    deployment.stop()
    seconds = time.monotonic() - begun
    check_results(deployment, made)
    check_evidence(deployment, made)
    check_remains(deployment)
    return counted(deployment, kills=len(murders), seconds=seconds)


def finished(deployment: Deployment, made: dict[str, int], *, at_least: int) -> None:
    """Wait until so many jobs have reached a final state."""
    deadline = time.monotonic() + 300
    final = ("done", "failed", "canceled")
    while True:
        with deployment.database.reading() as connection:
            asked = select(func.count()).where(jobs.c.id.in_(made), jobs.c.state.in_(final))
            if connection.execute(asked).scalar_one() >= at_least:
                return
        deployment.require_well()
        assert time.monotonic() < deadline, "jobs do not end"
        time.sleep(0.05)


def sealed(deployment: Deployment) -> None:
    """Wait until the keeper has carried every entry into the log."""
    deadline = time.monotonic() + 300
    while True:
        with deployment.database.reading() as connection:
            waiting = select(func.count()).where(pending_entries.c.done.is_(False))
            if not connection.execute(waiting).scalar_one():
                return
        deployment.require_well()
        assert time.monotonic() < deadline, "entries are not sealed"
        time.sleep(0.05)


def check_results(deployment: Deployment, made: dict[str, int]) -> None:
    """Every job is done; its results are there once, and alike for the same input."""
    pictures: dict[int, set[str]] = {}
    for job, number in made.items():
        view = deployment.jobs.get(job)
        assert view.state == "done", (view.state, view.error)
        assert sorted(one.name for one in view.outputs) == ["enhanced.png", "report.json"]
        for one in view.outputs:
            artifact = deployment.artifacts.find("p", one.artifact)
            assert artifact is not None
            with deployment.store.open(object_key(artifact.object_key)) as pieces:
                data = b"".join(pieces)
            assert f"sha256:{hashlib.sha256(data).hexdigest()}" == one.artifact
        pictures.setdefault(number % INPUTS, set()).add(view.outputs[0].artifact)
    assert [len(found) for found in pictures.values()] == [1] * len(pictures)
    with deployment.database.reading() as connection:
        done = connection.execute(
            select(func.count()).select_from(attempts).where(attempts.c.ended == "done")
        ).scalar_one()
        told = connection.execute(
            select(func.count()).select_from(job_events).where(job_events.c.kind == "done")
        ).scalar_one()
    assert (done, told) == (len(made), len(made)), "a stage's effect was committed twice"


def check_evidence(deployment: Deployment, made: dict[str, int]) -> None:
    """The log holds every entry of every job once, in order, and is whole."""
    with deployment.database.reading() as connection:
        wanted = dict(connection.execute(select(jobs.c.id, jobs.c.entry_count)).all())
    with closing(sqlite3.connect(deployment.home / "log" / "entries.db")) as log:
        for job in made:
            asked_log = "SELECT sequence FROM entries WHERE job = ? ORDER BY leaf"
            held = [sequence for (sequence,) in log.execute(asked_log, (job,))]
            assert held == list(range(wanted[job]))
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "log", "fsck", "--bodies"],
        cwd=ROOT,
        env={**os.environ, "EVIDENT_HOME": str(deployment.home)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check_remains(deployment: Deployment) -> None:
    """No lease is left without a worker, and no file of a job that is over."""
    with deployment.database.reading() as connection:
        held = select(func.count()).where(stages.c.worker.is_not(None))
        assert connection.execute(held).scalar_one() == 0
    assert list((deployment.home / "work").iterdir()) == []
    partial = list((deployment.home / "artifacts").rglob("*.part"))
    assert partial == []


def counted(deployment: Deployment, *, kills: int, seconds: float) -> Counts:
    """Count attempts, lost leases and duplicates."""
    with deployment.database.reading() as connection:
        row = connection.execute(
            select(func.count(), func.sum(attempts.c.duplicates)).select_from(attempts)
        ).one()
        lost = connection.execute(
            select(func.count()).select_from(attempts).where(attempts.c.ended == "lost")
        ).scalar_one()
        made = connection.execute(select(func.count()).select_from(jobs)).scalar_one()
    return Counts(made, kills, row[0], lost, int(row[1] or 0), round(seconds, 1))
