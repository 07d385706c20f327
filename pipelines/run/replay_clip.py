"""Replays a clip: one pass over the file as received, frame after frame, without an encoder.

The ledger holds the digest of every frame as handed to the encoder. A frame whose digest is
another is measured against the samples on record, where they can be had (`replay_recorded`); the
two run side by side, and memory does not grow with the length of the clip.
"""

from __future__ import annotations

from contextlib import closing

from pipelines.errors import EvidenceError
from pipelines.evidence.bundle_layout import Role
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.ledger_form import MAX_LINE_BYTES
from pipelines.run.clip_index import index_clip
from pipelines.run.clip_job import plan_clip
from pipelines.run.planning import require_room
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_case import Case, Ran, require_shapes
from pipelines.run.replay_compare import Tally
from pipelines.run.replay_frames import digest_of, rendered
from pipelines.run.replay_recorded import delivered_clip, recorded_frames


def replay_clip(case: Case) -> Ran:
    """Run the plan of a clip again and compare every frame that is wished for.

    Raises NotReplayableError, and what decoding, operations and a lack of room raise.
    """
    logged = case.logged.plan
    index = index_clip(
        case.received,
        case.checked,
        case.tools,
        case.progress,
        threads=logged.source.decoder_threads,
    )
    if index.frames != logged.source.frames:
        raise NotReplayableError(
            f"a decoder that finds the {logged.source.frames} frames on record: here the file as "
            f"received has {index.frames}"
        )
    ledger = _ledger(case)
    expected = tuple(encoder for encoder, _ in ledger)
    here, chain, _ = plan_clip(case.received, case.checked, case.tools, index)
    require_room(
        here.ceilings,
        available_memory_bytes=case.tools.available_memory_bytes,
        folder=case.scratch,
    )
    require_shapes(logged, index.video.shape, chain)
    first, stop = case.wish.frames or (0, index.frames)
    tally = Tally(chain.result, first=first, stop=stop, frames=index.frames)
    delivered = delivered_clip(case)
    case.progress.start("enhancing", stop - first)
    at_once = logged.frames_at_once if case.wish.threads is None else here.frames_at_once
    seen = 0
    with closing(recorded_frames(case, index, expected, delivered)) as recorded:
        for frame, planes in rendered(case, index, range(first, stop), at_once=at_once):
            seen += 1
            if digest_of(case, planes) != expected[frame]:
                tally.differs(frame)
                on_record = recorded.frame(frame)
                if on_record is not None:
                    tally.measure(frame, planes, on_record)
            case.progress.advance()
    if seen != stop - first:
        raise NotReplayableError(f"a plan whose segments hold every frame: {seen} were run")
    compared = tally.compared(
        against=recorded.against,
        unknown=recorded.objection,
        delivered_differ=None
        if delivered is None
        else sum(not delivered.holds(frame, ledger[frame][1]) for frame in range(first, stop)),
    )
    return Ran(here, compared, tally.worst)


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
    if len(found) != case.logged.plan.source.frames:
        raise NotReplayableError(
            f"a ledger of {case.logged.plan.source.frames} frames: it lists {len(found)}"
        )
    return tuple(found)


def _digest(text: object) -> bytes:
    try:
        digest = bytes.fromhex(str(text))
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise EvidenceError("A line of the ledger holds no digest of a frame.")
    return digest
