"""A photograph's samples, computed by another process than the one whose job it is.

Promised: they are what the job's own process would have computed, bit for bit, for the same plan
is bound to the same samples of the file as received. Where a build, a device or the decoded
samples are others here, nothing is computed and the difference is named.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import ResourceError
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.graph.plan import read_plan
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import check_graph
from pipelines.media.photo import read_photo
from pipelines.media.picture import Samples
from pipelines.media.pool import DecodePool
from pipelines.media.scratch_pages import GivingBack
from pipelines.ports import Progress
from pipelines.run.clip_part import (
    Part,
    PartTools,
    PlannedGates,
    require_plan,
    require_software,
    software,
    tracked_chain,
)
from pipelines.run.job import Networks
from pipelines.run.photo_job import plan_photo
from pipelines.run.photo_pixels import REGION_PIXELS, render_photo
from pipelines.run.photo_work import PhotoWork
from pipelines.stages.ingest import Received


def part_of_photo(work: PhotoWork) -> Part:
    """Take what another process needs of a job's photograph."""
    return Part(
        job=work.job,
        graph=canonical_bytes(work.checked.graph.canonical()),
        plan=work.plan.canonical(),
        software=software(),
        tracks=work.tracks,
        source=work.source,
    )


def render_photo_part(
    part: Part,
    *,
    received: Received,
    scratch: Path,
    pool: DecodePool,
    progress: Progress,
    networks: Networks,
    pages: GivingBack,
) -> tuple[Samples, ...]:
    """Bind the part's plan here, decode, and compute every region.

    Raises ResourceError where the plan, a build or the decoded samples are others here, and what
    decoding and operations raise.
    """
    require_software(part.software)
    plan = read_plan(part.plan)
    checked = check_graph(parse_graph(parse_object(part.graph)))
    tools = PartTools(networks, PlannedGates(plan), plan.threads, pool)
    here, chain, _ = plan_photo(received, checked, tools)
    require_plan(part, plan, here)
    chain = tracked_chain(part, plan, chain)
    turn = plan.source.orientation or "keep"
    photo = read_photo(pool, received.path, scratch=scratch, orientation=turn)
    pages.watch(photo.planes)
    if photo.digest != part.source:
        raise ResourceError(
            "The photograph decodes to other samples here than where the job was planned.",
            next_step="Let every machine of the pool run the same builds.",
        )
    return render_photo(
        chain,
        photo,
        side=plan.tile_pixels or REGION_PIXELS,
        threads=plan.threads,
        scratch=scratch,
        pages=pages,
        progress=progress,
    )
