"""The pixel loop of a clip: decode, operations, hashing and encoding as one pass.

Four things run at once with bounded queues between them: a child decodes ahead, this thread
runs the operations, one thread rounds, hashes and encodes, another has finished segments decoded
again. Frames flow through in order whatever the segments, so a segment's border is
nothing but the place where one file ends and the next begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain as chained
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import ConservationError
from pipelines.graph.plan import Plan
from pipelines.media.index import SegmentIndexer
from pipelines.media.picture import Samples
from pipelines.media.reader import FrameReader
from pipelines.media.segment_writer import SegmentWriter
from pipelines.media.video import DecodedFrame, Delivery, VideoIndex
from pipelines.run.background import Background
from pipelines.run.clip_frames import Finished, finished_frames, native
from pipelines.run.clip_outside import Tap
from pipelines.run.durable_file import writing
from pipelines.run.entries import segment_body
from pipelines.run.job import Job
from pipelines.run.marks import Mark, file_sha256, load_mark, save_mark, segment_path
from pipelines.stages.enhance import Chain

FRAMES_WAITING = 3
SEGMENTS_WAITING = 2
_STOP_SECONDS = 1.0

Range = tuple[int, int]


class ClipRenderer:
    """Renders what is not yet marked of a clip, segment by segment, and marks it.

    `previews` are frames whose samples, received and delivered, are kept for the report;
    `replans` tells what had to be planned anew since the job began; `taps` listen.
    """

    def __init__(
        self,
        job: Job,
        plan: Plan,
        chain: Chain,
        index: VideoIndex,
        delivery: Delivery,
        previews: Sequence[int],
        replans: Callable[[], tuple[str, ...]],
        taps: Tap | None,
    ) -> None:
        self._job = job
        self._plan = plan
        self._replans = replans
        self._taps = taps
        self._at_once = plan.frames_at_once
        self._chain = chain
        self._index = index
        self._delivery = delivery
        self._ranges = plan.segments.ranges() if plan.segments is not None else ()
        self._timed = chain.result_index(index)
        self._previews = frozenset(previews)
        self._pictured = {chain.shows(frame): frame for frame in previews}
        self._work = job.folder.work
        self._marks: dict[int, Mark] = {}
        self._indexer = SegmentIndexer(job.tools.pool)

    def run(self) -> tuple[Mark, ...]:
        """Render, verify and mark every segment; returns the marks in order."""
        for number, (first, stop) in enumerate(self._ranges):
            mark = load_mark(self._work, number, first=first, stop=stop)
            if mark is not None:
                self._marks[number] = mark
        unverified = [mark for mark in self._marks.values() if mark.delivered is None]
        job = self._job
        job.folder.keep = True
        job.progress.start("enhancing", self._timed.frames)
        job.progress.advance(sum(mark.stop - mark.first for mark in self._marks.values()))
        encoder = Background("encoder", waiting=FRAMES_WAITING)
        verifier = Background("verifier", waiting=SEGMENTS_WAITING)
        try:
            for mark in unverified:
                verifier.submit(partial(self._verify, mark))
            for numbers in _runs(self._ranges, self._marks):
                self._render(numbers, encoder, verifier)
            encoder.drain()
            verifier.drain()
        finally:
            encoder.abandon(wait_seconds=_STOP_SECONDS)
            verifier.abandon(wait_seconds=_STOP_SECONDS)
            self._indexer.close()
        return tuple(self._marks[number] for number in range(len(self._ranges)))

    def _render(self, numbers: Sequence[int], encoder: Background, verifier: Background) -> None:
        """Render neighbouring segments with one decode."""
        first, stop = self._ranges[numbers[0]][0], self._ranges[numbers[-1]][1]
        read_first, read_stop = self._chain.reads(first, stop, self._index.frames)
        path = self._job.received.path
        pool = self._job.tools.pool
        if self._taps is not None:
            self._taps.begin(first, stop)
        with FrameReader(pool, path, self._index, first=read_first, stop=read_stop) as reader:
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
            self._job.progress.advance()

        def finish() -> None:
            writer.finish()
            if self._taps is not None:
                self._taps.segment_finished(number)
            size = path.stat().st_size
            mark = Mark(number, first, stop, file_sha256(path), size, tuple(digests))
            save_mark(self._work, mark)
            self._marks[number] = mark
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
        pool = self._job.tools.pool
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
            with FrameReader(pool, path, own, first=at, stop=at + 1) as reader:
                for frame in reader:
                    _save_planes(preview_path(self._work, wanted, "after"), frame.planes)
                    reader.release(frame)
        verified = replace(mark, delivered=delivered, coded=coded)
        # On record first: what is marked is never without its entry. Dying in between repeats
        # the check, and the second entry says which attempt it is.
        self._record(verified)
        save_mark(self._work, verified)
        self._marks[mark.number] = verified

    def _record(self, mark: Mark) -> None:
        source = self._timed.digest[mark.first : mark.stop]
        body = segment_body(
            self._plan,
            number=mark.number,
            first=mark.first,
            stop=mark.stop,
            attempt=self._job.attempt,
            source=(bytes(one) for one in source),
            encoder=mark.encoder,
            delivered=mark.delivered or (),
            coded=mark.coded,
            replans=self._replans(),
            outputs=[{"role": "segment", "sha256": mark.sha256, "bytes": mark.size}],
        )
        self._job.record("operation", body)


def preview_path(work: Path, frame: int, side: str) -> Path:
    """Where the planes of a preview lie until the report is made."""
    return work / f"preview-{frame}-{side}.npz"


def load_planes(path: Path) -> tuple[Samples, ...]:
    """Read planes that were kept for a preview."""
    with np.load(path, allow_pickle=False) as stored:
        return tuple(stored[name] for name in sorted(stored.files))


def _save_planes(path: Path, planes: tuple[Samples, ...]) -> None:
    with writing(path) as file:
        named: dict[str, Any] = {f"plane{number}": plane for number, plane in enumerate(planes)}
        np.savez(file, **named)


def _runs(ranges: Sequence[Range], marked: dict[int, Mark]) -> Iterator[list[int]]:
    """Group the segments that are still to be rendered into neighbours."""
    run: list[int] = []
    for number in chained(range(len(ranges)), [len(ranges)]):
        if number < len(ranges) and number not in marked:
            run.append(number)
        elif run:
            yield run
            run = []
