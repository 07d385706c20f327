"""Looks again for what a job tracked, with the detector on record, so that the two can be compared.

A detector that is not here, or is another version, keeps no replay from running: what it found
is in the bundle, and only the comparison of the tracks is lost or says that they differ.
"""

from __future__ import annotations

from collections.abc import Callable

from models.errors import ModelError
from pipelines.analysis.track_file import read_tracks
from pipelines.errors import UnsupportedError
from pipelines.evidence.bundle_layout import Role
from pipelines.graph.plan import Plan
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_case import Case
from pipelines.run.tracking import Look, look_of
from pipelines.stages.detect_track import Tracked
from pipelines.stages.enhance import Chain
from pipelines.stages.following import following, is_steered


def followed(case: Case, chain: Chain) -> Chain:
    """The chain with what follows tracks bound to those on record, which are in the bundle.

    Raises NotReplayableError where they are needed and are not there, or not those of the plan.
    """
    was = case.logged.plan.tracking
    if was is None or not is_steered(chain):
        return chain
    for path in case.bundle.names(Role.ATTACHMENT):
        if case.bundle.sha256_of(path) == was.tracks_sha256:
            return following(chain, read_tracks(case.bundle.read(path)))
    raise NotReplayableError(f"the tracks (SHA-256 {was.tracks_sha256}): not in the bundle")


def with_tracks(case: Case, here: Plan, look_again: Callable[[Look], Tracked]) -> Plan:
    """The plan of this machine with what it finds; as it was where nothing can look here.

    The detector and the side of the pictures are those on record, whatever would be taken today.
    """
    was = case.logged.plan.tracking
    params = case.checked.track
    if was is None or params is None:
        return here
    known = params.detector or was.detector
    update = {"detector": known, "longest_side": was.longest_side}
    try:
        look = look_of(params.model_copy(update=update), case.tools)
        return here if look is None else look.planned(here, look_again(look))
    except (UnsupportedError, ModelError) as error:
        case.progress.note(f"Tracks are not compared: {error}")
        return here
