"""The one file that a clip's segments become: joined, then signed; or taken up where it lies.

Names in the work folder: `joined.<ext>` is complete and unsigned, `enhanced.<ext>` is the result.
A file counts as complete only while it has the digest that `marks` noted.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.graph.plan import Plan
from pipelines.media.join import join
from pipelines.media.video import Delivery, VideoIndex
from pipelines.run.clip_facts import media_type, received_type
from pipelines.run.clip_segments import ClipRenderer
from pipelines.run.credentials import (
    Credentialed,
    add_credentials,
    embeds,
    load_credentialed,
    save_credentialed,
)
from pipelines.run.job import Job
from pipelines.run.marks import Mark, is_joined, load_mark, save_joined, segment_path


def whole_clip(
    job: Job,
    plan: Plan,
    index: VideoIndex,
    delivery: Delivery,
    renderer: ClipRenderer,
    result: Path,
) -> tuple[tuple[Mark, ...], Credentialed]:
    """Render, join and sign, or take up what an earlier attempt finished of it.

    The segments go before a signed copy is made, to have room for it; a file that was signed is
    not signed again.
    """
    assert plan.segments is not None  # noqa: S101 - a clip's plan has segments
    ranges, work = plan.segments.ranges(), job.folder.work
    marks, credentialed = _earlier_marks(job, result, ranges), load_credentialed(work)
    if marks is not None and credentialed is not None:
        return marks, credentialed
    delivered_type = media_type(result)
    unsigned = result
    if embeds(job, delivered_type):
        unsigned = result.with_name(f"joined{result.suffix}")
    marks = _earlier_marks(job, unsigned, ranges)
    if marks is None:
        marks = renderer.run()
        _join(job, index, delivery, marks, unsigned)
        save_joined(work, unsigned)
    credentialed = add_credentials(
        job,
        plan,
        result,
        unsigned=unsigned,
        media_type=delivered_type,
        received_type=received_type(index),
    )
    save_credentialed(work, credentialed)
    if unsigned != result:
        save_joined(work, result)
        unsigned.unlink(missing_ok=True)
    return marks, credentialed


def _earlier_marks(
    job: Job, result: Path, ranges: tuple[tuple[int, int], ...]
) -> tuple[Mark, ...] | None:
    """The marks of an earlier attempt that came as far as `result`, else None."""
    work = job.folder.work
    if not is_joined(work, result):
        return None
    marks = [
        load_mark(work, number, first=first, stop=stop, joined=True)
        for number, (first, stop) in enumerate(ranges)
    ]
    found = tuple(mark for mark in marks if mark is not None)
    return found if len(found) == len(ranges) else None


def _join(
    job: Job,
    index: VideoIndex,
    delivery: Delivery,
    marks: tuple[Mark, ...],
    out: Path,
) -> None:
    job.progress.start("joining", 0)
    segments = [segment_path(job.folder.work, mark.number) for mark in marks]
    join(
        job.tools.pool,
        segments,
        source=job.received.path,
        index=index,
        delivery=delivery,
        out=out,
    )
