"""How a batch of jobs comes in: into the records, over HTTP, or as files that are watched.

A client over HTTP does what a careful one does: it uploads in two goes and asks where the upload
is when a go failed, and it repeats a submission under one idempotency key until it is answered.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus

import httpx
import numpy as np
from PIL import Image

from pipelines.graph.spec import Graph, parse_graph
from services.jobs.artifacts import Artifact
from services.jobs.values import NewStage, Submission
from services.storage.keys import artifact_key
from tests.chaos.deployment_kit import PATIENCE_SECONDS, PROJECT, Deployment

INPUTS = 4
"""How many pictures there are; jobs over the same one must come to the same."""

Made = dict[str, int]
"""The ids of jobs, and which picture each is over."""

Way = Callable[[Deployment, int, int], Callable[[], Made]]
"""Begins to hand in so many jobs with a seed; returns what waits until all are accepted."""

_CLIENTS = 3
_SIDE = 8


def into_the_records(deployment: Deployment, size: int, seed: int) -> Callable[[], Made]:
    """Store pictures and write jobs, with no process between."""
    digests = [_stored(deployment, seed * INPUTS + number) for number in range(INPUTS)]
    made = {_submitted(deployment, digests[n % INPUTS]): n % INPUTS for n in range(size)}
    return lambda: made


def over_http(deployment: Deployment, size: int, seed: int) -> Callable[[], Made]:
    """Have a few clients upload and submit."""
    pictures = [picture(seed * INPUTS + number) for number in range(INPUTS)]
    pool = ThreadPoolExecutor(_CLIENTS)
    asked = [
        pool.submit(_Client(deployment).job, pictures[n % INPUTS], f"chaos-{seed}-{n}")
        for n in range(size)
    ]

    def wait() -> Made:
        made = {one.result(): n % INPUTS for n, one in enumerate(asked)}
        pool.shutdown()
        assert len(made) == size, "one job stands for two requests"
        return made

    return wait


def as_files(deployment: Deployment, size: int, seed: int) -> Callable[[], Made]:
    """Put pictures into the watched folder, each another one."""
    for number in range(size):
        aside = deployment.watched / f".{number}.part"
        aside.write_bytes(picture(seed * 1000 + number))
        aside.rename(deployment.watched / f"{number}.png")

    def wait() -> Made:
        (book,) = (deployment.home / "watch").glob("*.db")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with closing(sqlite3.connect(book)) as rows:
                states = dict(rows.execute("SELECT name, state FROM files"))
                if list(states.values()) == ["done"] * size:
                    jobs = rows.execute("SELECT job, name FROM files").fetchall()
                    return {job.partition("/")[2]: int(name[:-4]) for job, name in jobs}
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
        body = json.dumps({"graph": tiny_graph(found).canonical()}).encode()
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


def _stored(deployment: Deployment, seed: int) -> str:
    data = picture(seed)
    sha256 = hashlib.sha256(data).hexdigest()
    key = artifact_key(sha256[:32])
    deployment.storage.objects.put(key, [data])
    artifact = Artifact(f"sha256:{sha256}", key, len(data), "image/png")
    deployment.artifacts.add(PROJECT, artifact, name="photo.png")
    return artifact.digest


def _submitted(deployment: Deployment, digest: str) -> str:
    graph = tiny_graph(digest)
    return deployment.jobs.submit(
        Submission(
            project=PROJECT,
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
