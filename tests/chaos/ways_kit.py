"""How a batch of jobs comes in: into the records, over HTTP, or as files that are watched.

Most are over tiny photographs; two ways have clips among them, of three segments each.

A client over HTTP does what a careful one does: it uploads in two goes and asks where the upload
is when a go failed, and it repeats a submission under one idempotency key until it is answered.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from pipelines.graph.spec import Graph, parse_graph
from services.jobs.artifacts import Artifact
from services.jobs.values import NewStage, Submission
from services.storage.keys import artifact_key
from tests.chaos.deployment_kit import PATIENCE_SECONDS, PROJECT, Deployment
from tests.e2e.command_kit import make_clip

INPUTS = 4
"""How many pictures there are; jobs over the same one must come to the same."""

CLIPS = 3
"""How many clips there are where they come again and again."""

IN_A_RUN = 4
"""How many jobs over the same input follow each other where all else is another input."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a job is over."""

    number: int
    is_clip: bool = False


Made = dict[str, Source]
"""The ids of jobs, and what each is over."""

Way = Callable[[Deployment, int], Callable[[], Made]]
"""Begins to hand in so many jobs; returns what waits until all are accepted."""

_CLIENTS = 3
_SIDE = 8
_CLIP_SIDE = 32
_FRAMES = 24
_STEP = 512 * 5
"""Five frames per second: ten to a segment."""


def into_the_records(deployment: Deployment, size: int) -> Callable[[], Made]:
    """Store pictures and write jobs, with no process between."""
    return _written(deployment, [Source(n % INPUTS) for n in range(size)])


def half_of_them_clips(deployment: Deployment, size: int) -> Callable[[], Made]:
    """Write jobs over clips and photographs in turn."""
    sources = [Source(n // 2 % (INPUTS if n % 2 else CLIPS), not n % 2) for n in range(size)]
    return _written(deployment, sources)


def in_runs(deployment: Deployment, size: int) -> Callable[[], Made]:
    """Write a few jobs over one input, then over another, photographs and clips in turn."""
    return _written(
        deployment, [Source(n // IN_A_RUN, n // IN_A_RUN % 2 == 1) for n in range(size)]
    )


def over_http(deployment: Deployment, size: int) -> Callable[[], Made]:
    """Have a few clients upload and submit."""
    pictures = [picture(number) for number in range(INPUTS)]
    pool = ThreadPoolExecutor(_CLIENTS)
    asked = [
        pool.submit(_Client(deployment).job, pictures[n % INPUTS], f"chaos-{n}")
        for n in range(size)
    ]

    def wait() -> Made:
        made = {one.result(): Source(n % INPUTS) for n, one in enumerate(asked)}
        pool.shutdown()
        assert len(made) == size, "one job stands for two requests"
        return made

    return wait


def as_files(deployment: Deployment, size: int) -> Callable[[], Made]:
    """Put pictures into the watched folder, each another one."""
    for number in range(size):
        aside = deployment.watched / f".{number}.part"
        aside.write_bytes(picture(number))
        aside.rename(deployment.watched / f"{number}.png")

    def wait() -> Made:
        (book,) = (deployment.home / "watch").glob("*.db")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with closing(sqlite3.connect(book)) as rows:
                states = dict(rows.execute("SELECT name, state FROM files"))
                if list(states.values()) == ["done"] * size:
                    jobs = rows.execute("SELECT job, name FROM files").fetchall()
                    return {job.partition("/")[2]: Source(int(name[:-4])) for job, name in jobs}
            deployment.require_well()
            assert time.monotonic() < deadline, states
            time.sleep(0.2)

    return wait


def picture(seed: int) -> bytes:
    """A tiny photograph as PNG, another for each seed."""
    samples = np.random.default_rng(seed).integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(samples).save(out, "PNG")
    return out.getvalue()


class _Client:
    """One client of the gateway; what is not answered, or answered by 5xx, is asked again."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._key = {"Authorization": f"Bearer {deployment.key}"}

    def job(self, data: bytes, key: str) -> str:
        """Upload a picture and ask for a job over it; return the job's id."""
        found = self._uploaded(data)
        assert found == f"sha256:{hashlib.sha256(data).hexdigest()}"
        body = json.dumps({"graph": graph_of(found, Source(0)).canonical()}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        answer = self._asked("POST", "/v1/jobs", body, headers)
        assert answer.is_success, answer.text
        return str(answer.json()["result"]["job_id"])

    def _uploaded(self, data: bytes) -> str:
        """Send two halves; begin anew where the gateway knows nothing of the upload any more."""
        while True:
            begun = self._asked("POST", "/v1/artifacts", b"", {"Upload-Complete": "?0"})
            assert begun.status_code == HTTPStatus.CREATED, begun.text
            path = begun.headers["Location"]
            # A store may hold no piece that is shorter than it says.
            half = len(data) // 2 if begun.json()["result"]["least_append_bytes"] == 1 else 0
            while True:
                held = self._asked("HEAD", path)
                if held.status_code == HTTPStatus.NOT_FOUND:
                    break
                at = int(held.headers["Upload-Offset"])
                stop = len(data) if at >= half else half
                headers = {
                    "Upload-Offset": str(at),
                    "Upload-Complete": "?1" if stop == len(data) else "?0",
                }
                answer = self._once("PATCH", path, data[at:stop], headers)
                if answer is not None and answer.status_code == HTTPStatus.CREATED:
                    return str(answer.json()["result"]["artifact"])

    def _asked(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := self._once(method, path, body, headers or {})) is None:
            assert time.monotonic() < deadline, f"{method} {path}: no answer"
            time.sleep(0.1)
        return answer

    def _once(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> httpx.Response | None:
        try:
            with httpx.Client(
                base_url=self._deployment.gateway, trust_env=False, headers=self._key, timeout=60
            ) as web:
                answer = web.request(method, path, content=body, headers=headers)
        except httpx.HTTPError:
            return None
        assert answer.status_code not in {500, 501}, answer.text
        is_later = answer.status_code in {429, 502, 503, 504, 507}
        return None if is_later else answer


def clip(home: Path, number: int) -> Path:
    """A clip of three segments, another for each number.

    It is made once: an encoder of several threads may make others of the same frames.
    """
    path = home / f"clip-{number}.mp4"
    if not path.exists():
        size = (_CLIP_SIDE + 2 * number, _CLIP_SIDE)
        make_clip(path, frames=_FRAMES, step=_STEP, size=size)
    return path


def graph_of(digest: str, source: Source) -> Graph:
    """A graph whose result is small and has its proof; a clip's frames depend on their neighbours.

    Content credentials hold random numbers; without them a result is the same to the byte.
    """
    mixes = {"op": "denoise_temporal", "radius": 1}
    operation = mixes if source.is_clip else {"op": "gamma", "gamma": 1.2}
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
                    "params": {"operations": [operation]},
                },
                {"name": "qa", "kind": "qa", "needs": ["enhance"], "params": {"maps": False}},
                {
                    "name": "export",
                    "kind": "export",
                    "needs": ["enhance", "qa"],
                    "params": {"formats": ["bundle"], "credentials": "none"},
                },
            ],
        }
    )


def _written(deployment: Deployment, sources: Sequence[Source]) -> Callable[[], Made]:
    """Store what jobs are over, and write one job for each, with no process between."""
    digests = {one: _stored(deployment, one) for one in set(sources)}
    made = {_submitted(deployment, one, digests[one]): one for one in sources}
    return lambda: made


def _stored(deployment: Deployment, source: Source) -> str:
    if source.is_clip:
        data = clip(deployment.home, source.number).read_bytes()
        name, media_type = "clip.mp4", "video/mp4"
    else:
        data, name, media_type = picture(source.number), "photo.png", "image/png"
    sha256 = hashlib.sha256(data).hexdigest()
    key = artifact_key(sha256[:32])
    deployment.storage.objects.put(key, [data])
    artifact = Artifact(f"sha256:{sha256}", key, len(data), media_type)
    deployment.artifacts.add(PROJECT, artifact, name=name)
    return artifact.digest


def _submitted(deployment: Deployment, source: Source, digest: str) -> str:
    pipeline = "video" if source.is_clip else "photo"
    graph = graph_of(digest, source)
    return deployment.jobs.submit(
        Submission(
            project=PROJECT,
            principal="chaos",
            request_id="r",
            pipeline=pipeline,
            preset=graph.preset.value,
            graph=graph.canonical(),
            graph_sha256=graph.digest(),
            inputs=(digest,),
            stages=(NewStage("whole", pipeline),),
            request_sha256=graph.digest(),
        )
    ).job.id
