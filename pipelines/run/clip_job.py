"""A clip from file to finished file: index, plan, segments, one joined file, laws, ledger."""

from __future__ import annotations

import time
from pathlib import Path

from pipelines.analysis.fields import judge_fields
from pipelines.errors import RequestError, UnsteadyError
from pipelines.graph.plan import (
    SEGMENT_SECONDS,
    Plan,
    PlannedDelivery,
    PlannedSegments,
    PlannedSource,
    PlannedTiming,
    segment_starts,
)
from pipelines.graph.spec import StageKind
from pipelines.graph.validate import CheckedGraph
from pipelines.media.conservation import check_laws, require, source_defects
from pipelines.media.delivery import choose_delivery
from pipelines.media.ledger import write_ledger
from pipelines.media.video import Delivery, VideoIndex
from pipelines.run.clip_ceilings import clip_ceilings
from pipelines.run.clip_facts import (
    delivered_facts,
    received_facts,
    stream_fates,
)
from pipelines.run.clip_file import whole_clip
from pipelines.run.clip_index import index_anew, index_digest, job_index
from pipelines.run.clip_pixels import load_planes, preview_path
from pipelines.run.clip_segments import ClipRenderer
from pipelines.run.clip_weave import require_fields
from pipelines.run.clip_work import ClipWork
from pipelines.run.entries import (
    assumption_body,
    digest_of,
    environment,
    laws_body,
    plan_body,
    received_body,
    result_line,
    stage,
)
from pipelines.run.estimates import blur_sentences
from pipelines.run.fusing import recorded_fusions, require_fusions, with_fusions
from pipelines.run.job import Job, Made, Networks, PlanTools
from pipelines.run.judging import judge_clip, listening, outside_tap, taps_of
from pipelines.run.marks import Mark
from pipelines.run.planning import (
    network_memory_bytes,
    networks_for,
    planned_networks,
    planned_overrides,
    planned_picture,
    planned_steps,
    require_room,
    why_chosen,
)
from pipelines.run.tracking import look_of, recorded_clip
from pipelines.stages.drawn_region import View
from pipelines.stages.enhance import Chain, bind, covered, frame_change, frame_map_of
from pipelines.stages.export.gathered import law_facts
from pipelines.stages.export.preview import FrameStamp, Pictured, Preview, make_preview
from pipelines.stages.following import following
from pipelines.stages.ingest import Received
from pipelines.stages.overridden import effects

_MOST_TOGETHER_BYTES = 4 << 30


def plan_clip(
    received: Received, checked: CheckedGraph, tools: PlanTools, index: VideoIndex
) -> tuple[Plan, Chain, Delivery]:
    """Resolve everything that decides the result's samples."""
    if checked.export.previews or checked.export.pyramid:
        raise RequestError(
            "Previews and pyramids are made of photographs, and this is a clip.",
            next_step="Leave `previews` and `pyramid` out of the export stage.",
        )
    video = index.video
    require_fields(checked, judge_fields(index))
    require_fusions(checked, index)
    chain, networks_used, at_once = _bound(checked, tools, index)
    timed = chain.result_index(index)
    delivery = choose_delivery(
        timed,
        chain.result,
        lossless=checked.policy.lossless,
        drop_streams=frozenset(checked.export.drop_streams),
        untouched=not chain.steps,
    )
    networks = planned_networks(checked, networks_used, tools.gates)
    base = video.stream.time_base
    plan = Plan(
        graph_sha256=checked.graph.digest(),
        preset=checked.policy.preset,
        source=PlannedSource(
            sha256=received.sha256,
            bytes=received.size,
            kind="video",
            picture=planned_picture(video.shape),
            stream=video.stream.index,
            frames=index.frames,
            time_base=f"{base.numerator}/{base.denominator}",
            index_sha256=index_digest(index),
            decoder_threads=index.decoder_threads,
            first_frame=index.first_frame,
            overrides=planned_overrides(checked),
        ),
        steps=planned_steps(chain),
        networks=networks,
        threads=tools.threads,
        frames_at_once=at_once,
        segments=PlannedSegments(
            seconds=str(SEGMENT_SECONDS),
            frames=timed.frames,
            starts=segment_starts(timed.pts.tolist(), timed.video.stream.time_base),
        ),
        timing=_timing(checked, chain, timed),
        delivery=PlannedDelivery(
            container=delivery.container,
            codec=delivery.codec,
            pixel_format=delivery.pixel_format,
            lossless=delivery.lossless,
            options=dict(delivery.options),
            threads=delivery.threads,
            copied=delivery.kept_as_is,
            dropped=delivery.dropped,
        ),
        ceilings=clip_ceilings(
            received,
            checked,
            chain,
            timed,
            delivery,
            network_bytes=at_once * network_memory_bytes(checked, networks),
            at_once=at_once,
        ),
    )
    return with_fusions(plan, checked), chain, delivery


def _bound(
    checked: CheckedGraph, tools: PlanTools, index: VideoIndex
) -> tuple[Chain, Networks, int]:
    """Bind the operations, and decide how many frames are worked on at once.

    One frame per thread is fastest, for nothing waits for anything. Frames that are mixed, and
    frames too large to have several of, are worked on one by one with all threads.
    """
    shape, frames, view = index.video.shape, index.frames, View.of_clip(index)
    new = frame_map_of(checked, index)
    chosen = networks_for(checked, tools.frame_networks, shape, frames=frames)
    chain = bind(checked, shape, frames=frames, networks=chosen, frame_map=new, view=view)
    together = tools.threads * chain.frame_memory_bytes()
    if tools.threads > 1 and not chain.mixes_frames and together <= _MOST_TOGETHER_BYTES:
        return chain, chosen, tools.threads
    chosen = networks_for(checked, tools.networks, shape, frames=frames)
    chain = bind(checked, shape, frames=frames, networks=chosen, frame_map=new, view=view)
    return chain, chosen, 1


def _timing(checked: CheckedGraph, chain: Chain, timed: VideoIndex) -> PlannedTiming | None:
    """How the result's frames are counted, where that is not how the source counts them."""
    if chain.frame_map is None:
        return None
    change, base = frame_change(checked.steps[0]), timed.video.stream.time_base
    return PlannedTiming(
        change=change.rate,
        cycle_start=change.cycle_start,
        frames=timed.frames,
        time_base=f"{base.numerator}/{base.denominator}",
    )


def make_clip(job: Job) -> Made:
    """Run a clip job up to the checked, unpublished result.

    Damage of which no decoder speaks shows when a frame decodes to other samples than it did for
    the index. One thread then indexes the clip anew, and everything is made from there.
    """
    try:
        return _made(job)
    except UnsteadyError as error:
        return _made(job, index_anew(job, error))


def _made(job: Job, indexed: VideoIndex | None = None) -> Made:
    started = time.monotonic()
    warm = (job.tools.networks, job.tools.frame_networks)
    known_replans = [len(one.replans()) for one in warm]
    with stage(job, StageKind.INGEST) as ingested:
        index = indexed or job_index(job)
        plan, chain, delivery = plan_clip(job.received, job.checked, job.tools, index)
        look = look_of(job.checked.track, job.tools)
        plan = plan if look is None else look.planned(plan)
        require_room(
            plan.ceilings,
            available_memory_bytes=job.tools.available_memory_bytes,
            folder=job.folder.home,
        )
        used = job.tools.networks if plan.frames_at_once == 1 else job.tools.frame_networks
        chosen = why_chosen(job.checked, used, plan)
        if look is None and not job.checked.fusions:
            job.record("plan", plan_body(plan, chosen))
        for sentence in index.video.assumptions:
            job.record("assumption", assumption_body(sentence))
        ingested["frames"] = index.frames
        ingested["index_sha256"] = plan.source.index_sha256
    tracked = None
    if look is not None:
        tracked = recorded_clip(job, look, index)
        plan = look.planned(plan, tracked)
        chain = following(chain, tracked.found)
    fused = recorded_fusions(job, index)
    plan = with_fusions(plan, job.checked, fused)
    if look is not None or fused:
        job.record("plan", plan_body(plan, chosen))
    timed = chain.result_index(index)
    shown = preview_frames(timed.frames)
    result = job.folder.path(f"{job.checked.result_stem}{delivery.suffix}")

    def replans() -> tuple[str, ...]:
        return tuple(
            line
            for one, known in zip(warm, known_replans, strict=True)
            for line in one.replans()[known:]
        )

    work = ClipWork(
        job=job.job,
        received=job.received,
        checked=job.checked,
        work=job.folder.work,
        pool=job.tools.pool,
        progress=job.progress,
        plan=plan,
        chain=chain,
        index=index,
        delivery=delivery,
        previews=shown,
        tracks=None if tracked is None else tracked.data,
        keeps_faces=job.tools.face_embedding is not None,
    )
    taps, outside = taps_of(work), outside_tap(work)
    with stage(job, StageKind.ENHANCE, **environment()) as enhanced:
        renderer = ClipRenderer(job, work, replans, listening(work))
        marks, credentialed = whole_clip(job, plan, timed, delivery, renderer, result)
        delivered = delivered_facts(timed, delivery, chain.result, result, credentialed.facts)
        enhanced["inputs"] = received_body(job.received)["outputs"]
        enhanced["outputs"] = [result_line(delivered)]
    with stage(job, StageKind.QA):
        job.progress.start("checking", 0)
        laws = check_laws(
            job.tools.pool,
            source=job.received.path,
            index=index,
            timed=timed,
            result_path=result,
            delivery=delivery,
            result=chain.result,
            segments=[mark.as_coded() for mark in marks],
            declared=chain.declared,
            declared_timing=chain.declared_timing,
        )
        laws = (*laws, *(() if outside is None else (outside.law(),)))
        made = {
            "encoder_frames_sha256": digest_of(one for mark in marks for one in mark.encoder),
            "delivered_frames_sha256": digest_of(
                one for mark in marks for one in mark.delivered or ()
            ),
        }
        job.record("laws", laws_body(laws, **made))
        require(laws)
        judged = judge_clip(job, taps, tracked)
    ledger = _ledger(job, timed, delivery, marks)
    seconds = time.monotonic() - started
    return Made(
        plan=plan,
        result=result,
        received=received_facts(job, index),
        delivered=delivered,
        sizes=tuple((o.source, o.result) for o in chain.operations),
        laws=law_facts(laws),
        previews=_previews(job, chain, timed, shown),
        ledger=ledger,
        sidecar=credentialed.sidecar,
        assumptions=index.video.assumptions,
        overrides=effects(index, job.checked.ingest.overrides),
        warnings=(
            *(
                f"Stream {one} was left out on request."
                for one in delivery.dropped
                if one in job.checked.export.drop_streams
            ),
            *credentialed.warnings,
            *blur_sentences(
                job.checked,
                chain.source,
                ((one, load_planes(_sides(job, one)[0])) for one in _kept(job, shown)),
            ),
        ),
        defects=tuple(filter(None, (*source_defects(index), judge_fields(index).contradiction))),
        streams=stream_fates(index, delivery),
        replans=renderer.replans,
        judged=judged,
        tracked=tracked,
        fused=fused,
        metrics={
            "seconds": round(seconds, 3),
            "frames": timed.frames,
            "frames_per_second": round(timed.frames / seconds, 3),
            "megapixels": round(timed.frames * chain.result.height * chain.result.width / 1e6, 3),
        },
    )


def preview_frames(frames: int) -> tuple[int, ...]:
    """Which frames the report shows: those at a third and at two thirds of the clip."""
    return tuple(sorted({frames // 3, 2 * frames // 3}))


def _ledger(job: Job, index: VideoIndex, delivery: Delivery, marks: tuple[Mark, ...]) -> Path:
    path = job.folder.path("ledger.jsonl")
    encoder = [digest for mark in marks for digest in mark.encoder]
    delivered = [digest for mark in marks for digest in mark.delivered or ()]
    write_ledger(path, index=index, delivery=delivery, encoder=encoder, delivered=delivered)
    return path


def _sides(job: Job, frame: int) -> tuple[Path, ...]:
    """Where a shown frame's planes lie, before and after."""
    return tuple(preview_path(job.folder.work, frame, side) for side in ("before", "after"))


def _kept(job: Job, shown: tuple[int, ...]) -> tuple[int, ...]:
    """The shown frames whose planes were kept."""
    return tuple(one for one in shown if all(path.exists() for path in _sides(job, one)))


def _previews(
    job: Job, chain: Chain, index: VideoIndex, shown: tuple[int, ...]
) -> tuple[Preview, ...]:
    """Make the pairs of the report: samples as decoded from the source and from the result."""
    made = []
    kept = covered(chain)
    for frame in _kept(job, shown):
        before, after = (load_planes(path) for path in _sides(job, frame))
        stamp = FrameStamp(frame, int(index.pts[frame]), index.video.stream.time_base)
        made.append(
            make_preview(
                Pictured(before, chain.source),
                Pictured(after, chain.result),
                frame=stamp,
                placement=kept,
                turn=index.video.rotation % 360,
            )
        )
    return tuple(made)
