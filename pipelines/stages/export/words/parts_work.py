"""The shape of the words of the operations, the networks, the maps, the notes and the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.graph.descriptors import FrameUse, OperationClass, ParameterSource, PlaneUse
from pipelines.graph.region import Space
from pipelines.stages.export.fact_types import Chosen
from pipelines.stages.export.facts_quality import MapKind, Standing
from pipelines.stages.export.words.language import Plural


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWords:
    """The operations in order."""

    heading: str
    title: str
    looks_at: str
    own_position: str
    around: Plural
    frames_around: str
    frames: Plural
    network: str
    size: str
    size_value: str
    region: str
    region_named: str
    region_rectangle: str
    region_polygon: str
    region_spaces: Mapping[Space, str]
    region_frames: str
    region_hard: str
    region_feather: Plural
    region_because: str
    outside: str
    outside_value: str
    residual: str
    not_measured: str
    columns: tuple[str, str, str, str, str]
    facts: str
    classes: Mapping[OperationClass, str]
    uses: Mapping[FrameUse, str]
    sources: Mapping[ParameterSource, str]
    chosen: Mapping[Chosen, str]
    made: str
    made_by: Mapping[OperationClass, str]
    alone: str
    combined: str
    chose: Mapping[ParameterSource, str]
    planes: str
    changes: Mapping[PlaneUse, str]
    yes: str
    no: str
    none: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkWords:
    """The cards of networks."""

    heading: str
    none: str
    title: str
    network_class: str
    weights: str
    weights_value: str
    weights_digest: str
    weights_travel: str
    weights_in_bundle: str
    weights_not_in_bundle: str
    licence: str
    origin: str
    trained_on: str
    trained_for: str
    cutting: str
    gate: str
    gates: Mapping[str, str]
    gate_judged: str
    gate_not_judged: str
    failures: str
    score: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapWords:
    """The maps that hold a result against its input."""

    heading: str
    titles: Mapping[MapKind, str]
    scale: str
    units: str
    not_asked: str
    standings: Mapping[Standing, str]
    not_measured: str
    frame: str
    picture: str
    elsewhere: str
    one_sample: str
    strongest: str
    largest: str
    percentile: str
    noise: str
    allowed: str
    allowed_value: str
    beyond: str
    beyond_value: str
    columns: tuple[str, str, str, str, str, str]
    unrest: str
    unrest_meaning: str
    codes: str
    drift: str
    drift_meaning: str
    drift_by: str
    drift_columns: tuple[str, str, str, str, str]
    too_small: str
    no_comparison: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWords:
    """Assumptions, overrides, warnings, changes of plan, defects."""

    heading: str
    assumptions: str
    no_assumptions: str
    overrides: str
    no_overrides: str
    warnings: str
    no_warnings: str
    replans: str
    no_replans: str
    defects: str
    no_defects: str
    more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWords:
    """How it was computed."""

    heading: str
    graph: str
    plan: str
    engine: str
    engine_value: str
    no_engine: str
    threads: str
    tile: str
    not_cut: str
    segments: str
    segments_value: str
    segments_seconds: str
    resumed: str
    resumed_value: Plural
    reused: str
    reused_value: str
    time: str
    software: str
    application: str
    hardware: str
    host: str
