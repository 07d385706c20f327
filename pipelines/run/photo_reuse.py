"""A photograph's samples that an earlier job computed by the same plan.

What is kept are the planes as they were handed to the encoder; whatever follows (the file, its
credentials, laws, maps) is made and checked again from them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from pipelines.errors import ResourceError
from pipelines.graph.plan import Plan
from pipelines.media.photo import new_planes
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.durable_file import write_whole, writing
from pipelines.run.job import Job
from pipelines.run.reuse import Recalled, recalled, rendering_key, taken

_FACTS = "samples.json"
_PLANE = "plane-{}.npy"
_ROWS = 256


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
        files = [found.folder / _PLANE.format(plane) for plane in range(len(kept.planes))]
        taken(job, plan, found, files)
        planes = pages.watch(new_planes(shape, scratch=job.folder.work))
        for plane, samples in zip(planes, kept.planes, strict=True):
            for top in range(0, len(plane), _ROWS):
                plane[top : top + _ROWS] = samples[top : top + _ROWS]
        kept = replace(kept, planes=planes)
    found.done_with()
    return kept


def remember_photo(job: Job, plan: Plan, planes: Sequence[Samples], replans: Sequence[str]) -> None:
    """Hand a photograph's samples to the memory."""
    if job.tools.memory is None:
        return
    files = [job.folder.path(_PLANE.format(number)) for number in range(len(planes))]
    facts = job.folder.path(_FACTS)
    # A disk without room for this may have room for the result.
    with suppress(ResourceError):
        for path, plane in zip(files, planes, strict=True):
            with writing(path) as file:
                np.save(file, plane, allow_pickle=False)
        told = {"planes": len(planes), "replans": list(replans)}
        write_whole(facts, json.dumps(told).encode())
        job.tools.memory.remember(rendering_key(job, plan), [*files, facts])
    for path in (*files, facts):
        path.unlink(missing_ok=True)


def _read(found: Recalled, shape: FrameShape) -> Computed | None:
    try:
        facts = json.loads((found.folder / _FACTS).read_bytes())
        planes = tuple(
            np.load(found.folder / _PLANE.format(plane), mmap_mode="r", allow_pickle=False)
            for plane in range(int(facts["planes"]))
        )
        replans = tuple(map(str, facts["replans"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sizes = [shape.plane_size(number) for number in range(shape.layout.plane_count)]
    fits = [plane.shape for plane in planes] == sizes
    fits = fits and all(plane.dtype == shape.layout.sample_type for plane in planes)
    return Computed(planes, replans, found.job) if fits else None
