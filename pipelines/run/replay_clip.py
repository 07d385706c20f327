"""Replays a clip: one pass over the file as received, frame after frame, without an encoder.

The ledger holds the digest of every frame as handed to the encoder. A frame whose digest is
another is measured against the delivered frame where the delivery is lossless, for that is the
same samples; the two clips are decoded side by side and memory does not grow with their length.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Self

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_layout import Role
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.ledger_form import MAX_LINE_BYTES
from pipelines.graph.plan import Plan
from pipelines.media.encoder_samples import encoder_digest
from pipelines.media.index import index_video
from pipelines.media.picture import Samples
from pipelines.media.reader import FrameReader
from pipelines.media.video import DecodedFrame, VideoIndex
from pipelines.run.clip_frames import finished_frames, native
from pipelines.run.clip_index import index_clip
from pipelines.run.clip_job import plan_clip
from pipelines.run.planning import require_room
from pipelines.run.replay_case import Case, Ran, require_shapes
from pipelines.run.replay_compare import Tally
from pipelines.run.replay_plan import NotReplayableError, Part
from pipelines.stages.enhance import bind

_AGAINST = "the delivered frames, whose samples are those on record (lossless)"
_OTHER_DECODER = (
    "Delivered frames do not decode here to the samples on record: how large their difference is "
    "stays unknown."
)
_LOSSY = (
    "The result is coded with loss, so the samples handed to the encoder cannot be had from it: "
    "how large the difference is stays unknown."
)


def replay_clip(case: Case) -> Ran:
    """Run the plan of a clip again and compare every frame that is wished for.

    Raises NotReplayableError, and what decoding, operations and a lack of room raise.
    """
    logged = case.logged.plan
    index = index_clip(
        case.received,
        case.checked,
        case.tools,
        case.progress,
        threads=logged.source.decoder_threads,
    )
    if index.frames != logged.source.frames:
        raise NotReplayableError(
            f"a decoder that finds the {logged.source.frames} frames on record: here the file as "
            f"received has {index.frames}"
        )
    expected = _recorded_digests(case)
    here, chain, _ = plan_clip(case.received, case.checked, case.tools, index)
    require_room(
        here.ceilings,
        available_memory_bytes=case.tools.available_memory_bytes,
        folder=case.scratch,
    )
    require_shapes(logged, index.video.shape, chain)
    first, stop = case.wish.frames or (0, index.frames)
    tally = Tally(chain.result, first=first, stop=stop, frames=index.frames)
    case.progress.start("enhancing", stop - first)
    with _Delivered(case, expected) as delivered:
        for frame, planes in _rendered(case, index, here, first, stop):
            digest = encoder_digest(
                planes, pixel_format=logged.delivery.pixel_format, codec=logged.delivery.codec
            )
            if digest != expected[frame]:
                tally.differs(frame)
                recorded = delivered.frame(frame) if logged.delivery.lossless else None
                if recorded is not None:
                    tally.measure(frame, planes, recorded)
            case.progress.advance()
        unknown = _LOSSY if not logged.delivery.lossless else delivered.objection
    return Ran(here, tally.compared(against=_AGAINST, unknown=unknown), tally.worst)


def _rendered(
    case: Case, index: VideoIndex, here: Plan, first: int, stop: int
) -> Iterator[tuple[int, tuple[Samples, ...]]]:
    """Yield frames `first` up to `stop` with their numbers, each by the tiles of its part."""
    for part in case.logged.parts:
        begin, end = max(first, part.first), min(stop, part.stop)
        if begin < end:
            frames = _part(case, index, here, part, begin, end)
            yield from enumerate(frames, start=begin)


def _part(
    case: Case, index: VideoIndex, here: Plan, part: Part, begin: int, end: int
) -> Iterator[tuple[Samples, ...]]:
    logged = case.logged.plan
    at_once = logged.frames_at_once if case.wish.threads is None else here.frames_at_once
    networks = case.networks(part.tiles, side_by_side=at_once > 1)
    chain = bind(case.checked, index.video.shape, frames=index.frames, networks=networks)
    with FrameReader(
        case.tools.pool,
        case.received.path,
        index,
        first=max(0, begin - chain.before),
        stop=min(index.frames, end + chain.after),
    ) as reader:
        frames = finished_frames(
            reader, chain, first=begin, frames=index.frames, at_once=at_once, seen=_unseen
        )
        for frame in islice(frames, end - begin):
            yield native(frame)


def _unseen(_frame: DecodedFrame) -> None:
    """Nobody looks at source frames in a replay."""


class _Delivered:
    """The delivered frames, asked for in rising order; nothing is decoded until one is.

    `objection` says why frames could not be had, empty where all that were asked for could.
    """

    def __init__(self, case: Case, expected: tuple[bytes, ...]) -> None:
        self._case = case
        self._expected = expected
        self._reader: FrameReader | None = None
        self._frames: Iterator[DecodedFrame] = iter(())
        self.objection = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reader is not None:
            self._reader.__exit__(kind, error, trace)

    def frame(self, wanted: int) -> tuple[Samples, ...] | None:
        """The samples of a delivered frame; None where they are not those on record."""
        if self._reader is None:
            self._reader = self._opened(wanted)
            self._frames = iter(self._reader)
        for frame in self._frames:
            if frame.index < wanted:
                self._reader.release(frame)
                continue
            planes = tuple(plane.copy() for plane in frame.planes)
            self._reader.release(frame)
            if frame.digest == self._expected[wanted]:
                return planes
            break
        self.objection = _OTHER_DECODER
        return None

    def _opened(self, first: int) -> FrameReader:
        case = self._case
        plan = case.logged.plan
        path = case.bundle.take(case.bundle.names(Role.RESULT)[0])
        # Streams keep their order in a result; those that were left out leave no gap.
        kept = sorted({*plan.delivery.copied, plan.source.stream or 0})
        stream = kept.index(plan.source.stream or 0)
        index = index_video(case.tools.pool, path, stream=stream, progress=case.progress)
        return FrameReader(case.tools.pool, path, index, first=first)


def _recorded_digests(case: Case) -> tuple[bytes, ...]:
    """The ledger's digest of every frame as handed to the encoder."""
    paths = case.bundle.names(Role.LEDGER)
    if not paths:
        raise NotReplayableError("the ledger: it is not in the bundle")
    found: list[bytes] = []
    with case.bundle.take(paths[0]).open("rb") as file:
        while line := file.readline(MAX_LINE_BYTES + 1):
            members = parse_object(line.removesuffix(b"\n"))
            if "index" in members and members.get("kind", "frame") == "frame":
                found.append(_digest(members.get("encoder_sha256")))
    if len(found) != case.logged.plan.source.frames:
        raise NotReplayableError(
            f"a ledger of {case.logged.plan.source.frames} frames: it lists {len(found)}"
        )
    return tuple(found)


def _digest(text: object) -> bytes:
    try:
        digest = bytes.fromhex(str(text))
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise EvidenceError("A line of the ledger holds no digest of the frame as encoded.")
    return digest
