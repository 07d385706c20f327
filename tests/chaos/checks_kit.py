"""What must hold after a batch, whatever died in it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select

from pipelines.evidence.verify import verify_bundle
from pipelines.graph.expand import bind
from pipelines.ports import SilentProgress
from pipelines.run.job import Request
from pipelines.run.runner import run_job
from services.cli.wiring import tools
from services.compute.work_objects import sweep
from services.database.tables import (
    artifacts,
    attempts,
    job_events,
    jobs,
    pending_entries,
    renderings,
    stages,
)
from services.jobs.holdings import Holdings
from services.jobs.renderings import Renderings
from services.orchestrator.housekeeping import LONGEST_UPLOAD, Housekeeping
from services.orchestrator.rendered import Memories, MemoryRules
from services.settings.settings import Settings
from services.storage.keys import ARTIFACTS, RENDERINGS, UPLOADS, WORK, object_key
from tests.chaos.deployment_kit import ACTOR, PROJECT, ROOT, Deployment
from tests.chaos.pool_kit import living
from tests.chaos.ways_kit import Made, Source, clip, graph_of, picture

END_SECONDS = 60.0
SAMPLES = ("segment", "first", "stop", "source_frames_sha256", "encoder_frames_sha256",
           "delivered_frames_sha256")  # fmt: skip
"""What an entry says of a segment's frames: whose they are, and their digests on the way."""

Entries = Mapping[str, Sequence[dict[str, Any]]]
"""The entries of each job in their order, as the log has them."""


def check_results(deployment: Deployment, made: Made) -> None:
    """Every job is there once and done; its results have their digests, alike for one input."""
    pictures: dict[Source, set[str]] = {}
    for job, source in made.items():
        view = deployment.jobs.get(job)
        assert view.state == "done", (view.state, view.error)
        assert view.outputs[0].name == ("enhanced.mp4" if source.is_clip else "enhanced.png")
        for one in view.outputs:
            data = _artifact(deployment, one.artifact)
            assert f"sha256:{hashlib.sha256(data).hexdigest()}" == one.artifact
            if one.name == "bundle.zip":
                verdict = verify_bundle(io.BytesIO(data))
                assert verdict.first_failure is None, verdict.first_failure
        if not source.is_clip:
            pictures.setdefault(source, set()).add(view.outputs[0].artifact)
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
        f"results/{source.number}.png/{one.name}": one.artifact
        for job, source in made.items()
        for one in deployment.jobs.get(job).outputs
    } | {f"{source.number}.png": "" for source in made.values()}
    there = {
        str(path.relative_to(deployment.watched)): path
        for path in deployment.watched.rglob("*")
        if path.is_file()
    }
    assert there.keys() == wanted.keys()
    for name, artifact in wanted.items():
        digest = hashlib.sha256(there[name].read_bytes()).hexdigest()
        assert artifact in {"", f"sha256:{digest}"}, f"{name} is not what was made"


def entries_of(deployment: Deployment, made: Made) -> Entries:
    """The log holds every entry of every job once, in order, and all that was ever committed.

    Returns those of the jobs.
    """
    with deployment.database.reading() as connection:
        wanted = dict(connection.execute(select(jobs.c.id, jobs.c.entry_count)).all())
        asked = select(pending_entries.c.job, pending_entries.c.sequence)
        committed = sorted(map(tuple, connection.execute(asked)))
    found: dict[str, list[dict[str, Any]]] = {}
    with closing(sqlite3.connect(deployment.home / "log" / "entries.db")) as log:
        for job in made:
            asked_log = "SELECT sequence, canonical FROM entries WHERE job = ? ORDER BY leaf"
            held = log.execute(asked_log, (job,)).fetchall()
            assert [sequence for sequence, _ in held] == list(range(wanted[job]))
            found[job] = [json.loads(canonical) for _, canonical in held]
        assert sorted(log.execute("SELECT job, sequence FROM entries").fetchall()) == committed
    return found


def check_duplicates(deployment: Deployment, entries: Entries) -> None:
    """Each attempt that came back overtaken is counted with it, told as an event, and an entry."""
    of_stages = attempts.join(stages, stages.c.id == attempts.c.stage)
    asked = select(stages.c.job, attempts.c.duplicates).select_from(of_stages)
    told = select(job_events.c.job).where(job_events.c.kind == "duplicate")
    with deployment.database.reading() as connection:
        counted: Counter[str] = Counter()
        for row in connection.execute(asked):
            counted[row.job] += row.duplicates
        events = Counter(connection.execute(told).scalars())
    refused = Counter(
        job for job, held in entries.items() for one in held if one["kind"] == "attempt.refused"
    )
    assert counted == events == refused


def check_log(deployment: Deployment) -> None:
    """The log is whole, with every body in its place."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "log", "fsck", "--bodies"],
        cwd=ROOT,
        env={**os.environ, "EVIDENT_HOME": str(deployment.home)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check_reuse(deployment: Deployment, made: Made, entries: Entries) -> None:
    """What a job says it took is a rendering that is there, over the same input, to the byte."""
    kept = _kept(deployment)
    for job, told in entries.items():
        said = [one["body"] for one in told if one["kind"] == "reused"]
        for body in said:
            assert made[body["job"]] == made[job], "it took what was made of another input"
            assert body["job"] != job
            names = {(one["name"], one["sha256"], one["bytes"]) for one in body["outputs"]}
            assert names
            assert names <= kept[body["job"]], "it took what nobody remembers"
        of_others = {
            one["body"]["rendered_by"]["job"]
            for one in told
            if one["kind"] == "operation" and "job" in one["body"].get("rendered_by", {})
        }
        assert of_others <= {body["job"] for body in said}, "it took what it does not tell of"


def check_samples(deployment: Deployment, made: Made, entries: Entries) -> None:
    """Whoever rendered a file, and however often, its samples are those that one process makes."""
    alone = {one: _samples(_made_alone(deployment.home, one)) for one in set(made.values())}
    for job, source in made.items():
        assert _samples(entries[job]) == alone[source]


def check_remains(deployment: Deployment) -> int:
    """No lease without a worker, no file of work that is over, no process; the store is tidy.

    What a death left in the store is found and removed by a housekeeping whose grace is over.
    Returns how many objects of running jobs were left to it.
    """
    assert not _one(deployment, select(func.count()).where(stages.c.worker.is_not(None)))
    deadline = time.monotonic() + END_SECONDS
    while left := living(deployment.home):
        assert time.monotonic() < deadline, f"processes that nobody needs: {left}"
        time.sleep(0.1)
    scratch = [home / "work" for home in deployment.homes if (home / "work").exists()]
    for folder in (*scratch, deployment.home / "temporary"):
        assert list(folder.iterdir()) == [], f"{folder} holds what nobody needs"
    later = datetime.now(UTC) + 2 * LONGEST_UPLOAD
    store = deployment.storage.objects
    holdings = Holdings(deployment.database, actor=ACTOR)
    Housekeeping(deployment.storage, holdings, lambda: later).tidy()
    _memories(deployment).tidy(lambda: later, grace=timedelta(0))
    swept = sweep(store, deployment.jobs.is_over)
    with deployment.database.reading() as connection:
        rows = connection.execute(select(artifacts.c.object_key)).scalars().all()
        files_kept = connection.execute(select(renderings.c.files)).scalars().all()
    assert {str(one.key) for one in store.list(ARTIFACTS)} == set(rows)
    remembered = {one["object_key"] for files in files_kept for one in files}
    assert {str(one.key) for one in store.list(RENDERINGS)} == remembered
    for prefix in (UPLOADS, WORK):
        assert not list(store.list(prefix))
    for area in ("incoming", "partial"):
        assert not list((deployment.home / "artifacts").glob(f"{area}/*"))
    return swept


def _kept(deployment: Deployment) -> dict[str, set[tuple[str, str, int]]]:
    """Every file of every rendering by the job that made it; each has its digest in the store."""
    found: dict[str, set[tuple[str, str, int]]] = {}
    with deployment.database.reading() as connection:
        rows = connection.execute(select(renderings.c.job, renderings.c.files)).all()
    for row in rows:
        for one in row.files:
            data = _read(deployment, one["object_key"])
            assert hashlib.sha256(data).hexdigest() == one["sha256"]
            assert len(data) == one["bytes"]
        found[row.job] = {(one["name"], one["sha256"], one["bytes"]) for one in row.files}
    return found


def _memories(deployment: Deployment) -> Memories:
    rules = MemoryRules(8 << 30, timedelta(days=7))
    return Memories(deployment.storage.objects, Renderings(deployment.database), rules)


def _made_alone(home: Path, source: Source) -> Sequence[dict[str, Any]]:
    """Run a job in this process, in a home of its own; return its entries."""
    folder = home / f"alone-{source.number}-{source.is_clip}"
    folder.mkdir()
    (folder / "photo.png").write_bytes(picture(source.number))
    request = Request(
        path=clip(home, source.number) if source.is_clip else folder / "photo.png",
        out=folder / "out",
        graph_maker=lambda _pipeline, digest: bind(graph_of(digest, source).canonical(), digest),
    )
    with tools(Settings(home=folder / "home", operator="chaos", threads=1)) as shared:
        outcome = run_job(request, shared, SilentProgress())
        assert outcome.error == "", outcome.error
        return [json.loads(one) for one in shared.log.entries(outcome.job)]


def _samples(told: Sequence[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {
        tuple(one["body"][name] for name in SAMPLES) for one in told if one["kind"] == "operation"
    }


def _one(deployment: Deployment, asked: Select[tuple[int]]) -> int:
    with deployment.database.reading() as connection:
        return int(connection.execute(asked).scalar_one())


def _artifact(deployment: Deployment, digest: str) -> bytes:
    artifact = deployment.artifacts.find(PROJECT, digest)
    assert artifact is not None
    return _read(deployment, artifact.object_key)


def _read(deployment: Deployment, key: str) -> bytes:
    with deployment.storage.objects.open(object_key(key)) as pieces:
        return b"".join(pieces)
