"""From a bundle's graph and plan to what runs here: the logged steps, networks and conditions.

The plan on record is what runs, not a new one of this machine's choosing. A new one is made all
the same, under the logged threads, tiles and precision, and what it would do otherwise is told.
What stands in the way of running the plan is a `NotReplayableError` that names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.engines.tiled import replanned_tile
from models.spec import NetworkCard
from pipelines.errors import EvidenceError, RequestError
from pipelines.evidence.bundle_layout import Role
from pipelines.evidence.canonical import parse_object
from pipelines.evidence.entry import Entry
from pipelines.graph.operation_table import OPERATIONS
from pipelines.graph.plan import Plan, PlannedStep, read_plan
from pipelines.graph.presets import POLICIES
from pipelines.graph.spec import (
    ExportParams,
    FusionParams,
    Graph,
    IngestParams,
    StageKind,
    parse_graph,
    parse_strict,
)
from pipelines.graph.tracking import DetectTrackParams
from pipelines.graph.validate import CheckedGraph, Step
from pipelines.run.replay_bounds import NotReplayableError, require_bounds
from pipelines.run.replay_bundle import ReplayBundle

_ADMITTED_THEN = "A replay repeats what was admitted when the job was submitted."

Tiles = Mapping[str, int]
"""Sides of tiles by network, where memory ran out and smaller ones were taken."""


@dataclass(frozen=True, slots=True)
class Part:
    """Frames `first` up to `stop`, rendered with these tiles after what was planned anew."""

    first: int
    stop: int
    tiles: Tiles


@dataclass(frozen=True, slots=True)
class Logged:
    """What is on record: the graph, the plan and its digest, and the tiles of each range.

    `software`, `hardware` and `application` are those of the run; empty where not on record.
    """

    graph: Graph
    plan: Plan
    plan_sha256: str
    parts: tuple[Part, ...]
    software: Mapping[str, str]
    hardware: Mapping[str, str]
    application: str


def read_logged(bundle: ReplayBundle) -> Logged:
    """Read graph, plan and entries. Raises NotReplayableError for versions unknown here."""
    if not bundle.entries:
        raise NotReplayableError("the entries of the job: some were left out of this disclosure")
    raw = bundle.read(_only(bundle, Role.PLAN))
    plan = _plan(raw)
    require_bounds(plan)
    graph_bytes = bundle.read(_only(bundle, Role.GRAPH))
    if hashlib.sha256(graph_bytes).hexdigest() != plan.graph_sha256:
        raise NotReplayableError("the graph of the plan: the bundle holds another one")
    try:
        graph = parse_graph(parse_object(graph_bytes))
    except (RequestError, EvidenceError) as error:
        raise NotReplayableError(f"a version that knows this graph ({error})") from error
    environment = _environment(bundle.entries)
    return Logged(
        graph=graph,
        plan=plan,
        plan_sha256=hashlib.sha256(raw).hexdigest(),
        parts=tuple(parts_on_record(plan, bundle.entries)),
        software=_texts(environment.get("software")),
        hardware=_texts(environment.get("hardware")),
        application=bundle.entries[-1].actor.application,
    )


def checked_by_plan(logged: Logged, cards: Mapping[str, NetworkCard]) -> CheckedGraph:
    """Make what runs out of the plan: every operation with the parameters on record.

    Whether preset and gates admit them was decided when the job was submitted; a ceiling or a
    gate that moved since then does not stop a replay, which delivers nothing.
    """
    ingest, export = IngestParams(), ExportParams()
    track: DetectTrackParams | None = None
    try:
        for stage in logged.graph.stages:
            if stage.kind is StageKind.INGEST:
                ingest = parse_strict(IngestParams, stage.params, field=stage.name)
            elif stage.kind is StageKind.DETECT_TRACK:
                track = parse_strict(DetectTrackParams, stage.params, field=stage.name)
            elif stage.kind is StageKind.EXPORT:
                export = parse_strict(ExportParams, stage.params, field=stage.name)
        steps = tuple(_step(planned, cards) for planned in logged.plan.steps)
        fusions = tuple(
            parse_strict(
                FusionParams,
                one.model_dump(include={"frame", "box", "radius", "scale"}),
                field="fusions",
            )
            for one in logged.plan.fusions
        )
    except RequestError as error:
        raise NotReplayableError(f"a version that knows this plan ({error})") from error
    policy = replace(POLICIES[logged.plan.preset], ceilings=False)
    return CheckedGraph(
        logged.graph,
        policy,
        ingest,
        steps,
        export,
        allow_ungated=_ADMITTED_THEN,
        despite_fields=_ADMITTED_THEN,
        track=track,
        fusions=fusions,
    )


def plan_differences(logged: Plan, here: Plan) -> tuple[tuple[str, str, str], ...]:
    """(field, logged, here) wherever two plans differ; ceilings decide no sample and are left out.

    Fields are dotted paths into the plan.
    """
    ours, theirs = _flat(here), _flat(logged)
    return tuple(
        (name, theirs.get(name, "none"), ours.get(name, "none"))
        for name in sorted(theirs.keys() | ours.keys())
        if theirs.get(name) != ours.get(name)
    )


def _plan(raw: bytes) -> Plan:
    try:
        return read_plan(raw)
    except EvidenceError as error:
        try:
            version = parse_object(raw).get("version")
        except EvidenceError:
            version = "unknown"
        raise NotReplayableError(
            f"a version that knows this plan (it is of version {version}: {error})"
        ) from error


def _only(bundle: ReplayBundle, role: Role) -> str:
    paths = bundle.names(role)
    if len(paths) != 1:
        raise NotReplayableError(f"the {role}: it is not in the bundle")
    return paths[0]


def _step(planned: PlannedStep, cards: Mapping[str, NetworkCard]) -> Step:
    descriptor = OPERATIONS.get(planned.op)
    if descriptor is None:
        raise NotReplayableError(f"the operation {planned.op}: this version has none of that name")
    parameters = parse_strict(descriptor.parameters, planned.parameters, field=planned.op)
    card = None if planned.network is None else cards[planned.network]
    region = None if planned.region is None else planned.region.drawn
    return Step(descriptor, parameters, planned.operation_class, card, region)


def parts_on_record(plan: Plan, entries: tuple[Entry, ...]) -> Iterator[Part]:
    """Neighbouring segments that were rendered with the same tiles, as one part each.

    The last entry of a segment counts: it is of the attempt whose samples were delivered.
    """
    ranges = ((0, 1),) if plan.segments is None else plan.segments.ranges()
    tiles = {one: dict[str, int]() for one in ranges}
    for entry in entries:
        if entry.kind != "operation":
            continue
        place = (entry.body.get("first"), entry.body.get("stop"))
        if place in tiles:
            tiles[place] = _tiles(entry.body.get("replans"))
    part: Part | None = None
    for (first, stop), used in tiles.items():
        if part is not None and part.tiles == used:
            part = replace(part, stop=stop)
            continue
        if part is not None:
            yield part
        part = Part(first, stop, used)
    if part is not None:
        yield part


def _tiles(replans: Any) -> dict[str, int]:
    lines = replans if isinstance(replans, list) else []
    return dict(found for line in lines if (found := replanned_tile(str(line))) is not None)


def _environment(entries: tuple[Entry, ...]) -> Mapping[str, Any]:
    """The last entry that says with what software and hardware the work was done."""
    for entry in reversed(entries):
        if "software" in entry.body and entry.kind.startswith("stage."):
            return entry.body
    return {}


def _texts(value: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def _flat(plan: Plan) -> dict[str, str]:
    # Plans that state no batch are older than batches: one tile went through at a time.
    networks = tuple({"batch": 1, **facts} for facts in plan.networks)
    document = parse_object(plan.model_copy(update={"networks": networks}).canonical())
    document.pop("ceilings", None)
    return dict(_leaves("", document))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, one)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _leaves(f"{path}.{number}", one)
    else:
        yield path, "none" if value is None else str(value)
