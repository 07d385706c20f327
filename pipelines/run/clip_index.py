"""The index of a job's clip: made, taken up again, or made anew where the clip is unsteady.

Everything about a clip hangs on its index: the plan names its digest, segments are ranges of it,
and no frame is worked on whose samples are not those that it lists.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from pipelines.errors import EvidentError, UnknownFormatError, UnsteadyError
from pipelines.graph.spec import StageKind
from pipelines.graph.validate import CheckedGraph
from pipelines.media.index import ONE_THREAD, decoder_threads, index_video
from pipelines.media.index_store import load_index, save_index
from pipelines.media.video import VideoIndex
from pipelines.ports import Progress
from pipelines.run.entries import failure_body
from pipelines.run.job import Job, Tools
from pipelines.stages.ingest import Received
from pipelines.stages.native_player import not_read
from pipelines.stages.overridden import overridden

INDEX = "index"


def index_clip(
    received: Received,
    checked: CheckedGraph,
    tools: Tools,
    progress: Progress,
    *,
    threads: int | None = None,
) -> VideoIndex:
    """Decode the clip once and list every displayed frame with its digest.

    What a person overrides counts from here on. `threads` of the decoder are those of an earlier
    plan, None for as many as are of use here.
    """
    try:
        index = index_video(
            tools.pool,
            received.path,
            stream=checked.ingest.chosen_stream,
            threads=threads or decoder_threads(tools.threads),
            progress=progress,
        )
    except UnknownFormatError as error:
        raise not_read(received.name, received.head, error) from error
    return overridden(index, checked.ingest.overrides)


def job_index(job: Job) -> VideoIndex:
    """Index the job's clip, or take the index that an earlier attempt made durable."""
    path = job.folder.path(INDEX)
    if job.resumed:
        try:
            return load_index(path)
        except (OSError, EvidentError):
            job.progress.note("The index of the earlier attempt is not usable; it is made again.")
    index = index_clip(job.received, job.checked, job.tools, job.progress)
    save_index(index, path)
    return index


def index_anew(job: Job, error: UnsteadyError) -> VideoIndex:
    """Index an unsteady clip with one thread, and forget what was made from its first index.

    Raises `error` where one thread made that as well.
    """
    path = job.folder.path(INDEX)
    if load_index(path).decoder_threads == 1:
        raise error
    job.record("stage.retried", {"stage": StageKind.INGEST.value, **failure_body(error)})
    job.progress.note("The clip decodes differently every time; one thread decodes it now.")
    job.folder.start_over()
    index = index_clip(job.received, job.checked, job.tools, job.progress, threads=1)
    index = replace(index, defects=(*index.defects, str(error), ONE_THREAD))
    save_index(index, path)
    return index


def index_digest(index: VideoIndex) -> str:
    """SHA-256 over pts and durations (int64, big-endian), then every frame's digest."""
    digest = hashlib.sha256()
    for times in (index.pts, index.duration):
        digest.update(times.astype(">i8").tobytes())
    digest.update(index.digest.tobytes())
    return digest.hexdigest()
