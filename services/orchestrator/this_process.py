"""Runs a job's whole graph in this process, as `evident run` does, from the store to the store.

A job has a folder of its own that outlives a death of the process (`job_folders`): whoever claims
the stage again on this machine goes on from the marks in it. On another machine it begins anew.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.errors import EvidentError, GraphError, ResourceError
from pipelines.evidence.archive_name import safe_part
from pipelines.graph.expand import bind
from pipelines.run.job import JobId, Output, Request, Tools
from pipelines.run.runner import run_job
from services.compute.order import Stored
from services.compute.pooled import PooledWork
from services.jobs.artifacts import Artifacts
from services.jobs.errors import UnknownArtifactError
from services.jobs.values import Claim, NewOutput
from services.orchestrator.executor import Desk
from services.orchestrator.job_folders import JobFolders
from services.orchestrator.job_matter import Matter
from services.orchestrator.job_ports import DeskLog, DeskProgress, DeskSealer, DeskSigner
from services.orchestrator.rendered import Memories
from services.provenance.sealing import JobSealer, WorkRight
from services.storage.keys import artifact_key, object_key
from services.storage.port import ObjectStore, Sha256
from services.storage.transfer import fetch, put_file
from services.telemetry.work_metrics import WorkMetrics

_PREFIX = "sha256:"
_UNNAMED = "received"


class ThisProcess:
    """An `Executor`. `tools` are shared by its jobs, but for what each asks `sealer` by its claim.

    `folder` is where jobs lie while they run; `is_over` tells whether a job has ended for good.
    With `pooled` samples are computed by a pool of workers.
    """

    def __init__(  # noqa: PLR0913 - the rooms that a job goes through
        self,
        tools: Tools,
        *,
        artifacts: Artifacts,
        store: ObjectStore,
        sealer: JobSealer,
        folder: Path,
        is_over: Callable[[str], bool],
        metrics: WorkMetrics | None = None,
        pooled: PooledWork | None = None,
        memories: Memories | None = None,
    ) -> None:
        self._tools = tools
        self._artifacts = artifacts
        self._store = store
        self._sealer = sealer
        self._folders = JobFolders(folder)
        self._is_over = is_over
        self._metrics = metrics or WorkMetrics()
        self._pooled = pooled
        self._memories = memories

    def run(self, claim: Claim, desk: Desk) -> tuple[NewOutput, ...]:
        """Fetch the input, run the graph, put every result into the store."""
        with self._folders.held(claim.job, claim.attempt) as home:
            return self._run(claim, desk, home)

    def committed(self, claim: Claim) -> None:
        """Remove the job's folder."""
        self._folders.remove(claim.job)
        if self._pooled is not None:
            with suppress(EvidentError):  # what stays goes when the store is tidied
                self._pooled.forget(claim.job)

    def tidy(self) -> None:
        """Remove the folders of jobs that are over, or gone: a death left them."""
        self._folders.tidy(self._is_over)

    def discard(self, outputs: tuple[NewOutput, ...]) -> None:
        """Delete objects that nobody will name."""
        for one in outputs:
            self._store.delete(object_key(one.object_key))

    def _run(self, claim: Claim, desk: Desk, home: Path) -> tuple[NewOutput, ...]:
        progress = DeskProgress(desk)
        progress.start("fetching", 0)
        matter = Matter.of(claim)
        request = Request(
            path=self._received(claim, home, progress),
            out=home / "out",
            graph_maker=lambda _pipeline, artifact: bind(dict(claim.graph), artifact),
            resume=True,
            language=matter.language,
            job=JobId(claim.job),
        )
        right = WorkRight(claim.job, claim.stage, claim.attempt, claim.worker)
        sealer = DeskSealer(desk, self._sealer, right)
        log = DeskLog(desk, sealer)
        tools = replace(
            self._tools,
            log=log,
            signer=DeskSigner(log, sealer),
            history=log.custody,
            operator=matter.over(self._tools.operator),
        )
        if self._pooled is not None:
            tools = self._pooled.equip(tools, self._source(claim))
        if self._memories is not None:
            memory = self._memories.of(claim, _only_input(claim.graph))
            tools = replace(tools, memory=memory)
        outcome = run_job(request, tools, progress)
        if outcome.fault is not None:
            raise outcome.fault
        self._metrics.rendered(
            claim.pipeline,
            frames=int(outcome.metrics.get("frames", 1)),
            megapixels=outcome.metrics.get("megapixels", 0.0),
            seconds=outcome.metrics.get("seconds", 0.0),
        )
        progress.start("storing", len(outcome.outputs))
        return self._stored(outcome.outputs, progress)

    def _source(self, claim: Claim) -> Stored:
        """Where the store keeps the input."""
        digest = _only_input(claim.graph)
        artifact = self._artifacts.find(claim.project, digest)
        if artifact is None:
            raise UnknownArtifactError(
                f"The project does not hold {digest} any more.",
                next_step="Upload the file again, then retry the job.",
            )
        return Stored(artifact.object_key, digest.removeprefix(_PREFIX), artifact.bytes)

    def _received(self, claim: Claim, home: Path, progress: DeskProgress) -> Path:
        """Return the input as a file of this machine, fetched and checked against its digest."""
        source = self._source(claim)
        digest = f"{_PREFIX}{source.sha256}"
        name = safe_part(self._artifacts.name(claim.project, digest) or _UNNAMED)
        folder = home / "received"
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                key, expected = object_key(source.key), Sha256(source.sha256)
                fetch(self._store, key, path, expected=expected, heard=progress.heard)
        except OSError as error:
            raise ResourceError(
                f"The file as received cannot be put here: {os.strerror(error.errno or 0)}.",
                next_step="Make room on this machine's disk.",
            ) from error
        return path

    def _stored(self, outputs: tuple[Output, ...], progress: DeskProgress) -> tuple[NewOutput, ...]:
        made: list[NewOutput] = []
        try:
            for one in outputs:
                key = artifact_key(secrets.token_hex(16))
                put_file(self._store, key, one.path, expected=Sha256(one.sha256))
                made.append(
                    NewOutput(
                        artifact=f"{_PREFIX}{one.sha256}",
                        object_key=key,
                        bytes=one.bytes,
                        name=one.path.name,
                        media_type=one.media_type,
                    )
                )
                progress.advance()
        except BaseException:
            # What made it stop is told, not that the store could not be tidied then.
            with suppress(ResourceError):
                self.discard(tuple(made))
            raise
        return tuple(made)


def _only_input(graph: Mapping[str, Any]) -> str:
    digests = [one["artifact"] for one in graph["inputs"].values()]
    if len(digests) != 1:
        raise GraphError(
            f"inputs: this graph takes {len(digests)} inputs; jobs of one input run here.",
            field="inputs",
        )
    return str(digests[0])
