"""What a run is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType, Protocol

from models.engines.selection import Workload
from pipelines.evidence.verdict import Verdict
from pipelines.graph.expand import Pipeline
from pipelines.graph.plan import Plan
from pipelines.graph.spec import Graph
from pipelines.graph.validate import CheckedGraph
from pipelines.media.pool import DecodePool
from pipelines.operations.base import Network, NetworkSource
from pipelines.ports import (
    CredentialSigner,
    EvidenceLog,
    GateBook,
    Progress,
    Signer,
    TimeStampAuthority,
)
from pipelines.quality.drift import FaceEmbedding
from pipelines.run.clip_work import SegmentPlace
from pipelines.run.fused_still import FusedStill
from pipelines.run.memory import Memory
from pipelines.run.photo_work import PhotoPlace
from pipelines.run.work_folder import WorkFolder
from pipelines.stages.detect_track import Tracked
from pipelines.stages.export.facts import LawFacts, Origin
from pipelines.stages.export.facts_custody import CustodyLine, PersonFacts
from pipelines.stages.export.facts_media import FileFacts, StreamLine
from pipelines.stages.export.preview import Preview
from pipelines.stages.export.words import Language
from pipelines.stages.ingest import Received
from pipelines.stages.maps import Judged

JobId = NewType("JobId", str)

GraphMaker = Callable[[Pipeline, str], Graph]
"""Makes the graph for a kind of input and its artifact name (`sha256:…`)."""


class Networks(NetworkSource, Protocol):
    """Warm networks that can say how they run here."""

    threads: int

    def facts(self, model: str) -> dict[str, str | int]:
        """Name engine, versions, precision, tile, threads, and digests of a network."""

    def fallback(self, model: str) -> Network:
        """Return the network in fp32 on the same engine: what a lost tile is run again on."""

    def replans(self) -> tuple[str, ...]:
        """Tell what had to be planned anew while running."""

    def for_work(self, models: Iterable[str], work: Workload) -> Networks:
        """Decide how networks run for one job, and return the view of that job."""

    def reasons(self) -> Mapping[str, str]:
        """Tell why each network runs as it does; nothing where nobody had to decide."""


class PlanTools(Protocol):
    """What a clip is planned with: networks for one picture or for several frames at once."""

    @property
    def networks(self) -> Networks:
        """Networks that use every thread for one picture."""

    @property
    def frame_networks(self) -> Networks:
        """Networks that use one thread for each of several frames."""

    @property
    def gates(self) -> GateBook:
        """What is known about networks."""

    @property
    def threads(self) -> int:
        """How many threads there are."""


class PhotoTools(PlanTools, Protocol):
    """What a photograph is planned with: its file's header is read as well."""

    @property
    def pool(self) -> DecodePool:
        """Where decode children come from."""


class State(StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs jobs, with what, for whom and about what; printed in every report.

    `people` are those besides the operator: who asked for the work, who reviews it.
    """

    name: str
    host: str
    application: str
    case: str | None = None
    item: str | None = None
    exhibit: str | None = None
    note: str | None = None
    people: tuple[PersonFacts, ...] = ()


History = Callable[[str], tuple[CustodyLine, ...]]
"""Tells what the log knows of the bytes with a SHA-256: who received, took and handed them over."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run needs from outside; built once per process, shared by its jobs.

    `networks` use every thread for one picture, `frame_networks` one thread for each of several
    frames at once. `available_memory_bytes` is what ceilings are checked against. Without
    `credentials` results carry no content credentials, and their reports say so; without
    `time_stamps` bundles carry no time stamp; without `history` reports hold no earlier custody.
    `witnessed` says that others are asked to sign the log's heads. `face_embedding` measures
    drift; none ships. `elsewhere` renders segments of clips in the place of this process, and
    `photos_elsewhere` photographs. Without `memory` everything is computed, whatever was before.
    """

    pool: DecodePool
    networks: Networks
    frame_networks: Networks
    log: EvidenceLog
    signer: Signer
    gates: GateBook
    operator: Operator
    threads: int
    available_memory_bytes: int
    credentials: CredentialSigner | None = None
    time_stamps: TimeStampAuthority | None = None
    witnessed: bool = False
    history: History | None = None
    face_embedding: FaceEmbedding | None = None
    elsewhere: SegmentPlace | None = None
    photos_elsewhere: PhotoPlace | None = None
    memory: Memory | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One input and what is asked for. `graph_maker` raises GraphError for a wrong wish.

    `language` is that of the report. `job` is the id where somebody else has given the job one.
    """

    path: Path
    out: Path
    graph_maker: GraphMaker
    resume: bool = False
    language: Language = Language.EN
    job: JobId | None = None


class StopAsked(KeyboardInterrupt):
    """Somebody wants a running job stopped: raised by its `Progress`, in the job's own thread.

    `kind` is the word for it on record: `canceled`, `paused` or `handed_back`.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Job:
    """A job that may run: the file, the checked graph, the folder, the tools."""

    job: JobId
    created: str
    received: Received
    checked: CheckedGraph
    folder: WorkFolder
    tools: Tools
    progress: Progress
    resumed: int = 0
    language: Language = Language.EN

    def record(self, kind: str, body: Mapping[str, Any]) -> None:
        """Commit one entry of evidence about this job."""
        self.tools.log.record(self.job, kind, body)

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1; every resumption is another."""
        return self.resumed + 1

    @property
    def origin(self) -> Origin:
        """Who, where and when, for the report."""
        operator = self.tools.operator
        return Origin(
            job=self.job,
            created=self.created,
            operator=operator.name,
            host=operator.host,
            application=operator.application,
            case=operator.case,
            item=operator.item,
            exhibit=operator.exhibit,
            note=operator.note,
        )


@dataclass(frozen=True, slots=True)
class Made:
    """A finished rendering, not yet published. `result` lies in the work folder.

    `overrides` say what came of those that a person made. `fused` are stills beside the result,
    `views` copies to look at. `metrics` are numbers for a person; nothing is proven by them.
    """

    plan: Plan
    result: Path
    received: FileFacts
    delivered: FileFacts
    sizes: tuple[tuple[Any, Any], ...]
    laws: tuple[LawFacts, ...]
    previews: tuple[Preview, ...]
    ledger: Path | None = None
    sidecar: Path | None = None
    assumptions: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    streams: tuple[StreamLine, ...] = ()
    replans: tuple[str, ...] = ()
    judged: Judged = field(default_factory=Judged)
    tracked: Tracked | None = None
    fused: tuple[FusedStill, ...] = ()
    views: tuple[Path, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """One file handed over."""

    path: Path
    sha256: str
    bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one job ended. `outputs` are absolute, the enhanced medium first.

    `error` and `next_step` are set exactly when the job did not end well, and `fault` is what
    was raised then; `wrong_use` says that what was asked for was the fault, not the file or the
    machine.
    """

    job: str
    path: Path
    state: State
    outputs: tuple[Output, ...] = ()
    bundle: Path | None = None
    report: Path | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    summary: str = ""
    verdict: Verdict | None = None
    error: str = ""
    next_step: str = ""
    wrong_use: bool = False
    fault: BaseException | None = None
