"""QA of a job's pictures: the maps that its graph asks for, as files and as an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from pipelines.analysis.found import FACE
from pipelines.evidence.json_value import Json
from pipelines.graph.plan import Plan
from pipelines.graph.validate import CheckedGraph
from pipelines.run.clip_outside import OutsideTap
from pipelines.run.clip_taps import ClipTaps
from pipelines.run.durable_file import writing
from pipelines.run.job import Job
from pipelines.stages.detect_track import Tracked
from pipelines.stages.drift import drift_facts
from pipelines.stages.enhance import Chain
from pipelines.stages.export.facts_quality import DriftFacts, QualityFacts
from pipelines.stages.face_pairs import FacePairs
from pipelines.stages.maps import Judged, MapMaker, Pair
from pipelines.stages.outside import Outside

_WORDS_BYTES = 8192


def maps_wanted(checked: CheckedGraph) -> bool:
    """Whether the graph asks for maps: it has a `qa` stage that does not leave them out."""
    return checked.qa is not None and checked.qa.maps


def photo_maps_bytes(checked: CheckedGraph, chain: Chain) -> int:
    """Disk that the maps of a photograph can need: one byte per sample of input and result.

    Deflate never makes a picture larger by more than a thousandth, which is allowed for, as are
    the words and colours beside the samples.
    """
    if not maps_wanted(checked):
        return 0
    samples = sum(shape.height * shape.width for shape in (chain.source, chain.result))
    return samples + samples // 1000 + _WORDS_BYTES


def judge_photo(
    job: Job, chain: Chain, pair: Pair, tracked: Tracked | None, *, turn: int
) -> Judged:
    """Make the maps of a photograph, and put what was found on record.

    `turn` makes it upright, in degrees counter-clockwise.
    """
    if not maps_wanted(job.checked):
        return recorded(job, Judged())
    job.progress.start("comparing", 0)
    maker = MapMaker(chain)
    maps = (*maker.make(pair, folder=job.folder.work, opener=writing), *maker.nothing)
    faces = _faces(job, chain, tracked, turn=turn)
    if faces is not None:
        faces.seen(0, pair.before)
        faces.finished(0, pair.after)
    drift = _drift(job, tracked, faces)
    facts = QualityFacts(asked=True, maps=tuple(one.facts for one in maps), drift=drift)
    return recorded(job, Judged(facts, maps))


def taps_of(
    job: Job,
    chain: Chain,
    plan: Plan,
    pictured: Sequence[int],
    *,
    tracked: Tracked | None = None,
    turn: int = 0,
) -> ClipTaps | None:
    """Make the taps that a clip's graph asks for; `pictured` are the frames of the report.

    `turn` makes the clip's frames upright, in degrees counter-clockwise.
    """
    if plan.segments is None or not maps_wanted(job.checked):
        return None
    return ClipTaps(
        chain,
        frames=plan.segments.frames,
        starts=plan.segments.starts,
        pictured=pictured,
        work=job.folder.work,
        faces=_faces(job, chain, tracked, turn=turn),
    )


def outside_tap(job: Job, chain: Chain, plan: Plan) -> OutsideTap | None:
    """Make what checks a clip outside its regions; None where no law of regions applies."""
    outside = Outside(chain)
    if plan.segments is None or not outside.applies:
        return None
    starts, frames = plan.segments.starts, plan.segments.frames
    return OutsideTap(outside, frames=frames, starts=starts, work=job.folder.work)


def judge_clip(job: Job, taps: ClipTaps | None, tracked: Tracked | None) -> Judged:
    """Gather what the taps of a clip found, and put it on record."""
    if taps is None:
        return recorded(job, Judged())
    found = taps.judged()
    drift = _drift(job, tracked, taps.faces)
    return recorded(job, replace(found, facts=found.facts.model_copy(update={"drift": drift})))


def _faces(job: Job, chain: Chain, tracked: Tracked | None, *, turn: int) -> FacePairs | None:
    """What keeps faces for the drift; None where nothing was tracked or nothing can look."""
    if tracked is None or job.tools.face_embedding is None:
        return None
    faces = [one for one in tracked.found.tracks if one.target == FACE]
    return FacePairs(chain, faces, turn=turn, work=job.folder.work, opener=writing)


def _drift(job: Job, tracked: Tracked | None, faces: FacePairs | None) -> DriftFacts:
    """Embedding drift of every face track."""
    pairs = () if faces is None else faces.pairs()
    return drift_facts(job.tools.face_embedding, pairs, looked=tracked is not None)


def recorded(job: Job, judged: Judged) -> Judged:
    """Commit the entry `qa`: the numbers of every map and the digests of the pictures."""
    outputs = [
        {"role": "map", "name": picture.file_name, "sha256": picture.sha256, "bytes": picture.bytes}
        for one in judged.facts.maps
        if (picture := one.picture) is not None
    ]
    body = cast("dict[str, Json]", judged.facts.model_dump(mode="json"))
    job.record("qa", {**body, "outputs": cast("list[Json]", outputs)})
    return judged
