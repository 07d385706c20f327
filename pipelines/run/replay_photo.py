"""Replays a photograph: the logged steps on the file as received, region by region.

The digest of the samples handed to the encoder is on record in the `laws` entry. A lossless
result holds those very samples, so a difference can be measured; a lossy one does not.
"""

from __future__ import annotations

from pipelines.evidence.bundle_layout import Role
from pipelines.media.photo import planes_digest, read_photo
from pipelines.media.picture import Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.run.photo_job import plan_photo
from pipelines.run.photo_pixels import REGION_PIXELS, read_back, render_photo
from pipelines.run.planning import require_room
from pipelines.run.replay_case import Case, Ran, require_shapes
from pipelines.run.replay_compare import Tally
from pipelines.run.replay_plan import NotReplayableError
from pipelines.stages.enhance import Chain, bind

_LOSSY = (
    "The result is coded with loss, so the samples handed to the encoder cannot be had from it: "
    "how large the difference is stays unknown."
)
_OTHER_DECODER = (
    "The delivered file does not decode here to the samples on record: how large the difference "
    "is stays unknown."
)
_AGAINST = "the delivered samples, which are those on record (lossless)"


def replay_photo(case: Case) -> Ran:
    """Run the plan of a photograph again and compare.

    Raises NotReplayableError, and what decoding, operations and a lack of room raise.
    """
    logged = case.logged.plan
    expected = _recorded_digest(case)
    here, _, _ = plan_photo(case.received, case.checked, case.tools)
    require_room(
        here.ceilings,
        available_memory_bytes=case.tools.available_memory_bytes,
        folder=case.scratch,
    )
    with GivingBack() as pages:
        turn = logged.source.orientation or "keep"
        pool = case.tools.pool
        photo = read_photo(pool, case.received.path, scratch=case.scratch, orientation=turn)
        pages.watch(photo.planes)
        networks = case.networks(case.logged.parts[0].tiles, side_by_side=False)
        chain = bind(case.checked, photo.shape, frames=1, networks=networks)
        require_shapes(logged, photo.shape, chain)
        planes = render_photo(
            chain,
            photo,
            side=logged.tile_pixels or REGION_PIXELS,
            threads=here.threads,
            scratch=case.scratch,
            pages=pages,
            progress=case.progress,
        )
        tally = Tally(chain.result, first=0, stop=1, frames=1)
        digest = photo.digest if planes is photo.planes else planes_digest(planes)
        unknown = "" if digest == expected else _measured(case, chain, planes, expected, tally)
        return Ran(here, tally.compared(against=_AGAINST, unknown=unknown), tally.worst)


def _measured(
    case: Case, chain: Chain, planes: tuple[Samples, ...], expected: bytes, tally: Tally
) -> str:
    """Measure the difference against the delivered file; returns why that cannot be done."""
    tally.differs(0)
    if not case.logged.plan.delivery.lossless:
        return _LOSSY
    result = case.bundle.take(case.bundle.names(Role.RESULT)[0])
    found = read_back(case.tools.pool, result, chain.result, scratch=case.scratch)
    if found.digest != expected:
        return _OTHER_DECODER
    tally.measure(0, planes, found.planes)
    return ""


def _recorded_digest(case: Case) -> bytes:
    for entry in reversed(case.bundle.entries):
        if entry.kind == "laws" and isinstance(entry.body.get("encoder_sha256"), str):
            return bytes.fromhex(str(entry.body["encoder_sha256"]))
    raise NotReplayableError(
        "the digest of the samples handed to the encoder: no entry of the job states it"
    )
