"""What a copy is made of: a clip as a file, or the result inside a finished bundle.

A bundle is verified from end to end before anything is taken out of it, and a copy of its result
is put on record under its job, so that a supplement to the bundle carries the entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.bundle_layout import Role
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.video import VideoIndex
from pipelines.ports import Progress
from pipelines.run.copy_statement import Named
from pipelines.run.replay_bundle import ReplayBundle
from pipelines.stages.ingest import receive

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Source:
    """A clip, indexed. `job` is that of the bundle it came from, a new one for a file."""

    path: Path
    named: tuple[Named, ...]
    index: VideoIndex
    job: str
    received: Path | None = None

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return Path(self.named[0].name).stem


@contextmanager
def opened_source(
    path: Path, pool: DecodePool, progress: Progress, *, stream: int | None = None
) -> Iterator[Source]:
    """Hand out the clip. Raises EvidenceError for a bundle that does not hold, InputError..."""
    if is_bundle(path):
        with TemporaryDirectory(prefix="evident-copy-") as folder:
            yield _from_bundle(path, Path(folder), pool, progress)
        return
    received = receive(path, progress)
    if received.pipeline != "video":
        raise RequestError(f"{path.name} is no clip.", next_step="Name a video file or a bundle.")
    index = index_video(pool, received.path, stream=stream, progress=progress)
    named = Named(received.name, received.sha256, received.size, "source")
    yield Source(received.path, (named,), index, str(uuid4()))


def _from_bundle(path: Path, scratch: Path, pool: DecodePool, progress: Progress) -> Source:
    bundle = ReplayBundle(path.absolute(), scratch)
    try:
        failure = bundle.verdict.first_failure
        if failure is not None:
            raise EvidenceError(f"The bundle does not hold: {failure.detail}")
        results = bundle.names(Role.RESULT)
        if not results:
            raise RequestError(
                "The bundle holds no result.", next_step="Name the file itself, or another bundle."
            )
        result = bundle.take(results[0])
        originals = bundle.names(Role.RECEIVED)
        received = bundle.take(originals[0]) if originals else None
        lines = [Named(result.name, bundle.sha256_of(results[0]), result.stat().st_size, "source")]
        lines.append(Named(path.name, bundle.sha256, bundle.size, "bundle"))
        index = index_video(pool, result, progress=progress)
        return Source(result, tuple(lines), index, bundle.entries[-1].job, received)
    finally:
        bundle.close()


def is_bundle(path: Path) -> bool:
    """Whether a file begins as a bundle does."""
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        # Who reads it next says what is wrong with it.
        return False
