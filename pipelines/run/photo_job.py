"""A photograph from file to finished file: header, plan, samples in regions, read back.

Planes of a large picture lie in scratch files, and the work is done region by region, so the
memory that a job needs is what `photo_ceiling` computed before it began.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from pipelines.errors import RequestError
from pipelines.graph.plan import Plan, PlannedCeilings, PlannedDelivery, PlannedSource
from pipelines.graph.spec import StageKind
from pipelines.graph.validate import CheckedGraph
from pipelines.media.identify import Kind
from pipelines.media.photo import (
    header,
    planes_digest,
    read_photo,
    require_writable,
    write_photo,
)
from pipelines.media.photo_ceiling import photo_ceiling
from pipelines.media.photo_facts import Photo, PhotoHeader
from pipelines.media.picture import Region
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.credentials import add_credentials
from pipelines.run.durable_file import writing
from pipelines.run.entries import (
    assumption_body,
    environment,
    laws_body,
    plan_body,
    result_line,
    segment_body,
    stage,
)
from pipelines.run.estimates import blur_sentences
from pipelines.run.job import Job, Made, PhotoTools
from pipelines.run.judging import judge_photo, photo_maps_bytes
from pipelines.run.photo_pixels import REGION_PIXELS, read_back, work_regions
from pipelines.run.photo_rendering import PhotoRenderer
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
from pipelines.run.tracking import look_of, recorded_photo
from pipelines.stages.colour_tags import require_kept_colours
from pipelines.stages.drawn_region import View
from pipelines.stages.enhance import Chain, bind, covered
from pipelines.stages.export.fact_types import MediaKind
from pipelines.stages.export.facts_media import CredentialFacts, FileFacts, PhotoFacts
from pipelines.stages.export.gathered import law_facts, layout_words
from pipelines.stages.export.preview import Pictured, Preview, make_preview
from pipelines.stages.export.view_files import PREVIEW, PYRAMID, preview_bytes, write_pyramid
from pipelines.stages.following import following
from pipelines.stages.ingest import Received
from pipelines.stages.maps import Pair
from pipelines.stages.outside import Outside, photo_law
from pipelines.stages.overridden import require_photo
from pipelines.stages.qa import Expected, photo_laws, require

_LOSSLESS = {Kind.PNG, Kind.TIFF, Kind.BMP, Kind.WEBP}
_TURNS = {3: 180, 6: 270, 8: 90}


def plan_photo(
    received: Received, checked: CheckedGraph, tools: PhotoTools
) -> tuple[Plan, Chain, PhotoHeader]:
    """Resolve everything that decides the result's samples. Nothing is decoded yet."""
    if checked.fusions:
        raise RequestError(
            "Frames are fused of clips, and this is a photograph.",
            next_step="Leave `fusions` out of the enhance stage.",
        )
    head = header(tools.pool, received.path)
    require_photo(head.shape, checked.ingest.overrides)
    require_kept_colours(checked)
    orientation = checked.ingest.orientation or ("apply" if checked.steps else "keep")
    source = head.upright if orientation == "apply" else head.shape
    chosen = networks_for(checked, tools.networks, source, frames=1)
    view = View.of_photo(head, applied=orientation == "apply")
    chain = bind(checked, source, frames=1, networks=chosen, view=view)
    kind = _result_kind(checked, head)
    require_writable(chain.result, kind)
    networks = planned_networks(checked, chosen, tools.gates)
    ceiling = photo_ceiling(
        source,
        chain.result,
        tile=_most_needed(chain),
        decoder_bytes=head.decoder_bytes,
        kind=kind,
        resting_bytes=chain.resting_bytes(),
    )
    plan = Plan(
        graph_sha256=checked.graph.digest(),
        preset=checked.policy.preset,
        source=PlannedSource(
            sha256=received.sha256,
            bytes=received.size,
            kind="photo",
            picture=planned_picture(source),
            orientation=orientation,
            overrides=planned_overrides(checked),
        ),
        steps=planned_steps(chain),
        networks=networks,
        threads=tools.threads,
        tile_pixels=REGION_PIXELS,
        delivery=PlannedDelivery(
            container=kind.value,
            codec=kind.value,
            pixel_format=layout_words(chain.result),
            lossless=kind in _LOSSLESS,
        ),
        ceilings=PlannedCeilings(
            memory_bytes=ceiling.memory_bytes + network_memory_bytes(checked, networks),
            scratch_bytes=ceiling.scratch_bytes,
            disk_bytes=received.size + 2 * (ceiling.disk_bytes + photo_maps_bytes(checked, chain)),
        ),
    )
    return plan, chain, head


def make_photo(job: Job) -> Made:
    """Run a photo job up to the checked, unpublished result."""
    with GivingBack() as pages:
        return _made(job, pages)


def _made(job: Job, pages: GivingBack) -> Made:
    started = time.monotonic()
    known_replans = len(job.tools.networks.replans())
    with stage(job, StageKind.INGEST) as ingested:
        plan, chain, head = plan_photo(job.received, job.checked, job.tools)
        look = look_of(job.checked.track, job.tools)
        plan = plan if look is None else look.planned(plan)
        require_room(
            plan.ceilings,
            available_memory_bytes=job.tools.available_memory_bytes,
            folder=job.folder.home,
        )
        chosen = why_chosen(job.checked, job.tools.networks, plan)
        if look is None:
            job.record("plan", plan_body(plan, chosen))
        turn = plan.source.orientation or "keep"
        photo = read_photo(
            job.tools.pool, job.received.path, scratch=job.folder.work, orientation=turn
        )
        pages.watch(photo.planes)
        for sentence in photo.assumptions:
            job.record("assumption", assumption_body(sentence))
        ingested["samples_sha256"] = photo.digest.hex()
    tracked = None
    if look is not None:
        tracked = recorded_photo(job, look, photo, turned=turn == "apply")
        plan = look.planned(plan, tracked)
        chain = following(chain, tracked.found)
        job.record("plan", plan_body(plan, chosen))
    with stage(job, StageKind.ENHANCE, **environment()) as enhanced:
        tracks = None if tracked is None else tracked.data
        renderer = PhotoRenderer(job, plan, chain, photo, known_replans, tracks)
        rendered = renderer.run(pages)
        planes = rendered.planes
        digest = photo.digest if planes is photo.planes else planes_digest(planes)
        kind = Kind(plan.delivery.container)
        result = job.folder.path(f"{job.checked.result_stem}{kind.suffix}")
        job.progress.start("writing", 0)
        remarks = write_photo(result, planes, chain.result, photo.metadata, kind=kind)
        credentialed = add_credentials(
            job,
            plan,
            result,
            unsigned=result,
            media_type=kind.media_type,
            received_type=head.kind.media_type,
            turned=turn == "apply" and head.metadata.orientation not in (None, 1),
        )
        found = read_back(job.tools.pool, result, chain.result, scratch=job.folder.work)
        pages.watch(found.planes)
        delivered = _delivered_facts(result, found, plan, remarks, credentialed.facts)
        body = segment_body(
            plan,
            number=0,
            first=0,
            stop=1,
            attempt=job.attempt,
            source=(photo.digest,),
            encoder=(digest,),
            delivered=(found.digest,),
            replans=rendered.replans,
            where=rendered.where,
        )
        job.record("operation", body)
        renderer.recorded(rendered, digest)
        enhanced["inputs"] = body["inputs"]
        enhanced["outputs"] = [result_line(delivered)]
    with stage(job, StageKind.QA):
        expected = Expected(
            source=photo.shape,
            shape=chain.result,
            digest=digest if plan.delivery.lossless else None,
            metadata=photo.metadata,
            declared=chain.declared,
            remarks=remarks,
        )
        laws = (
            *photo_laws(expected, found, source_orientation=head.metadata.orientation),
            *photo_law(Outside(chain), photo.planes, planes),
        )
        made = {"encoder_sha256": digest.hex(), "delivered_sha256": found.digest.hex()}
        job.record("laws", laws_body(laws, **made))
        require(laws)
        judged = judge_photo(
            job,
            chain,
            Pair(photo.planes, planes),
            tracked,
            turn=_TURNS.get(photo.metadata.orientation, 0),
        )
    after = Pictured(found.planes, found.shape)
    return Made(
        plan=plan,
        result=result,
        received=_file_facts(job, head, photo),
        delivered=delivered,
        sizes=tuple((o.source, o.result) for o in chain.operations),
        laws=law_facts(laws),
        previews=(_preview(chain, photo, after),),
        sidecar=credentialed.sidecar,
        assumptions=photo.assumptions,
        warnings=(
            *credentialed.warnings,
            *blur_sentences(job.checked, photo.shape, [(None, photo.planes)]),
        ),
        replans=rendered.replans,
        judged=judged,
        tracked=tracked,
        views=_views(job, found),
        metrics={
            "seconds": round(time.monotonic() - started, 3),
            "megapixels": round(chain.result.height * chain.result.width / 1e6, 3),
        },
    )


def _views(job: Job, found: Photo) -> tuple[Path, ...]:
    """Make the copies to look at that were asked for, of the result as it was read back."""
    made = []
    for form in dict.fromkeys(job.checked.export.previews):
        path = job.folder.path(f"{PREVIEW}.{form}")
        with writing(path) as out:
            out.write(preview_bytes(found.planes, found.shape, form))
        made.append(path)
    if job.checked.export.pyramid:
        path = job.folder.path(PYRAMID)
        with writing(path) as out:
            write_pyramid(out, found.planes, found.shape)
        made.append(path)
    return tuple(made)


def _most_needed(chain: Chain) -> int:
    """Side of the largest region that any work region reads or makes, in samples."""
    first = work_regions(chain.result)[0]
    middle = Region(
        max(0, (chain.result.height - first.height) // 2),
        max(0, (chain.result.width - first.width) // 2),
        first.height,
        first.width,
    )
    middle = middle.grown(0, chain.result)
    sides = [middle.height, middle.width]
    for operation in reversed(chain.operations):
        middle = operation.needs(middle)
        sides += [middle.height, middle.width]
    return max(sides)


def _result_kind(checked: CheckedGraph, head: PhotoHeader) -> Kind:
    if checked.export.image_kind == "png":
        return Kind.PNG
    return head.kind


def _preview(chain: Chain, photo: Photo, after: Pictured) -> Preview:
    before = Pictured(photo.planes, photo.shape)
    turn = _TURNS.get(photo.metadata.orientation, 0)
    return make_preview(before, after, placement=covered(chain), turn=turn)


def _file_facts(job: Job, head: PhotoHeader, photo: Photo) -> FileFacts:
    return FileFacts(
        file_name=job.received.name,
        bytes=job.received.size,
        sha256=job.received.sha256,
        media_type=head.kind.media_type,
        kind=MediaKind.PHOTO,
        width=head.shape.width,
        height=head.shape.height,
        depth=head.shape.layout.depth,
        layout=layout_words(head.shape),
        alpha=head.shape.layout.alpha,
        frames_sha256=photo.digest.hex(),
        photo=_photo_facts(head),
        remarks=(*photo.metadata.remarks, *job.received.agreed),
    )


def _delivered_facts(
    result: Path,
    found: Photo,
    plan: Plan,
    remarks: tuple[str, ...],
    credentials: CredentialFacts,
) -> FileFacts:
    with result.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    own = PhotoHeader(found.shape, found.metadata, 0, result.stat().st_size)
    return FileFacts(
        file_name=result.name,
        bytes=result.stat().st_size,
        sha256=sha256,
        media_type=found.metadata.kind.media_type,
        kind=MediaKind.PHOTO,
        width=found.shape.width,
        height=found.shape.height,
        depth=found.shape.layout.depth,
        layout=layout_words(found.shape),
        alpha=found.shape.layout.alpha,
        lossless=plan.delivery.lossless,
        frames_sha256=found.digest.hex(),
        photo=_photo_facts(own),
        credentials=credentials,
        remarks=(*remarks, *found.metadata.remarks),
    )


def _photo_facts(head: PhotoHeader) -> PhotoFacts:
    metadata = head.metadata
    icc, density = metadata.icc, metadata.resolution
    return PhotoFacts(
        file_kind=metadata.kind.value.upper(),
        orientation=metadata.orientation,
        icc_bytes=None if icc is None else len(icc),
        icc_sha256=None if icc is None else hashlib.sha256(icc).hexdigest(),
        exif=metadata.exif is not None,
        xmp=metadata.xmp is not None,
        resolution=None if density is None else f"{float(density.x):g} x {float(density.y):g} dpi",
        palette=metadata.palette,
        pages=metadata.pages,
    )
