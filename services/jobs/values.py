"""What goes into the job records and what comes out: frozen values, no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import NewType

from pipelines.evidence.json_value import Json
from services.database.words import State, Wanted

JobId = NewType("JobId", str)
StageId = NewType("StageId", str)

WHOLE = "whole"
"""The name of a stage that runs a job's whole graph in one place, from ingest to export."""


LANES = ("photo", "video")
"""Where stages wait for whoever can run them."""


class Priority(IntEnum):
    """Whose work goes first; within one, deadlines that are near, then shares of projects."""

    INTERACTIVE = 0
    """A person waits for it."""
    BATCH = 1
    GATE = 2


@dataclass(frozen=True, slots=True)
class NewStage:
    """One claimable piece of a job. `needs` names stages of the same job that come before it.

    `networks` are those it would run; limits of networks count them.
    """

    name: str
    lane: str
    needs: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """One request for work, checked by whoever hands it in.

    `inputs` are artifacts (`sha256:…`) that the project must hold. `request_sha256` is the digest
    of what was asked, byte for byte: under one `idempotency_key` it must stay the same.
    `details` is for whoever runs the job.
    """

    project: str
    principal: str
    request_id: str
    pipeline: str
    preset: str
    graph: Mapping[str, Json]
    graph_sha256: str
    inputs: tuple[str, ...]
    stages: tuple[NewStage, ...]
    request_sha256: str
    idempotency_key: str | None = None
    priority: Priority = Priority.INTERACTIVE
    deadline_at: datetime | None = None
    case: str | None = None
    item: str | None = None
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobOutput:
    """One file that a job made; `artifact` is `sha256:…`."""

    artifact: str
    name: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage as it stands. `step` is what it does now, with its progress."""

    id: StageId
    name: str
    lane: str
    state: State
    attempt: int
    step: str
    progress_done: int
    progress_total: int


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, or waits to be tried again: by class, in words, and what to do."""

    name: str
    reason: str
    next_step: str


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it stands; `name` is what its sender calls the input."""

    id: JobId
    project: str
    state: State
    wanted: Wanted
    priority: Priority
    pipeline: str
    preset: str
    graph: Mapping[str, Json]
    graph_sha256: str
    principal: str
    request_id: str
    name: str | None
    case: str | None
    item: str | None
    deadline_at: datetime | None
    late_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    event_count: int
    error: JobError | None
    stages: tuple[StageView, ...] = ()
    outputs: tuple[JobOutput, ...] = ()


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job of a request; `is_new` is False where its idempotency key was known already."""

    job: JobView
    is_new: bool


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened to a job; numbers of one job run from 1 without a gap."""

    number: int
    kind: str
    data: Mapping[str, Json]
    at: datetime


@dataclass(frozen=True, slots=True)
class JobStand:
    """How far a job is, for whoever waits: its events, and its state, None where it is gone."""

    events: int
    state: State | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state is None or self.state.is_final


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list holds; None means any."""

    project: str | None = None
    states: tuple[State, ...] = ()
    case: str | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of jobs, the newest first; `cursor` leads to the next, None is the last page.

    Jobs of a page carry neither stages nor outputs.
    """

    jobs: tuple[JobView, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a stage: `attempt` is the fencing token, named in every write."""

    stage: StageId
    job: JobId
    project: str
    name: str
    lane: str
    attempt: int
    worker: str
    lease_until: datetime
    pipeline: str
    preset: str
    graph: Mapping[str, Json]
    details: Mapping[str, Json]
    principal: str
    request_id: str
    case: str | None
    item: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A lease that was renewed, and what people want of the job meanwhile."""

    stage: StageId
    job: JobId
    attempt: int
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class NewOutput:
    """A file that an attempt made and put into the store, to be committed with its end."""

    artifact: str
    object_key: str
    bytes: int
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A stage that was given up, with its diagnosis; `returned_by` sent it back."""

    job: JobId
    stage: str
    attempt: int
    error: JobError
    at: datetime
    returned_by: str | None


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """How often errors of a class came up, the last of them, and what was done about it."""

    name: str
    count: int
    last_job: JobId
    last_reason: str
    first_at: datetime
    last_at: datetime
    resolution: str | None
    resolved_by: str | None
