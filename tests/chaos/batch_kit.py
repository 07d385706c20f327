"""A batch of jobs with deaths spread over it, and everything that must hold afterwards.

Moments are drawn from a seed; what a run meets at a moment is the machine's business, so a pass
is no proof and a failure is one.
"""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, func, select

from pipelines.errors import ResourceError
from services.database.tables import artifacts, attempts, job_events, jobs, pending_entries, stages
from services.jobs.holdings import Holdings
from services.orchestrator.housekeeping import LONGEST_UPLOAD, Housekeeping
from services.storage.keys import ARTIFACTS, UPLOADS, object_key
from tests.chaos.deployment_kit import ACTOR, PATIENCE_SECONDS, PROJECT, ROOT, Deployment
from tests.chaos.ways_kit import Made, Way, as_files

Death = Callable[[Deployment, random.Random], None]
"""Kills something and brings it back."""

_FINAL = ("done", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batch came to."""

    jobs: int
    deaths: int
    attempts: int
    lost: int
    retried: int
    duplicates: int
    seconds: float


def batch(deployment: Deployment, way: Way, deaths: Sequence[Death], *, size: int) -> Counts:
    """Run a batch with the deaths spread over it, and check everything that must hold."""
    chance, begun = random.Random(size + len(deaths)), time.monotonic()  # noqa: S311 - no secret
    accepted = way(deployment, size, len(deaths))
    for number, death in enumerate(deaths, start=1):
        _await(deployment, _ended(), (size * number) // (len(deaths) + 2), "jobs do not end")
        time.sleep(chance.uniform(0, 0.5))
        death(deployment, chance)
    made = accepted()
    _await(deployment, _ended(), size, "jobs do not end")
    unsealed = select(-func.count()).where(pending_entries.c.done.is_(False))
    _await(deployment, unsealed, 0, "entries are not sealed")
    deployment.stop()
    seconds = time.monotonic() - begun
    check_results(deployment, made)
    if way is as_files:
        check_handed_out(deployment, made)
    check_evidence(deployment, made)
    check_remains(deployment)
    return counted(deployment, deaths=len(deaths), seconds=seconds)


def check_results(deployment: Deployment, made: Made) -> None:
    """Every job is there once and done; its results have their digests, alike for one input."""
    pictures: dict[int, set[str]] = {}
    for job, number in made.items():
        view = deployment.jobs.get(job)
        assert view.state == "done", (view.state, view.error)
        assert view.outputs[0].name == "enhanced.png"
        for one in view.outputs:
            artifact = deployment.artifacts.find(PROJECT, one.artifact)
            assert artifact is not None
            assert _read(deployment, artifact.object_key) == one.artifact
        pictures.setdefault(number, set()).add(view.outputs[0].artifact)
    assert [len(found) for found in pictures.values()] == [1] * len(pictures)
    for what in (
        select(func.count()).select_from(jobs),
        select(func.count()).select_from(attempts).where(attempts.c.ended == "done"),
        select(func.count()).select_from(job_events).where(job_events.c.kind == "done"),
    ):
        assert _one(deployment, what) == len(made), "something was made or committed twice"


def check_handed_out(deployment: Deployment, made: Made) -> None:
    """The watched folder holds every result of every file, whole, and nothing else."""
    wanted = {
        f"results/{number}.png/{one.name}": one.artifact
        for job, number in made.items()
        for one in deployment.jobs.get(job).outputs
    } | {f"{number}.png": "" for number in made.values()}
    there = {
        str(path.relative_to(deployment.watched)): path
        for path in deployment.watched.rglob("*")
        if path.is_file()
    }
    assert there.keys() == wanted.keys()
    for name, artifact in wanted.items():
        digest = hashlib.sha256(there[name].read_bytes()).hexdigest()
        assert artifact in {"", f"sha256:{digest}"}, f"{name} is not what was made"


def check_evidence(deployment: Deployment, made: Made) -> None:
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
    """No lease without a worker, no file of work that is over; the store holds what rows name.

    What a death left in the store is found and removed by a housekeeping whose grace is over.
    """
    assert not _one(deployment, select(func.count()).where(stages.c.worker.is_not(None)))
    for folder in ("work", "temporary"):
        left = list((deployment.home / folder).iterdir())
        assert left == [], f"{folder} holds what nobody needs"
    later = datetime.now(UTC) + 2 * LONGEST_UPLOAD
    holdings = Holdings(deployment.database, actor=ACTOR)
    Housekeeping(deployment.storage, holdings, lambda: later).tidy()
    with deployment.database.reading() as connection:
        rows = connection.execute(select(artifacts.c.object_key)).scalars().all()
    assert {str(one.key) for one in deployment.storage.objects.list(ARTIFACTS)} == set(rows)
    assert not list(deployment.storage.objects.list(UPLOADS))
    for area in ("incoming", "partial"):
        assert not list((deployment.home / "artifacts").glob(f"{area}/*"))


def counted(deployment: Deployment, *, deaths: int, seconds: float) -> Counts:
    """Count attempts, lost leases, failed attempts and duplicates."""

    def all_of(*where: ColumnElement[bool]) -> int:
        return _one(deployment, select(func.count()).select_from(attempts).where(*where))

    return Counts(
        jobs=_one(deployment, select(func.count()).select_from(jobs)),
        deaths=deaths,
        attempts=all_of(),
        lost=all_of(attempts.c.ended == "lost"),
        retried=all_of(attempts.c.ended == "failed"),
        duplicates=_one(deployment, select(func.coalesce(func.sum(attempts.c.duplicates), 0))),
        seconds=round(seconds, 1),
    )


def _ended() -> Select[tuple[int]]:
    return select(func.count()).select_from(jobs).where(jobs.c.state.in_(_FINAL))


def _await(deployment: Deployment, asked: Select[tuple[int]], least: int, what: str) -> None:
    """Wait until the records answer with so much, while every process lives.

    A database that has just been killed answers nothing; it is asked again.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(ResourceError):
            if _one(deployment, asked) >= least:
                return
        deployment.require_well()
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _one(deployment: Deployment, asked: Select[tuple[int]]) -> int:
    with deployment.database.reading() as connection:
        return int(connection.execute(asked).scalar_one())


def _read(deployment: Deployment, key: str) -> str:
    """Return the digest of an object's bytes."""
    with deployment.storage.objects.open(object_key(key)) as pieces:
        return f"sha256:{hashlib.sha256(b''.join(pieces)).hexdigest()}"
