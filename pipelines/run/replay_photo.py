"""Replays a photograph: the logged steps on the file as received, region by region.

The digest of the samples handed to the encoder is on record in the `laws` entry. Where another
one comes out, the samples on record are those of a lossless result, or of a second run under the
logged conditions (`replay_recorded` says why nothing else will do).
"""

from __future__ import annotations

from models.errors import ModelError
from pipelines.evidence.bundle_layout import Role
from pipelines.media.photo import planes_digest, read_photo
from pipelines.media.photo_facts import Photo
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.photo_job import plan_photo
from pipelines.run.photo_pixels import REGION_PIXELS, read_back, render_photo
from pipelines.run.planning import require_room
from pipelines.run.replay_case import Case, Ran, require_shapes
from pipelines.run.replay_compare import Tally
from pipelines.run.replay_plan import NotReplayableError
from pipelines.run.replay_recorded import (
    AGAINST_DELIVERED,
    AGAINST_REPEATED,
    LOSSY,
    NOT_REPEATED,
    OTHER_DECODER,
)
from pipelines.run.replay_verdict import Compared
from pipelines.stages.enhance import bind

Planes = tuple[Samples, ...]


def replay_photo(case: Case) -> Ran:
    """Run the plan of a photograph again and compare.

    Raises NotReplayableError, and what decoding, operations and a lack of room raise.
    """
    expected = _recorded_digest(case)
    here, chain, _ = plan_photo(case.received, case.checked, case.tools)
    require_room(
        here.ceilings,
        available_memory_bytes=case.tools.available_memory_bytes,
        folder=case.scratch,
    )
    with GivingBack() as pages:
        turn = case.logged.plan.source.orientation or "keep"
        photo = read_photo(
            case.tools.pool, case.received.path, scratch=case.scratch, orientation=turn
        )
        pages.watch(photo.planes)
        require_shapes(case.logged.plan, photo.shape, chain)
        planes = _rendered(case, photo, pages)
        tally = Tally(chain.result, first=0, stop=1, frames=1)
        if planes_digest(planes) == expected:
            return Ran(here, tally.compared(), None)
        tally.differs(0)
        compared = _measured(case, photo, planes, expected, tally=tally, pages=pages)
        return Ran(here, compared, tally.worst)


def _rendered(case: Case, photo: Photo, pages: GivingBack) -> Planes:
    networks = case.networks(case.logged.parts[0].tiles, side_by_side=False)
    return render_photo(
        bind(case.checked, photo.shape, frames=1, networks=networks),
        photo,
        side=case.logged.plan.tile_pixels or REGION_PIXELS,
        threads=case.wish.threads or case.logged.plan.threads,
        scratch=case.scratch,
        pages=pages,
        progress=case.progress,
    )


def _measured(
    case: Case, photo: Photo, planes: Planes, expected: bytes, *, tally: Tally, pages: GivingBack
) -> Compared:
    """Measure the difference against the samples on record, or say why they cannot be had."""
    if case.logged.plan.delivery.lossless:
        against, objection = AGAINST_DELIVERED, OTHER_DECODER
        result = case.bundle.take(case.bundle.names(Role.RESULT)[0])
        height, width = planes[0].shape
        shape = FrameShape(height, width, photo.shape.layout)
        recorded = read_back(case.tools.pool, result, shape, scratch=case.scratch).planes
    elif case.is_wished_otherwise:
        against, objection = AGAINST_REPEATED, NOT_REPEATED
        try:
            recorded = _rendered(case.as_on_record, photo, pages)
        except ModelError:
            return tally.compared(unknown=objection)
    else:
        return tally.compared(unknown=LOSSY)
    if planes_digest(pages.watch(recorded)) != expected:
        return tally.compared(unknown=objection)
    tally.measure(0, planes, recorded)
    return tally.compared(against=against)


def _recorded_digest(case: Case) -> bytes:
    for entry in reversed(case.bundle.entries):
        if entry.kind == "laws" and isinstance(entry.body.get("encoder_sha256"), str):
            return bytes.fromhex(str(entry.body["encoder_sha256"]))
    raise NotReplayableError(
        "the digest of the samples handed to the encoder: no entry of the job states it"
    )
