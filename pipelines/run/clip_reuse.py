"""Segments of a clip that an earlier job rendered by the same plan, taken up as if rendered here.

What is taken is a segment with all that was found in its frames, under the names that rendering
gives it, and its mark. A segment of which anything is missing is rendered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.run.clip_pixels import segment_names
from pipelines.run.clip_work import ClipWork, Rendered
from pipelines.run.durable_file import move, write_whole
from pipelines.run.job import Job
from pipelines.run.marks import Mark, file_sha256, mark_record, read_mark, segment_path
from pipelines.run.reuse import Recalled, recalled, rendering_key, taken

_SEGMENTS = "segments.json"


def taken_again(job: Job, work: ClipWork, missing: Sequence[int]) -> tuple[Rendered, ...]:
    """Bring those of the missing segments into the work folder that were rendered before."""
    if not missing:
        return ()
    found = recalled(job, work.plan)
    if found is None:
        return ()
    again = [one for one in _read(found) if one.mark.number in missing and _fits(found, work, one)]
    if not again:
        found.done_with()
        return ()
    taken(job, work.plan, found, (segment_path(found.folder, one.mark.number) for one in again))
    for one in again:
        for name in _names(one.mark):
            if (found.folder / name).exists():
                move(found.folder / name, work.work / name)
    found.done_with()
    return tuple(again)


def remember_clip(
    job: Job, work: ClipWork, marks: Sequence[Mark], replans: Mapping[int, Sequence[str]]
) -> None:
    """Hand a whole rendering to the memory; `replans` are those of each segment rendered now.

    A clip of which an attempt before this one rendered a part is not handed on: what had to be
    planned anew for that part is in that attempt's entries alone.
    """
    memory = job.tools.memory
    if memory is None or any(mark.number not in replans for mark in marks):
        return
    told = [{"mark": mark_record(one), "replans": list(replans[one.number])} for one in marks]
    write_whole(work.work / _SEGMENTS, json.dumps(told).encode())
    files = [work.work / name for mark in marks for name in _names(mark)]
    listed = [file for file in files if file.exists()]
    memory.remember(rendering_key(job, work.plan), [work.work / _SEGMENTS, *listed])


def _read(found: Recalled) -> list[Rendered]:
    try:
        told: list[dict[str, Any]] = json.loads((found.folder / _SEGMENTS).read_bytes())
        where = {"job": found.job}
        return [Rendered(read_mark(one["mark"]), tuple(one["replans"]), where) for one in told]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _fits(found: Recalled, work: ClipWork, one: Rendered) -> bool:
    """Whether it is the plan's segment, verified, with the file that its mark names."""
    mark = one.mark
    if mark.number >= len(work.ranges) or work.ranges[mark.number] != (mark.first, mark.stop):
        return False
    if mark.delivered is None or mark.coded is None or len(mark.encoder) != mark.stop - mark.first:
        return False
    path = segment_path(found.folder, mark.number)
    return path.is_file() and file_sha256(path) == mark.sha256


def _names(mark: Mark) -> Iterator[str]:
    return segment_names(mark.number, mark.first, mark.stop)
