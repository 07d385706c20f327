"""Fusions that a graph asks for: finer stills of regions, made beside a job's result.

They are made of the frames as received, before the plan is final, so that what came of them is in
the plan by the digest of its list. A fusion that declines is a finding and no failure: its list
says why. Nothing here changes a sample of the result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from pipelines.graph.fusion_facts import FUSE
from pipelines.graph.plan import Plan, PlannedFusion
from pipelines.graph.spec import FusionParams
from pipelines.graph.validate import CheckedGraph
from pipelines.media.picture import FrameShape, Region
from pipelines.media.pool import DecodePool
from pipelines.media.video import VideoIndex
from pipelines.ports import Progress
from pipelines.run.durable_file import write_whole
from pipelines.run.entries import Body, received_body
from pipelines.run.fuse import FusionWish, require_luma, require_wish
from pipelines.run.fuse_files import (
    fuse_clip,
    fusion_facts,
    list_bytes,
    pictures_of,
    require_whole_frames,
    write_gray,
)
from pipelines.run.fused_still import FusedStill
from pipelines.run.job import Job
from pipelines.stages.export.facts_fusion import FusionFacts, FusionFile, FusionRole

ENTRY_KIND = "fusion"
_LUMA_BYTES = 8
_FRAMES_BESIDE = 4


def require_fusions(checked: CheckedGraph, index: VideoIndex) -> None:
    """Raise RequestError or UnsupportedError, before anything runs, for what this clip lacks."""
    for one in checked.fusions:
        require_wish(_wish(one), index)
        require_luma(index.video.shape)
        require_whole_frames(index, checked.despite_fields)


def fusing_bytes(checked: CheckedGraph, shape: FrameShape) -> int:
    """Memory that fusing takes beside the process and the decoder: whole frames of luma."""
    most = max((2 * one.radius + 2 for one in checked.fusions), default=-_FRAMES_BESIDE)
    return (most + _FRAMES_BESIDE) * shape.height * shape.width * _LUMA_BYTES


def with_fusions(plan: Plan, checked: CheckedGraph, made: Sequence[FusedStill] = ()) -> Plan:
    """The plan with what is to be fused, and with what came of it once it was."""
    planned = [
        PlannedFusion(
            **one.model_dump(),
            operation_class=FUSE.operation_class,
            frame_use=FUSE.frame_use,
            parameter_source=FUSE.parameter_source,
        )
        for one in checked.fusions
    ]
    for number, still in enumerate(made):
        outcome = {"declined": bool(still.facts.declined), "list_sha256": still.list_sha256}
        planned[number] = planned[number].model_copy(update=outcome)
    return plan.model_copy(update={"fusions": tuple(planned)})


def fused_stills(
    checked: CheckedGraph,
    index: VideoIndex,
    path: Path,
    *,
    pool: DecodePool,
    folder: Path,
    progress: Progress,
) -> tuple[FusedStill, ...]:
    """Make every fusion of a graph over the clip at `path`, and write its files into `folder`."""
    made = []
    if checked.fusions:
        progress.start("fusing", len(checked.fusions))
    for number, one in enumerate(checked.fusions, start=1):
        wish = _wish(one)
        fusion, chosen = fuse_clip(pool, path, index, wish, despite_fields=checked.despite_fields)
        files: list[FusionFile] = []
        paths: list[Path] = []
        for role, picture in pictures_of(fusion, chosen, wish).items():
            paths.append(folder / f"fusion-{number}-{role}-f{wish.frame:07d}.png")
            write_gray(paths[-1], picture)
            files.append(_file(role, paths[-1]))
        paths.append(folder / f"fusion-{number}.json")
        write_whole(paths[-1], list_bytes(fusion, wish))
        files.append(_file(FusionRole.LIST, paths[-1]))
        made.append(FusedStill(fusion_facts(fusion, wish, files), tuple(paths)))
        progress.advance()
    return tuple(made)


def recorded_fusions(job: Job, index: VideoIndex) -> tuple[FusedStill, ...]:
    """Make a job's fusions in its work folder; each is put on record, declined ones too."""
    made = fused_stills(
        job.checked,
        index,
        job.received.path,
        pool=job.tools.pool,
        folder=job.folder.work,
        progress=job.progress,
    )
    for one in made:
        job.record(ENTRY_KIND, _body(job, one.facts))
    return made


def _body(job: Job, facts: FusionFacts) -> Body:
    document = facts.model_dump(mode="json")
    files = document.pop("files")
    return {
        "inputs": received_body(job.received)["outputs"],
        "outputs": [
            {
                "role": one["role"],
                "name": one["file_name"],
                "sha256": one["sha256"],
                "bytes": one["bytes"],
            }
            for one in files
        ],
        "class": FUSE.operation_class.value,
        "frame_use": FUSE.frame_use.value,
        "parameter_source": FUSE.parameter_source.value,
        **cast("Body", document),
    }


def _file(role: FusionRole, path: Path) -> FusionFile:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return FusionFile(role=role, file_name=path.name, sha256=digest, bytes=len(data))


def _wish(one: FusionParams) -> FusionWish:
    left, top, width, height = one.box
    return FusionWish(one.frame, Region(top, left, height, width), one.radius, one.scale)
