"""What `evident run --explain` prints: the expanded graph and the plan, with every default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.graph.plan import Plan, PlannedStep
from pipelines.graph.validate import CheckedGraph, Step
from pipelines.stages.export.sanitise import shown

_MIB = 1 << 20


def explanation(path: Path, checked: CheckedGraph, plan: Plan) -> str:
    """The graph and the plan of one input, for a person."""
    source = plan.source
    picture = source.picture
    lines = [
        (
            f"{shown(str(path), longest=1000)}: {source.kind}, {picture.width} x {picture.height}, "
            f"{picture.depth} bit {picture.family}"
        ),
        f"preset {plan.preset.value}; stages "
        + " > ".join(stage.name for stage in checked.graph.stages),
    ]
    if source.kind == "photo":
        lines.append(f"orientation: {source.orientation}")
    for number, (step, planned) in enumerate(zip(checked.steps, plan.steps, strict=True), start=1):
        lines.extend(_step_lines(number, step, planned))
    if not plan.steps:
        lines.append("no operation: the samples come out as they came in")
    lines.extend(_network_line(facts) for facts in plan.networks)
    lines.extend(_execution_lines(plan))
    lines.append(f"graph sha256 {plan.graph_sha256}")
    lines.append(f"plan  sha256 {plan.digest()}")
    return "\n".join(lines)


def _step_lines(number: int, step: Step, planned: PlannedStep) -> list[str]:
    reach = f"reach {planned.pixels} samples"
    if planned.before or planned.after:
        reach += f", {planned.before} frames before and {planned.after} after"
    lines = [
        (
            f"{number}. {planned.op}: {planned.operation_class.value}, {planned.frame_use.value}, "
            f"parameters {planned.parameter_source.value}; touches {planned.plane_use.value}; "
            f"{reach}"
        ),
        f"   gives {planned.result.width} x {planned.result.height}",
    ]
    if planned.region is not None:
        drawn = planned.region.drawn
        corners = " ".join(f"{x:g},{y:g}" for x, y in drawn.points)
        frames = "" if drawn.frames is None else f", frames {drawn.frames[0]} to {drawn.frames[1]}"
        border = f"feather {drawn.feather}" if drawn.feather else "hard border"
        lines.append(
            f"   in the region {corners} ({drawn.space}{frames}, {border}); unchanged outside"
        )
    given = step.parameters.model_fields_set
    for name, value in planned.parameters.items():
        origin = "given" if name in given else "default"
        ceiling = step.descriptor.ceilings.get(name)
        bound = "" if ceiling is None else f", forensic-safe {ceiling.least:g} to {ceiling.most:g}"
        lines.append(f"   {name} = {value} ({origin}{bound})")
    return lines


def _network_line(facts: dict[str, str | int]) -> str:
    return (
        f"network {facts['model']} {facts['version']} ({facts['class']}, {facts['gate']}): "
        f"{facts['engine']} {facts['engine_version']}, {facts['precision']} on "
        f"{facts['device_class']}, {facts['threads']} threads, tile {facts['tile_pixels']}, "
        f"{facts['tiling']}"
    )


def _execution_lines(plan: Plan) -> list[str]:
    delivery, ceilings = plan.delivery, plan.ceilings
    lines = []
    if plan.segments is not None:
        lines.append(
            f"{len(plan.segments.starts)} segments of {plan.segments.seconds} s over "
            f"{plan.segments.frames} frames, {plan.frames_at_once} at once"
        )
    if plan.tile_pixels is not None:
        lines.append(f"work regions of up to {plan.tile_pixels} x {plan.tile_pixels} samples")
    loss = "lossless" if delivery.lossless else "lossy"
    options = ", ".join(f"{name}={value}" for name, value in sorted(delivery.options.items()))
    lines.append(
        f"delivery: {delivery.container}, {delivery.codec} ({loss}), {delivery.pixel_format}"
        + (f"; {options}" if options else "")
    )
    if delivery.copied:
        lines.append(f"copied packet for packet: streams {_numbers(delivery.copied)}")
    if delivery.dropped:
        lines.append(f"dropped on request: streams {_numbers(delivery.dropped)}")
    lines.append(
        f"ceilings: memory {ceilings.memory_bytes / _MIB:.0f} MiB, "
        f"disk {(ceilings.disk_bytes + ceilings.scratch_bytes) / _MIB:.0f} MiB"
    )
    return lines


def _numbers(values: tuple[int, ...]) -> str:
    return ", ".join(str(value) for value in values)


def explanation_json(path: Path, checked: CheckedGraph, plan: Plan) -> dict[str, Any]:
    """The graph and the plan of one input, for a program."""
    return {
        "input": str(Path.cwd() / path),
        "graph": checked.graph.document(),
        "graph_sha256": plan.graph_sha256,
        "plan": plan.model_dump(mode="json"),
        "plan_sha256": plan.digest(),
    }
