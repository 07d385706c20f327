"""The frames of a clip as its plan makes them here, each rendered with the tiles on record."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import islice

from pipelines.media.encoder_samples import encoder_digest
from pipelines.media.picture import Samples
from pipelines.media.reader import FrameReader
from pipelines.media.video import DecodedFrame, VideoIndex
from pipelines.run.clip_frames import finished_frames, native
from pipelines.run.replay_case import Case
from pipelines.run.replay_plan import Part
from pipelines.run.replay_tracks import followed
from pipelines.stages.drawn_region import View
from pipelines.stages.enhance import bind, frame_map_of

Numbered = tuple[int, tuple[Samples, ...]]


def rendered(
    case: Case, index: VideoIndex, wanted: range, *, at_once: int
) -> Generator[Numbered, None, None]:
    """Yield the frames of `wanted` in order with their numbers, in native samples.

    `at_once` frames are worked on side by side where none are mixed.
    """
    for part in case.logged.parts:
        begin, end = max(wanted.start, part.first), min(wanted.stop, part.stop)
        if begin < end:
            yield from _part(case, index, part, range(begin, end), at_once)


def digest_of(case: Case, planes: tuple[Samples, ...]) -> bytes:
    """The digest that the ledger would have for these samples."""
    delivery = case.logged.plan.delivery
    return encoder_digest(planes, pixel_format=delivery.pixel_format, codec=delivery.codec)


def _part(
    case: Case, index: VideoIndex, part: Part, wanted: range, at_once: int
) -> Iterator[Numbered]:
    networks = case.networks(part.tiles, side_by_side=at_once > 1)
    chain = bind(
        case.checked,
        index.video.shape,
        frames=index.frames,
        networks=networks,
        frame_map=frame_map_of(case.checked, index),
        view=View.of_clip(index),
    )
    chain = followed(case, chain)
    first, stop = chain.reads(wanted.start, wanted.stop, index.frames)
    with FrameReader(case.tools.pool, case.received.path, index, first=first, stop=stop) as reader:
        frames = finished_frames(
            reader, chain, first=wanted.start, frames=index.frames, at_once=at_once, seen=_unseen
        )
        for number, frame in zip(wanted, islice(frames, len(wanted)), strict=True):
            yield number, native(frame)


def _unseen(_frame: DecodedFrame) -> None:
    """Nobody looks at source frames in a replay."""
