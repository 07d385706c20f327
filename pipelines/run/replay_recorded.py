"""Where the samples on record come from, once a replayed frame turns out to be another.

Only their digests are on record, so samples count as theirs when they have the digest:

- of a lossless delivery, the delivered frames are those samples;
- of a lossy one they are not, but where a replay was wished under other conditions, running the
  plan under the logged ones may give them again, and then the digest says so;
- else nobody has them, and how large a difference is stays unknown. Coding the replayed samples
  and comparing what is decoded would measure the coder as well, so that is not done.

Frames are asked for in rising order, and nothing is decoded or run until the first one is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import Protocol

from models.errors import ModelError
from pipelines.evidence.bundle_layout import Role
from pipelines.media.index import index_video
from pipelines.media.picture import Samples
from pipelines.media.reader import FrameReader
from pipelines.media.video import DecodedFrame, VideoIndex
from pipelines.run.replay_case import Case
from pipelines.run.replay_frames import Numbered, digest_of, rendered

LOSSY = (
    "The result is coded with loss, so the samples handed to the encoder cannot be had from it: "
    "how large the difference is stays unknown."
)
AGAINST_DELIVERED = "the delivered samples, which are those on record (lossless)"
AGAINST_REPEATED = "a run under the conditions on record, whose samples have the digests on record"
OTHER_DECODER = (
    "What was delivered does not decode here to the samples on record: how large the difference "
    "is stays unknown."
)
NOT_REPEATED = (
    "The result is coded with loss, and a run under the conditions on record does not give the "
    "samples on record here either: how large the difference is stays unknown."
)


class RecordedFrames(Protocol):
    """Gives the samples on record.

    `against` says what they are, `objection` why one could not be had (empty where all could).
    """

    against: str
    objection: str

    def frame(self, wanted: int) -> tuple[Samples, ...] | None:
        """The samples on record of frame `wanted`; None where they cannot be had."""

    def close(self) -> None:
        """End what reads or runs."""


def recorded_frames(case: Case, index: VideoIndex, expected: tuple[bytes, ...]) -> RecordedFrames:
    """Choose where the samples on record come from; `expected` are their digests."""
    if case.logged.plan.delivery.lossless:
        return Delivered(case, expected)
    if case.is_wished_otherwise:
        return Repeated(case, index, expected)
    return Unknown()


class Unknown:
    """Nobody has them."""

    against = ""
    objection = LOSSY

    def frame(self, _wanted: int) -> None:
        """Say that it cannot be had."""

    def close(self) -> None:
        """There is nothing to end."""


class Delivered:
    """The frames of a lossless delivery, decoded here."""

    against = AGAINST_DELIVERED

    def __init__(self, case: Case, expected: tuple[bytes, ...]) -> None:
        self._case = case
        self._expected = expected
        self._stack = ExitStack()
        self._reader: FrameReader | None = None
        self._frames: Iterator[DecodedFrame] = iter(())
        self.objection = ""

    def frame(self, wanted: int) -> tuple[Samples, ...] | None:
        """The samples of a delivered frame; None where they are not those on record."""
        if self._reader is None:
            self._reader = self._stack.enter_context(self._opened(wanted))
            self._frames = iter(self._reader)
        for frame in self._frames:
            planes = None
            if frame.index == wanted and frame.digest == self._expected[wanted]:
                planes = tuple(plane.copy() for plane in frame.planes)
            self._reader.release(frame)
            if planes is not None:
                return planes
            if frame.index >= wanted:
                break
        self.objection = OTHER_DECODER
        return None

    def close(self) -> None:
        """End the decoder."""
        self._stack.close()

    def _opened(self, first: int) -> FrameReader:
        case = self._case
        plan = case.logged.plan
        path = case.bundle.take(case.bundle.names(Role.RESULT)[0])
        # Streams keep their order in a result; those that were left out leave no gap.
        kept = sorted({*plan.delivery.copied, plan.source.stream or 0})
        stream = kept.index(plan.source.stream or 0)
        index = index_video(case.tools.pool, path, stream=stream, progress=case.progress)
        return FrameReader(case.tools.pool, path, index, first=first)


class Repeated:
    """The frames of a second run, under the logged conditions instead of those wished for."""

    against = AGAINST_REPEATED

    def __init__(self, case: Case, index: VideoIndex, expected: tuple[bytes, ...]) -> None:
        self._case = case.as_on_record
        self._index = index
        self._expected = expected
        self._frames: Generator[Numbered, None, None] | None = None
        self.objection = ""

    def frame(self, wanted: int) -> tuple[Samples, ...] | None:
        """The samples of a frame; None where they do not have the digest on record."""
        if self._frames is None:
            left = range(wanted, self._index.frames)
            at_once = self._case.logged.plan.frames_at_once
            self._frames = rendered(self._case, self._index, left, at_once=at_once)
        try:
            for number, planes in self._frames:
                if number < wanted:
                    continue
                if digest_of(self._case, planes) == self._expected[wanted]:
                    return planes
                break
        except ModelError:
            # Most often the engine on record is not installed; the wish was for another one. A
            # generator that raised has ended, so the next frame is not there either.
            pass
        self.objection = NOT_REPEATED
        return None

    def close(self) -> None:
        """End the run."""
        if self._frames is not None:
            self._frames.close()
