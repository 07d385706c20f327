"""From a checked graph and a bound chain to the plan, and the plan's ceilings to a yes or no."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.engines.choice import need_bytes
from models.engines.selection import Workload
from models.spec import Precision
from pipelines.errors import DiskFullError, MemoryCeilingError, PolicyError
from pipelines.graph.plan import (
    Plan,
    PlannedCeilings,
    PlannedPicture,
    PlannedRegion,
    PlannedStep,
)
from pipelines.graph.validate import CheckedGraph
from pipelines.media.picture import FrameShape
from pipelines.operations.region_only import RegionOnly
from pipelines.ports import GateBook, GateStanding, GateState
from pipelines.run.job import Networks
from pipelines.stages.enhance import BoundStep, Chain

_MIB = 1 << 20

Facts = Mapping[str, str | int]


def planned_picture(shape: FrameShape) -> PlannedPicture:
    """Spell a shape for a plan."""
    layout = shape.layout
    return PlannedPicture(
        width=shape.width,
        height=shape.height,
        family=layout.family.value,
        depth=layout.depth,
        chroma=(layout.align_x, layout.align_y),
        full_range=layout.full_range,
        matrix=layout.matrix.value,
        siting=layout.siting.value,
        alpha=layout.alpha,
    )


def planned_overrides(checked: CheckedGraph) -> dict[str, Any]:
    """Spell what a person overrides, with the reasons."""
    given = checked.ingest.overrides
    return given.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def planned_steps(chain: Chain) -> tuple[PlannedStep, ...]:
    """Spell every operation with its facts and all its parameters."""
    return tuple(_planned_step(bound) for bound in chain.steps)


def _planned_step(bound: BoundStep) -> PlannedStep:
    step, reach = bound.step, bound.step.reach
    return PlannedStep(
        op=step.descriptor.name,
        operation_class=step.operation_class,
        frame_use=step.descriptor.frame_use,
        parameter_source=step.descriptor.parameter_source,
        plane_use=step.descriptor.plane_use,
        parameters=step.parameters.model_dump(mode="json"),
        pixels=reach.pixels,
        before=reach.before,
        after=reach.after,
        result=planned_picture(bound.operation.result),
        network=None if step.card is None else step.card.name,
        region=_planned_region(bound),
    )


def _planned_region(bound: BoundStep) -> PlannedRegion | None:
    """Spell the region that a step is held to."""
    drawn, operation = bound.step.region, bound.operation
    if drawn is None or not isinstance(operation, RegionOnly):
        return None
    return PlannedRegion(drawn=drawn, samples=operation.drawn.points)


def networks_for(
    checked: CheckedGraph, networks: Networks, shape: FrameShape, *, frames: int
) -> Networks:
    """Decide how each network of the graph runs on this picture. Raises ModelError."""
    work = Workload(shape.height, shape.width, frames, checked.precision)
    return networks.for_work(_networks_of(checked), work)


def why_chosen(checked: CheckedGraph, networks: Networks, plan: Plan) -> dict[str, str]:
    """Tell why the plan's networks run as it says; what was measured decides alike when asked anew.

    The reasons are no part of the plan: a clock was involved, and a plan holds none.
    """
    picture = plan.source.picture
    work = Workload(picture.height, picture.width, plan.source.frames, checked.precision)
    return dict(networks.for_work(_networks_of(checked), work).reasons())


def _networks_of(checked: CheckedGraph) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step.card.name for step in checked.steps if step.card is not None))


def planned_networks(
    checked: CheckedGraph, networks: Networks, gates: GateBook
) -> tuple[dict[str, str | int], ...]:
    """State how each network of the graph runs here, and what its gate says, in order of use.

    Raises PolicyError where a network has no gate that passed and the graph does not say why it
    may run all the same.
    """
    return tuple(_admitted(checked, name, networks, gates) for name in _networks_of(checked))


def _admitted(
    checked: CheckedGraph, name: str, networks: Networks, gates: GateBook
) -> dict[str, str | int]:
    facts = networks.facts(name)
    standing = gates.standing(facts, lambda plane: networks.network(name).run(plane))
    _require_gate(checked, facts, standing)
    gated: dict[str, str | int] = {
        "gate": str(standing.state),
        "gate_admitted_by": str(standing.admitted_by),
    }
    if standing.sha256:
        gated["gate_sha256"] = standing.sha256
        gated["gate_set"] = standing.judged_set
        gated["gate_cases"] = standing.cases
    if facts["precision"] != Precision.FP32:
        # A tile whose result cannot be right is run again in fp32: that has to be gated as well.
        safe = {**facts, "precision": Precision.FP32.value}
        fallback = gates.standing(safe, lambda plane: networks.fallback(name).run(plane))
        _require_gate(checked, safe, fallback)
        gated["fallback_gate"] = str(fallback.state)
    return {**facts, **_parentage(checked, name), **gated}


def _parentage(checked: CheckedGraph, name: str) -> dict[str, str | int]:
    """Both parents of a blend with digests and shares; nothing for any other network."""
    card = next(step.card for step in checked.steps if step.card and step.card.name == name)
    if not card.parents:
        return {}
    words = (f"{one.share} x {one.name} sha256:{one.sha256}" for one in card.parents)
    return {"blend_of": " + ".join(words)}


def _require_gate(checked: CheckedGraph, facts: Facts, standing: GateStanding) -> None:
    """Refuse a network without a gate unless the graph says why it may run all the same."""
    if standing.state is GateState.PASSED or checked.allow_ungated is not None:
        return
    engine, precision = facts["engine"], facts["precision"]
    how = "" if precision == Precision.FP32 else f" --precision {precision}"
    gate = f"Run `evident gate {facts['model']} --engine {engine}{how}`"
    raise PolicyError(
        f"{facts['model']} is {standing.state} on {engine} {facts['engine_version']} in "
        f"{precision}: {standing.detail}",
        field="allow_ungated",
        next_step=f"{standing.way_out or gate}, or say why it may run without with --allow-ungated "
        "REASON; the report will say so.",
    )


def network_memory_bytes(checked: CheckedGraph, facts: tuple[dict[str, str | int], ...]) -> int:
    """Most memory that the networks need while one of them runs on one tile, halo included."""
    cards = {step.card.name: step.card for step in checked.steps if step.card is not None}
    most = 0
    for fact in facts:
        card = cards[str(fact["model"])]  # type: ignore[index]
        side = int(fact["tile_pixels"]) + 2 * card.tiling.halo
        pixels = int(fact.get("batch", 1)) * side * side
        most = max(most, need_bytes(card, str(fact["engine"]), pixels=pixels))
    return most


def require_room(ceilings: PlannedCeilings, *, available_memory_bytes: int, folder: Path) -> None:
    """Refuse a job that this machine has no room for, before any of it runs.

    Raises MemoryCeilingError or DiskFullError with the numbers.
    """
    if ceilings.memory_bytes > available_memory_bytes:
        raise MemoryCeilingError(
            f"The job can need {ceilings.memory_bytes / _MIB:.0f} MiB of memory; "
            f"{available_memory_bytes / _MIB:.0f} MiB are available.",
            next_step="Ask for a smaller scale, crop first, or run it on a larger machine.",
        )
    needed = ceilings.disk_bytes + ceilings.scratch_bytes
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFullError(
            f"The job can need {needed / _MIB:.0f} MiB of disk in {folder}; "
            f"{free / _MIB:.0f} MiB are free.",
            next_step="Free some space there, or name another folder with --out.",
        )
