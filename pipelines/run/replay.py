"""Replays the job of a bundle: verified, run again by the logged plan, compared, put on record.

1. The bundle is verified; one that does not hold is not replayed and nothing is recorded.
2. Graph, plan and entries are read; what this version does not know is said.
3. The networks are found by their digests.
4. The file as received is taken out, hashed again, and the logged plan is run on it.
5. What the encoder would be handed is compared with what it was handed, digest by digest.
6. The verdict is an entry of the bundle's job in this machine's log.
Everything unpacked lies in a scratch folder that the caller removes; a picture lies there too.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from models.errors import EngineUnavailableError, ModelError
from models.errors import OutOfMemoryError as NetworkMemoryError
from pipelines.errors import EvidenceError, EvidentError, RequestError, ResourceError
from pipelines.evidence.bundle_layout import Role
from pipelines.evidence.json_value import decimal_string
from pipelines.ports import Progress
from pipelines.run.job import Tools
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_bundle import ReplayBundle
from pipelines.run.replay_case import (
    Case,
    Ran,
    Wish,
    conditions,
    hardware_here,
    software_here,
)
from pipelines.run.replay_clip import replay_clip
from pipelines.run.replay_networks import PlannedNetworks, cards_of, find_catalogs
from pipelines.run.replay_photo import replay_photo
from pipelines.run.replay_picture import draw_worst
from pipelines.run.replay_plan import Logged, checked_by_plan, read_logged
from pipelines.run.replay_verdict import Outcome, ReplayVerdict
from pipelines.stages.ingest import Received, receive

REPLAY_KIND = "replay"


def replay(
    path: Path, wish: Wish, tools: Tools, progress: Progress, *, scratch: Path
) -> ReplayVerdict:
    """Replay the bundle at `path`; `scratch` is an empty folder of this replay's own.

    What stands in the way of a replay is a verdict. Raises RequestError for a wish that makes no
    sense, ResourceError where this machine has no room now, UnreadableError for the bundle.
    """
    started = time.monotonic()
    progress.start("verifying", 0)
    bundle = ReplayBundle(path, scratch, trusted=wish.trusted)
    try:
        verdict = _verdict(bundle, wish, tools, progress, scratch)
    finally:
        bundle.close()
    seconds = decimal_string(round(time.monotonic() - started, 3))
    verdict = replace(verdict, seconds=seconds)
    if bundle.verdict.ok:
        progress.start("recording", 0)
        _record(verdict, tools, progress)
    return verdict


def _record(verdict: ReplayVerdict, tools: Tools, progress: Progress) -> None:
    """Put the verdict on record; an entry that cannot be sealed now is sealed with the next one."""
    tools.log.record(verdict.job, REPLAY_KIND, verdict.entry_body())
    try:
        tools.log.seal(verdict.job)
    except (EvidenceError, ResourceError) as error:
        progress.note(f"The verdict is on record and not sealed yet: {error}")


def _verdict(
    bundle: ReplayBundle, wish: Wish, tools: Tools, progress: Progress, scratch: Path
) -> ReplayVerdict:
    found = ReplayVerdict(
        outcome=Outcome.NOT_REPLAYABLE,
        bundle_sha256=bundle.sha256,
        bundle_bytes=bundle.size,
        job=bundle.verdict.job,
        standing=bundle.verdict.standing.value,
        software=software_here(),
        hardware=hardware_here(),
    )
    failure = bundle.verdict.first_failure
    if failure is not None:
        reason = f"a bundle that holds: {failure.file}: {failure.detail}"
        return replace(found, missing=(reason,))
    try:
        logged = read_logged(bundle)
        found = replace(found, plan_sha256=logged.plan_sha256)
        case = _case(bundle, logged, wish, tools, progress, scratch)
        ran = _run(case)
    except (RequestError, ResourceError, NetworkMemoryError):
        raise
    except (EvidentError, ModelError) as error:
        return replace(found, missing=(_missing(error),))
    picture = None
    if ran.worst is not None and wish.picture:
        picture = draw_worst(ran.worst, scratch)
    return replace(
        found,
        outcome=Outcome.IDENTICAL if ran.compared.is_same else Outcome.DIFFERS,
        compared=ran.compared,
        conditions=conditions(case, ran.here),
        picture=picture,
    )


def _case(
    bundle: ReplayBundle,
    logged: Logged,
    wish: Wish,
    tools: Tools,
    progress: Progress,
    scratch: Path,
) -> Case:
    """Find everything that the plan names. Raises NotReplayableError for the first that lacks."""
    plan = logged.plan
    # The first key is the statement's: a bundle of this machine needs no pinned key. The first
    # of a disclosure is that of whoever left something out.
    ours = bundle.verdict.keys[:1] == (tools.signer.key_id,) and not bundle.is_disclosure
    known = bool(wish.trusted) or ours
    other_engine = wish.engine is not None
    catalogs = find_catalogs(plan.networks, bundle, known_signer=known, other_engine=other_engine)
    checked = checked_by_plan(logged, cards_of(catalogs))
    received = _received(bundle, logged, progress)

    def networks(*, side_by_side: bool) -> PlannedNetworks:
        threads = 1 if side_by_side and wish.threads is not None else wish.threads
        return PlannedNetworks(plan.networks, catalogs, engine=wish.engine, threads=threads)

    return Case(
        bundle=bundle,
        logged=logged,
        checked=checked,
        received=received,
        scratch=scratch,
        tools=replace(
            tools,
            networks=networks(side_by_side=False),
            frame_networks=networks(side_by_side=True),
            threads=wish.threads or plan.threads,
        ),
        progress=progress,
        wish=wish,
        catalogs=catalogs,
    )


def _received(bundle: ReplayBundle, logged: Logged, progress: Progress) -> Received:
    source = logged.plan.source
    for path in bundle.names(Role.RECEIVED):
        if bundle.sha256_of(path) == source.sha256:
            received = receive(bundle.take(path), progress)
            if received.pipeline != source.kind:
                raise NotReplayableError(
                    f"a version that takes the file as received for a {source.kind}"
                )
            return received
    raise NotReplayableError(
        f"the file as received (SHA-256 {source.sha256}): it is not in the bundle"
    )


def _run(case: Case) -> Ran:
    _require_frames(case)
    try:
        return replay_photo(case) if case.received.pipeline == "photo" else replay_clip(case)
    except RequestError as error:
        raise NotReplayableError(f"a version that carries this plan out ({error})") from error


def _require_frames(case: Case) -> None:
    """Refuse a wish for frames that the clip does not have."""
    frames = case.logged.plan.result_frames
    if case.wish.frames is None:
        return
    if case.received.pipeline == "photo":
        raise RequestError(
            "The bundle is of a photograph; there are no frames to choose from.",
            next_step="Leave --frames out.",
        )
    if case.wish.frames[1] > frames:
        raise RequestError(
            f"The clip has frames 0 to {frames - 1}.", next_step=f"Ask for --frames 0:{frames}."
        )


def _missing(error: EvidentError | ModelError) -> str:
    """What was missing, in the words of the error; for any other error, what went wrong."""
    if isinstance(error, NotReplayableError):
        return str(error)
    what = "an engine" if isinstance(error, EngineUnavailableError) else "a run that ends well"
    step = f" ({error.next_step})" if error.next_step else ""
    return f"{what}: {error}{step}"
