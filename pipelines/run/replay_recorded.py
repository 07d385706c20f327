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

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.errors import ModelError
from pipelines.errors import DecodeChildError, InputError
from pipelines.evidence.bundle_layout import Role
from pipelines.media.index import index_video
from pipelines.media.picture import Samples
from pipelines.media.reader import FrameReader
from pipelines.media.video import DecodedFrame, VideoIndex
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_case import Case
from pipelines.run.replay_frames import Numbered, digest_of, rendered

NOBODY = (
    "The samples handed to the encoder cannot be had from what was delivered (it is coded with "
    "loss, or not in the bundle): how large the difference is stays unknown."
)
AGAINST_DELIVERED = "the delivered samples, which are those on record (lossless)"
AGAINST_REPEATED = "a run under the conditions on record, whose samples have the digests on record"
OTHER_DECODER = (
    "What was delivered does not decode here to the samples on record: how large the difference "
    "is stays unknown."
)
NOT_REPEATED = (
    "The samples handed to the encoder cannot be had from what was delivered, and a run under the "
    "conditions on record does not give them here either: how large the difference is stays "
    "unknown."
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


@dataclass(frozen=True, slots=True)
class DeliveredClip:
    """The delivered file, taken out of the bundle and decoded once."""

    path: Path
    index: VideoIndex

    def differing(self, ledger: Sequence[tuple[bytes, bytes]], wanted: range) -> int:
        """How many frames of `wanted` do not decode to what the ledger says was delivered.

        Its lines are (as handed to the encoder, as delivered). Frames that the ledger does not
        know count where the whole clip is wanted.
        """
        found = [bytes(self.index.digest[one]) for one in wanted if one < self.index.frames]
        stated = [ledger[one][1] for one in wanted]
        differ = sum(a != b for a, b in zip(found, stated, strict=False))
        unknown = max(0, self.index.frames - len(ledger)) if len(wanted) == len(ledger) else 0
        return differ + len(stated) - len(found) + unknown


def delivered_clip(case: Case) -> DeliveredClip | None:
    """Decode the delivered file, every frame of it; None where it is not in the bundle."""
    paths = case.bundle.names(Role.RESULT)
    if not paths:
        return None
    plan = case.logged.plan
    # Streams keep their order in a result; those that were left out leave no gap.
    own = plan.source.stream or 0
    stream = sorted({*plan.delivery.copied, own}).index(own)
    path = case.bundle.take(paths[0])
    try:
        index = index_video(case.tools.pool, path, stream=stream, progress=case.progress)
    except (InputError, DecodeChildError) as error:
        raise NotReplayableError(f"a delivered file that decodes here ({error})") from error
    return DeliveredClip(path, index)


def recorded_frames(
    case: Case,
    index: VideoIndex,
    expected: tuple[bytes, ...],
    delivered: DeliveredClip | None,
) -> RecordedFrames:
    """Choose where the samples on record come from; `expected` are their digests."""
    if case.logged.plan.delivery.lossless and delivered is not None:
        return Delivered(case, expected, delivered)
    if case.is_wished_otherwise:
        return Repeated(case, index, expected)
    return Unknown()


class Unknown:
    """Nobody has them."""

    against = ""
    objection = NOBODY

    def frame(self, _wanted: int) -> None:
        """Say that it cannot be had."""

    def close(self) -> None:
        """There is nothing to end."""


class Delivered:
    """The frames of a lossless delivery, decoded here."""

    against = AGAINST_DELIVERED

    def __init__(self, case: Case, expected: tuple[bytes, ...], delivered: DeliveredClip) -> None:
        self._case = case
        self._expected = expected
        self._clip = delivered
        self._stack = ExitStack()
        self._reader: FrameReader | None = None
        self._frames: Iterator[DecodedFrame] = iter(())
        self.objection = ""

    def frame(self, wanted: int) -> tuple[Samples, ...] | None:
        """The samples of a delivered frame; None where they are not those on record."""
        if self._reader is None:
            self._reader = self._stack.enter_context(
                FrameReader(self._case.tools.pool, self._clip.path, self._clip.index, first=wanted)
            )
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
            left = range(wanted, len(self._expected))
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
