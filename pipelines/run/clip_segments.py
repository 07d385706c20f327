"""A clip's segments as a job gets them: taken up, rendered here, elsewhere or by an earlier job.

What is on record is what is marked, whatever place rendered it: first the entry, then the mark.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from pipelines.run.clip_outside import Tap
from pipelines.run.clip_pixels import SegmentRenderer
from pipelines.run.clip_reuse import remember_clip, taken_again
from pipelines.run.clip_work import ClipWork, Rendered
from pipelines.run.entries import repeat_body, segment_body
from pipelines.run.job import Job
from pipelines.run.marks import Mark, load_mark, save_mark


class ClipRenderer:
    """Renders what is not yet marked of a clip, segment by segment, and marks it.

    `replans` tells what had to be planned anew here since the job began; `taps` listen to what
    is rendered here.
    """

    def __init__(
        self,
        job: Job,
        work: ClipWork,
        replans: Callable[[], tuple[str, ...]],
        taps: Tap | None,
    ) -> None:
        self._job = job
        self._work = work
        self._replans = replans
        self._taps = taps
        self._marks: dict[int, Mark] = {}
        self._told: dict[int, Sequence[str]] = {}
        self._planned_anew: list[str] = []
        self._lock = threading.Lock()

    def run(self) -> tuple[Mark, ...]:
        """Render, verify and mark every segment; returns the marks in order."""
        job, work = self._job, self._work
        for number, (first, stop) in enumerate(work.ranges):
            mark = load_mark(work.work, number, first=first, stop=stop)
            if mark is not None:
                self._marks[number] = mark
        missing = self._missing()
        unverified = [mark for mark in self._marks.values() if mark.delivered is None]
        job.folder.keep = True
        job.progress.start("enhancing", work.timed.frames)
        job.progress.advance(sum(mark.stop - mark.first for mark in self._marks.values()))
        for again in taken_again(job, work, missing):
            self._finished(again)
            job.progress.advance(again.mark.stop - again.mark.first)
        was_rendered = bool(missing := self._missing())
        elsewhere = job.tools.elsewhere
        here = SegmentRenderer(work, self._taps, self._rendered_here)
        here.run(missing if elsewhere is None else (), unverified)
        if elsewhere is not None and missing:
            elsewhere.render(work, missing, self._finished)
        marks = tuple(self._marks[number] for number in range(len(work.ranges)))
        if was_rendered:
            remember_clip(job, work, marks, self._told)
        return marks

    def _missing(self) -> list[int]:
        return [one for one in range(len(self._work.ranges)) if one not in self._marks]

    @property
    def replans(self) -> tuple[str, ...]:
        """What had to be planned anew, here and elsewhere."""
        return (*self._replans(), *dict.fromkeys(self._planned_anew))

    def _rendered_here(self, mark: Mark) -> None:
        self._finished(Rendered(mark, self._replans()))

    def _finished(self, rendered: Rendered) -> None:
        """Put a segment on record, and mark it.

        On record first: what is marked is never without its entry. Dying in between repeats the
        check, and the second entry says which attempt it is. A segment that is marked already was
        rendered twice: that is on record as well, and nothing else comes of it.
        """
        mark = rendered.mark
        with self._lock:
            known = self._marks.get(mark.number)
            if known is not None and known.delivered is not None:
                self._job.record("segment.repeated", repeat_body(mark, rendered.where))
                return
            self._record(rendered)
            save_mark(self._work.work, mark)
            self._marks[mark.number] = mark
            self._told[mark.number] = rendered.replans
            if rendered.where:
                self._planned_anew.extend(rendered.replans)

    def _record(self, rendered: Rendered) -> None:
        mark, source = rendered.mark, self._work.timed.digest
        body = segment_body(
            self._work.plan,
            number=mark.number,
            first=mark.first,
            stop=mark.stop,
            attempt=self._job.attempt,
            source=(bytes(one) for one in source[mark.first : mark.stop]),
            encoder=mark.encoder,
            delivered=mark.delivered or (),
            coded=mark.coded,
            replans=rendered.replans,
            outputs=[{"role": "segment", "sha256": mark.sha256, "bytes": mark.size}],
            where=rendered.where,
        )
        self._job.record("operation", body)
