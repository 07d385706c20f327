"""Replays a clip: one pass over the file as received, frame after frame, without an encoder.

The ledger holds the digest of every frame as handed to the encoder. A frame whose digest is
another is measured against the samples on record, where they can be had (`replay_recorded`); the
two run side by side, and memory does not grow with the length of the clip.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_layout import Role
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.ledger_form import MAX_LINE_BYTES
from pipelines.graph.plan import Plan
from pipelines.media.encoder_samples import holds_planes
from pipelines.media.video import VideoIndex
from pipelines.run.clip_index import index_clip
from pipelines.run.clip_job import plan_clip
from pipelines.run.fusing import fused_stills, with_fusions
from pipelines.run.planning import require_room
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_case import Case, Ran, require_shapes
from pipelines.run.replay_compare import Tally
from pipelines.run.replay_frames import Numbered, digest_of, rendered
from pipelines.run.replay_recorded import RecordedFrames, delivered_clip, recorded_frames
from pipelines.run.replay_tracks import with_tracks


def replay_clip(case: Case) -> Ran:
    """Run the plan of a clip again and compare every frame that is wished for.

    Raises NotReplayableError, and what decoding, operations and a lack of room raise.
    """
    index = _indexed(case)
    ledger = _ledger(case)
    here, chain, _ = plan_clip(case.received, case.checked, case.tools, index)
    require_room(
        here.ceilings,
        available_memory_bytes=case.tools.available_memory_bytes,
        folder=case.scratch,
    )
    require_shapes(case.logged.plan, index.video.shape, chain)
    form = case.logged.plan.delivery.pixel_format
    if not holds_planes(form, chain.result.layout.plane_count):
        raise NotReplayableError(f"a version that knows how {form} holds these pictures")
    here = with_tracks(
        case,
        here,
        lambda look: look.at_clip(case.tools.pool, case.received.path, index, case.progress),
    )
    here = _with_fusions(case, here, index)
    delivered = delivered_clip(case)
    frames = here.result_frames
    if frames != len(ledger):
        raise NotReplayableError(f"a ledger of {frames} frames: it lists {len(ledger)}")
    wanted = range(*(case.wish.frames or (0, frames)))
    tally = Tally(chain.result, first=wanted.start, stop=wanted.stop, frames=frames)
    at_once = (here if case.wish.threads is not None else case.logged.plan).frames_at_once
    expected = tuple(encoder for encoder, _ in ledger)
    with closing(recorded_frames(case, index, expected, delivered)) as recorded:
        _run_again(case, rendered(case, index, wanted, at_once=at_once), expected, recorded, tally)
    if tally.seen != len(wanted):
        raise NotReplayableError(f"a plan whose segments hold every frame: {tally.seen} were run")
    compared = tally.compared(
        against=recorded.against,
        unknown=recorded.objection,
        delivered_differ=None if delivered is None else delivered.differing(ledger, wanted),
    )
    return Ran(here, replace(compared, fusions_differ=_other_fusions(case, here)), tally.worst)


def _with_fusions(case: Case, here: Plan, index: VideoIndex) -> Plan:
    """Fuse again what the job fused, so that the plan says whether the same came of it."""
    made = fused_stills(
        case.checked,
        index,
        case.received.path,
        pool=case.tools.pool,
        folder=case.scratch,
        progress=case.progress,
    )
    return with_fusions(here, case.checked, made)


def _other_fusions(case: Case, here: Plan) -> tuple[int, ...]:
    """The numbers of the fusions of which something else came."""
    both = zip(case.logged.plan.fusions, here.fusions, strict=True)
    return tuple(
        number
        for number, (was, now) in enumerate(both, start=1)
        if was.list_sha256 != now.list_sha256
    )


def _indexed(case: Case) -> VideoIndex:
    """Index the file as received as the job did; the same frames must be found."""
    source = case.logged.plan.source
    index = index_clip(
        case.received, case.checked, case.tools, case.progress, threads=source.decoder_threads
    )
    if index.frames != source.frames:
        raise NotReplayableError(
            f"a decoder that finds the {source.frames} frames on record: here the file as "
            f"received has {index.frames}"
        )
    return index


def _run_again(
    case: Case,
    frames: Iterable[Numbered],
    expected: tuple[bytes, ...],
    recorded: RecordedFrames,
    tally: Tally,
) -> None:
    """Compare frame after frame, and measure those that differ where that can be done."""
    case.progress.start("enhancing", tally.wanted)
    for frame, planes in frames:
        tally.saw()
        if digest_of(case, planes) != expected[frame]:
            tally.differs(frame)
            on_record = recorded.frame(frame)
            if on_record is not None:
                tally.measure(frame, planes, on_record)
        case.progress.advance()


def _ledger(case: Case) -> tuple[tuple[bytes, bytes], ...]:
    """The ledger's digests of every frame: as handed to the encoder, and as delivered."""
    paths = case.bundle.names(Role.LEDGER)
    if not paths:
        raise NotReplayableError("the ledger: it is not in the bundle")
    found: list[tuple[bytes, bytes]] = []
    with case.bundle.take(paths[0]).open("rb") as file:
        while line := file.readline(MAX_LINE_BYTES + 1):
            members = parse_object(line.removesuffix(b"\n"))
            if "index" in members and members.get("kind", "frame") == "frame":
                names = ("encoder_sha256", "delivered_sha256")
                encoder, delivered = (_digest(members.get(name)) for name in names)
                found.append((encoder, delivered))
    frames = case.logged.plan.result_frames
    if len(found) != frames:
        raise NotReplayableError(f"a ledger of {frames} frames: it lists {len(found)}")
    return tuple(found)


def _digest(text: object) -> bytes:
    try:
        digest = bytes.fromhex(str(text))
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise EvidenceError("A line of the ledger holds no digest of a frame.")
    return digest
