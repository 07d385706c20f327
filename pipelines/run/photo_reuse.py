"""A photograph's samples that an earlier job computed by the same plan.

What is kept are the planes as they were handed to the encoder; whatever follows (the file, its
credentials, laws, maps) is made and checked again from them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipelines.errors import ResourceError
from pipelines.graph.plan import Plan
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.durable_file import write_whole
from pipelines.run.job import Job
from pipelines.run.plane_files import mapped_planes, plane_paths, save_planes, taken_planes
from pipelines.run.reuse import Recalled, recalled, rendering_key, taken

_FACTS = "samples.json"


@dataclass(frozen=True, slots=True)
class Computed:
    """A photograph's planes; `replans` is what was planned anew for them, `job` whose they are."""

    planes: tuple[Samples, ...]
    replans: tuple[str, ...]
    job: str


def computed_before(job: Job, plan: Plan, shape: FrameShape, pages: GivingBack) -> Computed | None:
    """Take up the samples of an earlier job; None where there are none that fit the plan."""
    found = recalled(job, plan)
    if found is None:
        return None
    kept = _read(found, shape)
    if kept is not None:
        taken(job, plan, found, plane_paths(found.folder, len(kept.planes)))
        planes = taken_planes(kept.planes, shape, scratch=job.folder.work, pages=pages)
        kept = replace(kept, planes=planes)
    found.done_with()
    return kept


def remember_photo(job: Job, plan: Plan, planes: Sequence[Samples], replans: Sequence[str]) -> None:
    """Hand a photograph's samples to the memory."""
    if job.tools.memory is None:
        return
    files = plane_paths(job.folder.work, len(planes))
    facts = job.folder.path(_FACTS)
    # A disk without room for this may have room for the result.
    with suppress(ResourceError):
        save_planes(job.folder.work, planes)
        told = {"replans": list(replans)}
        write_whole(facts, json.dumps(told).encode())
        job.tools.memory.remember(rendering_key(job, plan), [*files, facts])
    for path in (*files, facts):
        path.unlink(missing_ok=True)


def _read(found: Recalled, shape: FrameShape) -> Computed | None:
    try:
        facts = json.loads((found.folder / _FACTS).read_bytes())
        planes = mapped_planes(found.folder, shape)
        replans = tuple(map(str, facts["replans"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Computed(planes, replans, found.job)
