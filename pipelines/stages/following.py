"""Binds the operations of a chain that follow tracks to what was found."""

from __future__ import annotations

from dataclasses import replace

from pipelines.analysis.track_file import TrackSet
from pipelines.operations.steered import Steered
from pipelines.stages.enhance import BoundStep, Chain, covered
from pipelines.stages.steering import FacesOfTracks, Placement, require_landmarks


def is_steered(chain: Chain) -> bool:
    """Whether an operation of the chain follows tracks."""
    return any(isinstance(one, Steered) for one in chain.operations)


def following(chain: Chain, found: TrackSet) -> Chain:
    """The same operations, those that follow tracks bound to what was found.

    Raises RequestError where a track is wanted that there is not, or none has landmarks.
    """
    if not is_steered(chain):
        return chain
    require_landmarks(found.tracks, found.detector.name)
    steps = (_bound(chain, number, found) for number in range(len(chain.steps)))
    return replace(chain, steps=tuple(steps))


def _bound(chain: Chain, number: int, found: TrackSet) -> BoundStep:
    """A step of the chain, told where faces lie on its own samples."""
    bound = chain.steps[number]
    operation = bound.operation
    if not isinstance(operation, Steered):
        return bound
    shown = covered(replace(chain, steps=chain.steps[:number]))
    size = bound.operation.source
    placement = Placement(
        shown.left, shown.top, size.width / shown.width, size.height / shown.height
    )
    faces = FacesOfTracks(
        found.tracks,
        placement,
        frames=found.frames,
        smoothing=operation.smoothing,
        wanted=operation.tracks,
    )
    return replace(bound, operation=operation.following(faces))
