"""From a well-formed graph to a checked one: order, parameters, networks and policy.

Nothing here touches pixels, so a gateway can do it before anything runs. What depends on
the picture itself (sizes, ceilings in memory, chroma alignment) is checked by the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models import catalog
from models.errors import ModelError
from models.spec import NetworkCard, NetworkClass, Precision
from pipelines.errors import GraphError, PolicyError
from pipelines.graph.descriptors import (
    Descriptor,
    FieldUse,
    OperationClass,
    Parameters,
    Reach,
)
from pipelines.graph.fusion_facts import FuseParameters, require_admitted
from pipelines.graph.licence import detector_card, require_permission
from pipelines.graph.operation_faces import KEEPS_PLACES
from pipelines.graph.operation_table import OPERATIONS
from pipelines.graph.overrides import Overrides
from pipelines.graph.presets import POLICIES, Policy, check_admitted
from pipelines.graph.region import MEMBER, DrawnRegion, read_region
from pipelines.graph.spec import (
    MAX_FUSIONS,
    STAGE_PARAMS,
    EnhanceParams,
    ExportParams,
    FusionParams,
    Graph,
    IngestParams,
    QaParams,
    Stage,
    StageKind,
    Strict,
    parse_strict,
)
from pipelines.graph.tracking import DetectTrackParams

_PARAMS: Mapping[StageKind, type[Strict]] = {
    **STAGE_PARAMS,
    StageKind.DETECT_TRACK: DetectTrackParams,
}

PLAIN_STEM = "enhanced"
GENERATIVE_STEM = "enhanced-GENERATIVE"

ORDER = (
    StageKind.INGEST,
    StageKind.DETECT_TRACK,
    StageKind.ENHANCE,
    StageKind.QA,
    StageKind.EXPORT,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a checked graph, with every parameter resolved.

    `region` is the part of the picture that it is held to, None where it works on all of it.
    """

    descriptor: Descriptor[Parameters]
    parameters: Parameters
    operation_class: OperationClass
    card: NetworkCard | None
    region: DrawnRegion | None = None

    @property
    def reach(self) -> Reach:
        """How far the operation looks with these parameters."""
        return self.descriptor.reach(self.parameters)


@dataclass(frozen=True, slots=True)
class CheckedGraph:
    """A graph that may run, with typed parameters.

    `qa` and `track` are None where it has no such stage. `fusions` are those of all its stages.
    """

    graph: Graph
    policy: Policy
    ingest: IngestParams
    steps: tuple[Step, ...]
    export: ExportParams
    qa: QaParams | None = None
    allow_ungated: str | None = None
    despite_fields: str | None = None
    track: DetectTrackParams | None = None
    allow_licence: str | None = None
    precision: Precision | None = None
    fusions: tuple[FusionParams, ...] = ()

    @property
    def is_generative(self) -> bool:
        """Whether a generative operation touches the result: then its name says so."""
        return any(step.operation_class is OperationClass.GENERATIVE for step in self.steps)

    @property
    def result_stem(self) -> str:
        """What the finished medium is called, without its suffix."""
        return GENERATIVE_STEM if self.is_generative else PLAIN_STEM


def check_graph(graph: Graph) -> CheckedGraph:
    """Check everything that can be checked without the picture. Raises GraphError, PolicyError."""
    _check_order(graph)
    policy = POLICIES[graph.preset]
    ingest, export = IngestParams(), ExportParams()
    qa: QaParams | None = None
    track: DetectTrackParams | None = None
    steps: list[Step] = []
    fusions: list[FusionParams] = []
    reasons: list[str | None] = []
    despite: list[str | None] = []
    permitted: list[str | None] = []
    precision: Precision | None = None
    for position, stage in enumerate(graph.stages):
        field = f"stages.{position}.params"
        params = parse_strict(_PARAMS[stage.kind], stage.params, field=field)
        if isinstance(params, IngestParams):
            ingest = params
        elif isinstance(params, DetectTrackParams):
            track = params
            looks = detector_card(params.detector)
            if looks is not None:
                require_permission(looks, params.allow_licence, field=f"{field}.allow_licence")
        elif isinstance(params, QaParams):
            qa = params
        elif isinstance(params, ExportParams):
            export = params
        elif isinstance(params, EnhanceParams):
            reasons.append(params.allow_ungated)
            despite.append(params.despite_fields)
            permitted.append(params.allow_licence)
            precision = _one_precision(precision, params.precision, field=field)
            steps.extend(_check_steps(policy, params, steps, ingest.overrides, field=field))
            fusions.extend(_check_fusions(policy, params, fusions, field=f"{field}.fusions"))
    _check_fields_first(steps)
    _check_steering(policy, steps, track)
    ungated, fields, licence = (
        "; ".join(one for one in said if one is not None) or None
        for said in (reasons, despite, permitted)
    )
    return CheckedGraph(
        graph, policy, ingest, tuple(steps), export, qa, ungated, fields, track, licence, precision,
        tuple(fusions),
    )  # fmt: skip


def _check_fusions(
    policy: Policy, params: EnhanceParams, earlier: Sequence[FusionParams], *, field: str
) -> tuple[FusionParams, ...]:
    """Fusion is admitted as any operation; so many stills are made of one clip and no more."""
    if len(earlier) + len(params.fusions) > MAX_FUSIONS:
        raise GraphError(f"{field}: more than {MAX_FUSIONS} fusions", field=field)
    for number, one in enumerate(params.fusions):
        wanted = FuseParameters(radius=one.radius, scale=one.scale)
        require_admitted(policy.preset, wanted, field=f"{field}.{number}")
    return params.fusions


def _one_precision(
    before: Precision | None, named: Precision | None, *, field: str
) -> Precision | None:
    """The precision of all networks of a graph: stages that name one name the same."""
    if before is not None and named not in (None, before):
        raise GraphError(
            f"One stage names {before.value}, another {named}.",
            field=f"{field}.precision",
            next_step="Name one precision for the whole graph.",
        )
    return named or before


def _check_steps(
    policy: Policy,
    params: EnhanceParams,
    earlier: Sequence[Step],
    overrides: Overrides,
    *,
    field: str,
) -> list[Step]:
    """Check the operations of one stage, and that every network in it may be used.

    `earlier` are those of the stages before, `overrides` hold the regions that were drawn.
    """
    steps: list[Step] = []
    for number, document in enumerate(params.operations):
        here = f"{field}.operations.{number}"
        step, region = _check_step(policy, document, field=here)
        if step.card is not None:
            require_permission(step.card, params.allow_licence, field=f"{field}.allow_licence")
        if region is not None:
            before = [one.descriptor.name for one in (*earlier, *steps)]
            drawn = read_region(
                region, step.descriptor, overrides, before=before, field=f"{here}.{MEMBER}"
            )
            step = replace(step, region=drawn)
        steps.append(step)
    return steps


def _check_fields_first(steps: list[Step]) -> None:
    """Fields are taken apart before anything else touches their rows, and once."""
    for number, step in enumerate(steps):
        if number and step.descriptor.fields is FieldUse.UNWEAVES:
            raise GraphError(
                f"{step.descriptor.name} comes after {steps[number - 1].descriptor.name}: fields "
                "are taken apart before anything else touches their rows",
                next_step=f"Make {step.descriptor.name} the first operation.",
            )


def _check_steering(policy: Policy, steps: list[Step], track: DetectTrackParams | None) -> None:
    """Tracks steer pixels only where trained operations are admitted, and only where they are."""
    for number, step in enumerate(steps):
        target, name = step.descriptor.follows, step.descriptor.name
        if target is None:
            continue
        if OperationClass.TRAINED not in policy.classes:
            raise PolicyError(
                f"{name} is steered by tracks, and {policy.preset.value} admits no trained "
                "operation: there, tracks are reported only",
                next_step="Preset balanced admits steering by tracks.",
            )
        if track is None or target not in track.targets:
            raise GraphError(
                f"{name} follows tracks of a {target}, and the graph looks for none",
                field="stages",
                next_step=f"Add a detect_track stage with {target} among its targets.",
            )
        for other in steps[:number]:
            if other.descriptor.name not in KEEPS_PLACES:
                raise GraphError(
                    f"{name} comes after {other.descriptor.name}, which moves things away from "
                    "where they were tracked",
                    next_step=f"Put {name} before {other.descriptor.name}.",
                )


def _check_order(graph: Graph) -> None:
    """Names are unique, needs point backwards, and kinds stand in the order of the design."""
    known = set(graph.inputs)
    last = -1
    for position, stage in enumerate(graph.stages):
        if stage.name in known:
            raise GraphError(
                f"stages.{position}.name: {stage.name!r} is already taken",
                field=f"stages.{position}.name",
            )
        for need in stage.needs:
            if need not in known:
                raise GraphError(
                    f"stages.{position}.needs: {need!r} is no input and no earlier stage",
                    field=f"stages.{position}.needs",
                    next_step="List stages in the order in which they run.",
                )
        _check_kind(graph, stage, position, last)
        last = ORDER.index(stage.kind)
        known.add(stage.name)
    kinds = [stage.kind for stage in graph.stages]
    for wanted in (StageKind.INGEST, StageKind.EXPORT):
        if wanted not in kinds:
            raise GraphError(f"stages: there is no {wanted.value} stage", field="stages")


def _check_kind(graph: Graph, stage: Stage, position: int, last: int) -> None:
    here = ORDER.index(stage.kind)
    if here < last or (here == last and stage.kind is not StageKind.ENHANCE):
        raise GraphError(
            f"stages.{position}.kind: {stage.kind.value} cannot come after "
            f"{graph.stages[position - 1].kind.value}",
            field=f"stages.{position}.kind",
            next_step="The order is " + ", ".join(kind.value for kind in ORDER) + ".",
        )


def _check_step(policy: Policy, document: dict[str, Any], *, field: str) -> tuple[Step, object]:
    """Check one operation; what it says of a region comes back beside it, None for nothing."""
    rest = dict(document)
    name, region = rest.pop("op", None), rest.pop(MEMBER, None)
    if not isinstance(name, str) or name not in OPERATIONS:
        raise GraphError(
            f"{field}.op: there is no operation {name!r}",
            field=f"{field}.op",
            next_step="Operations are: " + ", ".join(sorted(OPERATIONS)) + ".",
        )
    descriptor = OPERATIONS[name]
    parameters = parse_strict(descriptor.parameters, rest, field=field)
    card = _card_of(descriptor, parameters, field=field)
    operation_class = _effective_class(descriptor, card)
    check_admitted(policy, descriptor, parameters, operation_class=operation_class, field=field)
    return Step(descriptor, parameters, operation_class, card), region


def _card_of(
    descriptor: Descriptor[Parameters], parameters: Parameters, *, field: str
) -> NetworkCard | None:
    if descriptor.network is None:
        return None
    try:
        return catalog.card(str(getattr(parameters, descriptor.network)))
    except ModelError as error:
        path = f"{field}.{descriptor.network}"
        raise GraphError(f"{path}: {error}", field=path, next_step=error.next_step) from error


def _effective_class(
    descriptor: Descriptor[Parameters], card: NetworkCard | None
) -> OperationClass:
    if card is not None and card.network_class is NetworkClass.GENERATIVE:
        return OperationClass.GENERATIVE
    return descriptor.operation_class
