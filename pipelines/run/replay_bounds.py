"""What a plan from outside may ask of this machine, checked before anything of it runs.

A plan that verifies was signed by somebody, not by us. Its numbers decide how many threads,
frames and regions there are, so they are held against what plans of this version can say; the
memory that follows from them is held against the machine later, by the usual ceilings.
"""

from __future__ import annotations

from models.spec import Precision, WeightsFormat
from pipelines.errors import EvidentError
from pipelines.graph.plan import Plan
from pipelines.graph.spec import MAX_FUSIONS
from pipelines.run.photo_pixels import REGION_PIXELS

MOST_THREADS = 1024
LEAST_REGION, LEAST_TILE, MOST_TILE = 16, 8, 1 << 16

_TEXTS = (
    *("model", "version", "class", "gate", "tiling", "weights_format", "weights_sha256"),
    *("engine", "engine_version", "precision", "device_class"),
)


class NotReplayableError(EvidentError):
    """The plan cannot be run again here; the reason names what is missing."""


def require_bounds(plan: Plan) -> None:
    """Raise NotReplayableError for a plan that no job of this version can have had."""
    _require("threads", 1 <= plan.threads <= MOST_THREADS)
    _require("frames_at_once", 1 <= plan.frames_at_once <= plan.threads)
    side = plan.tile_pixels
    _require("tile_pixels", side is None or LEAST_REGION <= side <= REGION_PIXELS)
    _require("source.frames", plan.source.frames >= 1)
    _require("segments", plan.source.kind == "photo" or plan.segments is not None)
    most_fusions = MAX_FUSIONS if plan.source.kind == "video" else 0
    _require("fusions", len(plan.fusions) <= most_fusions)
    models = set()
    for number, facts in enumerate(plan.networks):
        where = f"networks.{number}"
        for name in _TEXTS:
            _require(f"{where}.{name}", isinstance(facts.get(name), str))
        _require(f"{where}.precision", facts["precision"] in [one.value for one in Precision])
        formats = [one.value for one in WeightsFormat]
        _require(f"{where}.weights_format", facts["weights_format"] in formats)
        _require(f"{where}.threads", _within(facts.get("threads"), 1, MOST_THREADS))
        _require(f"{where}.tile_pixels", _within(facts.get("tile_pixels"), LEAST_TILE, MOST_TILE))
        models.add(facts["model"])
    _require("networks", len(models) == len(plan.networks))
    for number, step in enumerate(plan.steps):
        _require(f"steps.{number}.network", step.network is None or step.network in models)


def _within(value: str | int | None, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most


def _require(field: str, holds: bool) -> None:  # noqa: FBT001 - the one thing that is asked
    if not holds:
        raise NotReplayableError(f"a version that knows this plan (its {field} is out of bounds)")
