"""Everything that is known about one job when its report is written.

The caller states facts; what follows from them (the label, the sentences, the limits, how to
verify) is derived in `document` and cannot be stated otherwise. Facts that contradict each
other are refused: a network that no operation ran, an operation whose network is not described,
and under `forensic-safe` any operation that is not conventional with given parameters.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from pipelines.graph.descriptors import OperationClass, ParameterSource
from pipelines.stages.export.fact_types import (
    Count,
    Decimal,
    Digest,
    Facts,
    Text,
    Texts,
    UtcTime,
)
from pipelines.stages.export.facts_custody import (
    AttestationFacts,
    CustodyLine,
    DigestLine,
    DigestStage,
    EntryLine,
    PersonFacts,
    PersonRole,
    PreservationFacts,
)
from pipelines.stages.export.facts_fusion import FusionFacts
from pipelines.stages.export.facts_media import FileFacts, StreamLine, TimingOrigin
from pipelines.stages.export.facts_quality import QualityFacts
from pipelines.stages.export.facts_steps import NetworkFacts, StepFacts
from pipelines.stages.export.facts_tracks import TrackingFacts

PresetName = Literal["forensic-safe", "balanced", "presentation"]
"""The policy that governed the job."""


class NamedFact(Facts):
    """One thing with a name: a version, a property of the machine."""

    name: Text
    value: Text


class Origin(Facts):
    """Who ran the job, where and when. `operator` is the name that the system was told.

    `exhibit` is the mark that the item carries in the proceedings.
    """

    job: Text
    created: UtcTime
    operator: Text
    host: Text
    application: Text
    case: Text | None = None
    item: Text | None = None
    exhibit: Text | None = None
    note: Text | None = None


class SegmentPlan(Facts):
    """How a clip was cut for the work: `count` ranges of at most `frames` displayed frames."""

    count: Count
    frames: Count
    seconds: Decimal | None = None


class RunFacts(Facts):
    """How it was computed. `tile` is in samples, None where nothing was cut.

    `replans` are changes of the plan while it ran (a smaller batch, a smaller tile).
    `reused_from` is the job whose rendering by the same plan was taken, all of it or in part.
    """

    graph_sha256: Digest
    plan_sha256: Digest
    engine: Text
    precision: Text
    device: Text
    threads: Count
    tile: Text | None = None
    segments: SegmentPlan | None = None
    resumed: Count = 0
    reused_from: Text | None = None
    replans: Texts = ()
    seconds: Decimal | None = None


class LawFacts(Facts):
    """One conservation law: what the source has, what the result has, and whether it holds.

    `declared` names the change that an operation or a person declared, if any.
    """

    name: Text
    source: Text
    result: Text
    holds: bool
    declared: Text = ""


class ReportFacts(Facts):
    """The facts of one job over one file. `quality` says how the result was held against it.

    `tracking` is None where nothing was looked for. `fusions` are those that the graph asked for.

    `people` are those besides the operator of `origin`. `stage_digests` are those that no other
    fact holds. `entries` are what the log holds of the job up to this report.
    """

    origin: Origin
    preset: PresetName
    received: FileFacts
    delivered: FileFacts
    steps: tuple[StepFacts, ...] = ()
    networks: tuple[NetworkFacts, ...] = ()
    run: RunFacts
    assumptions: Texts = ()
    overrides: Texts = ()
    warnings: Texts = ()
    source_defects: Texts = ()
    conservation: tuple[LawFacts, ...] = ()
    streams: tuple[StreamLine, ...] = ()
    quality: QualityFacts = QualityFacts()
    tracking: TrackingFacts | None = None
    fusions: tuple[FusionFacts, ...] = ()
    software: tuple[NamedFact, ...] = ()
    hardware: tuple[NamedFact, ...] = ()
    people: tuple[PersonFacts, ...] = ()
    custody: tuple[CustodyLine, ...] = ()
    stage_digests: tuple[DigestLine, ...] = ()
    entries: tuple[EntryLine, ...] = ()
    preservation: PreservationFacts | None = None
    attestations: tuple[AttestationFacts, ...] = ()

    @model_validator(mode="after")
    def _networks_are_those_that_ran(self) -> Self:
        described = [network.name for network in self.networks]
        if len(set(described)) != len(described):
            raise ValueError("a network is described twice")
        ran = {step.network for step in self.steps if step.network is not None}
        if ran != set(described):
            raise ValueError("the networks described are not the networks that ran")
        return self

    @model_validator(mode="after")
    def _conventional_profile_was_kept(self) -> Self:
        if self.preset != "forensic-safe":
            return self
        for step in self.steps:
            conventional = step.operation_class is OperationClass.CONVENTIONAL
            if not conventional or step.parameter_source is not ParameterSource.GIVEN:
                raise ValueError(f"forensic-safe does not admit {step.name}")
        if self.fusions:
            raise ValueError("forensic-safe does not admit fusion")
        return self

    @model_validator(mode="after")
    def _operator_is_named_once(self) -> Self:
        if any(person.role is PersonRole.OPERATOR for person in self.people):
            raise ValueError("the operator is named by the origin and nowhere else")
        return self

    @property
    def everybody(self) -> tuple[PersonFacts, ...]:
        """The operator, then whoever else has to do with the job."""
        operator = PersonFacts(name=self.origin.operator, role=PersonRole.OPERATOR)
        return (operator, *self.people)

    @property
    def digests(self) -> tuple[DigestLine, ...]:
        """Every digest of the job, in the order of the work."""
        order = list(DigestStage)
        found = [
            DigestLine(stage=DigestStage.RECEIVED, sha256=self.received.sha256),
            DigestLine(stage=DigestStage.GRAPH, sha256=self.run.graph_sha256),
            DigestLine(stage=DigestStage.PLAN, sha256=self.run.plan_sha256),
            DigestLine(stage=DigestStage.RESULT, sha256=self.delivered.sha256),
            *self.stage_digests,
        ]
        found.extend(
            DigestLine(
                stage=DigestStage.WEIGHTS, sha256=network.weights_sha256, name=network.weights_file
            )
            for network in self.networks
        )
        for stage, file in (
            (DigestStage.DECODED, self.received),
            (DigestStage.DELIVERED_SAMPLES, self.delivered),
        ):
            if file.frames_sha256 is not None:
                found.append(DigestLine(stage=stage, sha256=file.frames_sha256))
        found.extend(
            DigestLine(stage=DigestStage.MAP, sha256=one.picture.sha256, name=one.picture.file_name)
            for one in self.quality.maps
            if one.picture is not None
        )
        if self.tracking is not None:
            tracks = self.tracking
            found.append(
                DigestLine(stage=DigestStage.TRACKS, sha256=tracks.sha256, name=tracks.file_name)
            )
        found.extend(
            DigestLine(stage=DigestStage.FUSION, sha256=file.sha256, name=file.file_name)
            for one in self.fusions
            for file in one.files
        )
        credentials = self.delivered.credentials
        if credentials is not None and credentials.manifest_sha256 is not None:
            found.append(
                DigestLine(stage=DigestStage.CREDENTIALS, sha256=credentials.manifest_sha256)
            )
        return tuple(sorted(dict.fromkeys(found), key=lambda line: order.index(line.stage)))

    @property
    def trained(self) -> bool:
        """Whether a network, trained or generative, made samples of the result."""
        return any(step.network is not None for step in self.steps)

    @property
    def generative(self) -> bool:
        """Whether a generative operation touched the result."""
        return any(step.operation_class is OperationClass.GENERATIVE for step in self.steps)

    @property
    def mixing_steps(self) -> tuple[StepFacts, ...]:
        """The operations that mix frames."""
        return tuple(step for step in self.steps if step.mixes_frames)

    @property
    def assumed_rate(self) -> str | None:
        """Frames per second where the timing was assumed, else None."""
        clip = self.received.clip
        timed = clip is None or clip.timing is not TimingOrigin.ASSUMED
        return None if clip is None or timed else clip.assumed_rate
