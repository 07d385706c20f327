"""The pixel loop of a clip: decode, operations, hashing and encoding as one pass.

Four things run at once with bounded queues between them: a child decodes ahead, this thread
runs the operations, one thread rounds, hashes and encodes, another has finished segments decoded
again. Frames flow through in order whatever the segments, so a segment's border is
nothing but the place where one file ends and the next begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import ConservationError
from pipelines.media.index import SegmentIndexer
from pipelines.media.picture import Samples
from pipelines.media.reader import FrameReader
from pipelines.media.segment_writer import SegmentWriter
from pipelines.media.video import DecodedFrame
from pipelines.run.background import Background
from pipelines.run.clip_frames import Finished, finished_frames, native
from pipelines.run.clip_outside import Tap, outside_name
from pipelines.run.clip_taps import tap_names
from pipelines.run.clip_work import ClipWork
from pipelines.run.durable_file import writing
from pipelines.run.marks import Mark, file_sha256, save_mark, segment_path

FRAMES_WAITING = 3
SEGMENTS_WAITING = 2
_STOP_SECONDS = 1.0


class SegmentRenderer:
    """Renders segments of a clip, marks each as it is durable, and decodes it again.

    `finished` hears of every segment that was verified, and has to mark it as such. `taps`
    listen; of the frames in `work.previews` the samples, received and delivered, are kept for
    the report. It is used once.
    """

    def __init__(self, work: ClipWork, taps: Tap | None, finished: Callable[[Mark], None]) -> None:
        self._progress = work.progress
        self._pool = work.pool
        self._path = work.received.path
        self._taps = taps
        self._finished = finished
        self._at_once = work.plan.frames_at_once
        self._chain = work.chain
        self._index = work.index
        self._delivery = work.delivery
        self._ranges = work.ranges
        self._timed = work.timed
        self._previews = frozenset(work.previews)
        self._pictured = {work.chain.shows(frame): frame for frame in work.previews}
        self._work = work.work
        self._indexer = SegmentIndexer(work.pool)

    def run(self, missing: Sequence[int], unverified: Iterable[Mark] = ()) -> None:
        """Render the segments with these numbers; verify them, and those that only wait for it."""
        encoder = Background("encoder", waiting=FRAMES_WAITING)
        verifier = Background("verifier", waiting=SEGMENTS_WAITING)
        try:
            for mark in unverified:
                verifier.submit(partial(self._verify, mark))
            for numbers in neighbours(missing):
                self._render(numbers, encoder, verifier)
            encoder.drain()
            verifier.drain()
        finally:
            encoder.abandon(wait_seconds=_STOP_SECONDS)
            verifier.abandon(wait_seconds=_STOP_SECONDS)
            self._indexer.close()

    def _render(self, numbers: Sequence[int], encoder: Background, verifier: Background) -> None:
        """Render neighbouring segments with one decode."""
        first, stop = self._ranges[numbers[0]][0], self._ranges[numbers[-1]][1]
        read_first, read_stop = self._chain.reads(first, stop, self._index.frames)
        if self._taps is not None:
            self._taps.begin(first, stop)
        with FrameReader(
            self._pool, self._path, self._index, first=read_first, stop=read_stop
        ) as reader:
            frames = finished_frames(
                reader,
                self._chain,
                first=first,
                frames=self._index.frames,
                at_once=self._at_once,
                seen=self._seen,
            )
            for number in numbers:
                self._render_segment(number, frames, encoder, verifier)

    def _render_segment(
        self,
        number: int,
        frames: Iterator[Finished],
        encoder: Background,
        verifier: Background,
    ) -> None:
        first, stop = self._ranges[number]
        path = segment_path(self._work, number)
        writer = SegmentWriter(path, self._timed, self._chain.result, self._delivery, first=first)
        digests: list[bytes] = []

        def encode(frame: Finished) -> None:
            planes = native(frame)
            if self._taps is not None:
                self._taps.finished(first + len(digests), planes)
            digests.append(writer.write(planes))
            self._progress.advance()

        def finish() -> None:
            writer.finish()
            if self._taps is not None:
                self._taps.segment_finished(number)
            size = path.stat().st_size
            mark = Mark(number, first, stop, file_sha256(path), size, tuple(digests))
            save_mark(self._work, mark)
            verifier.submit(partial(self._verify, mark))

        for _ in range(first, stop):
            encoder.submit(partial(encode, next(frames)))
        encoder.submit(finish)

    def _seen(self, frame: DecodedFrame) -> None:
        if self._taps is not None and self._chain.frame_map is None:
            self._taps.seen(frame)
        shown = self._pictured.get(frame.index)
        if shown is not None:
            _save_planes(preview_path(self._work, shown, "before"), frame.planes)

    def _verify(self, mark: Mark) -> None:
        """Decode a finished segment as anybody would, and note what came out."""
        path = segment_path(self._work, mark.number)
        own, coded = self._indexer.index(path)
        delivered = tuple(bytes(one) for one in own.digest)
        if len(delivered) != len(mark.encoder):
            raise ConservationError(
                f"Segment {mark.number} was given {len(mark.encoder)} frames and decodes to "
                f"{len(delivered)}."
            )
        if self._delivery.lossless and delivered != mark.encoder:
            wrong = sum(a != b for a, b in zip(delivered, mark.encoder, strict=True))
            raise ConservationError(
                f"Segment {mark.number} is coded without loss, and {wrong} of its frames decode "
                "to other samples."
            )
        for wanted in sorted(self._previews.intersection(range(mark.first, mark.stop))):
            at = wanted - mark.first
            with FrameReader(self._pool, path, own, first=at, stop=at + 1) as reader:
                for frame in reader:
                    _save_planes(preview_path(self._work, wanted, "after"), frame.planes)
                    reader.release(frame)
        self._finished(replace(mark, delivered=delivered, coded=coded))


def preview_path(work: Path, frame: int, side: str) -> Path:
    """Where the planes of a preview lie until the report is made."""
    return work / f"preview-{frame}-{side}.npz"


def segment_names(number: int, first: int, stop: int) -> Iterator[str]:
    """Names of all that rendering a segment may leave in the work folder, but for its mark."""
    folder = Path()
    yield segment_path(folder, number).name
    yield outside_name(number)
    yield from tap_names(number, range(first, stop))
    for frame in range(first, stop):
        yield from (preview_path(folder, frame, side).name for side in ("before", "after"))


def load_planes(path: Path) -> tuple[Samples, ...]:
    """Read planes that were kept for a preview."""
    with np.load(path, allow_pickle=False) as stored:
        return tuple(stored[name] for name in sorted(stored.files))


def _save_planes(path: Path, planes: tuple[Samples, ...]) -> None:
    with writing(path) as file:
        named: dict[str, Any] = {f"plane{number}": plane for number, plane in enumerate(planes)}
        np.savez(file, **named)


def neighbours(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Group rising numbers of segments into those that follow one another."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run
