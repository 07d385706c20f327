"""Looks again for what a job tracked, with the detector on record, so that the two can be compared.

A detector that is not here, or is another version, keeps no replay from running: what it found
is in the bundle, and only the comparison of the tracks is lost or says that they differ.
"""

from __future__ import annotations

from collections.abc import Callable

from models.errors import ModelError
from pipelines.errors import UnsupportedError
from pipelines.graph.plan import Plan
from pipelines.run.replay_case import Case
from pipelines.run.tracking import Look, look_of
from pipelines.stages.detect_track import Tracked


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
