"""QA of a job's pictures: the maps that its graph asks for, as files and as an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from pipelines.analysis.found import FACE
from pipelines.analysis.track_file import read_tracks
from pipelines.analysis.tracks import Track
from pipelines.evidence.json_value import Json
from pipelines.graph.validate import CheckedGraph
from pipelines.run.clip_outside import Listening, OutsideTap
from pipelines.run.clip_taps import ClipTaps
from pipelines.run.clip_work import ClipWork
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
    faces = None
    if tracked is not None and job.tools.face_embedding is not None:
        faces = _faces(chain, tracked.found.tracks, turn=turn, folder=job.folder.work)
        faces.seen(0, pair.before)
        faces.finished(0, pair.after)
    drift = _drift(job, tracked, faces)
    facts = QualityFacts(asked=True, maps=tuple(one.facts for one in maps), drift=drift)
    return recorded(job, Judged(facts, maps))


def taps_of(work: ClipWork) -> ClipTaps | None:
    """Make the taps that a clip's graph asks for."""
    plan = work.plan
    if plan.segments is None or not maps_wanted(work.checked):
        return None
    faces = None
    if work.tracks is not None and work.keeps_faces:
        tracks, turn = read_tracks(work.tracks).tracks, work.index.video.rotation % 360
        faces = _faces(work.chain, tracks, turn=turn, folder=work.work)
    return ClipTaps(
        work.chain,
        frames=plan.segments.frames,
        starts=plan.segments.starts,
        pictured=work.previews,
        work=work.work,
        faces=faces,
    )


def outside_tap(work: ClipWork) -> OutsideTap | None:
    """Make what checks a clip outside its regions; None where no law of regions applies."""
    outside, segments = Outside(work.chain), work.plan.segments
    if segments is None or not outside.applies:
        return None
    return OutsideTap(outside, frames=segments.frames, starts=segments.starts, work=work.work)


def listening(work: ClipWork) -> Listening:
    """Everything that listens to a clip's frames, as one."""
    taps = (taps_of(work), outside_tap(work))
    return Listening([tap for tap in taps if tap is not None])


def judge_clip(job: Job, taps: ClipTaps | None, tracked: Tracked | None) -> Judged:
    """Gather what the taps of a clip found, and put it on record."""
    if taps is None:
        return recorded(job, Judged())
    found = taps.judged()
    drift = _drift(job, tracked, taps.faces)
    return recorded(job, replace(found, facts=found.facts.model_copy(update={"drift": drift})))


def _faces(chain: Chain, tracks: Sequence[Track], *, turn: int, folder: Path) -> FacePairs:
    """What keeps faces for the drift; `turn` makes frames upright, counter-clockwise."""
    faces = [one for one in tracks if one.target == FACE]
    return FacePairs(chain, faces, turn=turn, work=folder, opener=writing)


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
