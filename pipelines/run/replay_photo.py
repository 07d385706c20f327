"""Replays a photograph: the logged steps on the file as received, region by region.

The digest of the samples handed to the encoder is on record in the `laws` entry. Where another
one comes out, the samples on record are those of a lossless result, or of a second run under the
logged conditions (`replay_recorded` says why nothing else will do).
"""

from __future__ import annotations

from models.errors import ModelError
from pipelines.errors import DecodeChildError, InputError
from pipelines.evidence.bundle_layout import Role
from pipelines.media.photo import planes_digest, read_photo
from pipelines.media.photo_facts import Photo
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.photo_job import plan_photo
from pipelines.run.photo_pixels import REGION_PIXELS, read_back, render_photo
from pipelines.run.planning import require_room
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_case import Case, Ran, require_shapes
from pipelines.run.replay_compare import Tally
from pipelines.run.replay_recorded import (
    AGAINST_DELIVERED,
    AGAINST_REPEATED,
    NOBODY,
    NOT_REPEATED,
    OTHER_DECODER,
)
from pipelines.run.replay_tracks import followed, with_tracks
from pipelines.stages.drawn_region import View
from pipelines.stages.enhance import bind

Planes = tuple[Samples, ...]


def replay_photo(case: Case) -> Ran:
    """Run the plan of a photograph again and compare.

    Raises NotReplayableError, and what decoding, operations and a lack of room raise.
    """
    expected, delivered = (_on_record(case, name) for name in ("encoder", "delivered"))
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
        here = with_tracks(case, here, lambda look: look.at_photo(photo, turned=turn == "apply"))
        planes = _rendered(case, photo, pages, chain.view)
        result = _result(case, chain.result)
        tally = Tally(chain.result, first=0, stop=1, frames=1)
        against, unknown = "", ""
        if planes_digest(planes) != expected:
            tally.differs(0)
            recorded, against, unknown = _recorded(case, photo, result, pages, chain.view)
            if recorded is not None and planes_digest(pages.watch(recorded)) == expected:
                tally.measure(0, planes, recorded)
                unknown = ""
        compared = tally.compared(
            against=against,
            unknown=unknown,
            delivered_differ=None if result is None else int(result.digest != delivered),
        )
        return Ran(here, compared, tally.worst)


def _rendered(case: Case, photo: Photo, pages: GivingBack, view: View | None) -> Planes:
    networks = case.networks(case.logged.parts[0].tiles, side_by_side=False)
    return render_photo(
        followed(case, bind(case.checked, photo.shape, frames=1, networks=networks, view=view)),
        photo,
        side=case.logged.plan.tile_pixels or REGION_PIXELS,
        threads=case.wish.threads or case.logged.plan.threads,
        scratch=case.scratch,
        pages=pages,
        progress=case.progress,
    )


def _recorded(
    case: Case, photo: Photo, result: Photo | None, pages: GivingBack, view: View | None
) -> tuple[Planes | None, str, str]:
    """Samples that may be those on record, what they are, and what to say if they are not."""
    if case.logged.plan.delivery.lossless and result is not None:
        return result.planes, AGAINST_DELIVERED, OTHER_DECODER
    if not case.is_wished_otherwise:
        return None, "", NOBODY
    try:
        return _rendered(case.as_on_record, photo, pages, view), AGAINST_REPEATED, NOT_REPEATED
    except ModelError:
        return None, "", NOT_REPEATED


def _result(case: Case, shape: FrameShape) -> Photo | None:
    """The delivered picture as it decodes here; None where it is not in the bundle."""
    paths = case.bundle.names(Role.RESULT)
    if not paths:
        return None
    path = case.bundle.take(paths[0])
    try:
        return read_back(case.tools.pool, path, shape, scratch=case.scratch)
    except (InputError, DecodeChildError) as error:
        raise NotReplayableError(f"a delivered file that decodes here ({error})") from error


def _on_record(case: Case, which: str) -> bytes:
    """The digest of the samples handed to the encoder, or of those delivered."""
    name = f"{which}_sha256"
    for entry in reversed(case.bundle.entries):
        if entry.kind == "laws" and isinstance(entry.body.get(name), str):
            return bytes.fromhex(str(entry.body[name]))
    raise NotReplayableError(f"the digest of the samples ({name}): no entry of the job states it")
