"""Tables of jobs: stages with their leases, attempts, segments, results, events.

A lease is part of its stage's row: whoever runs the stage, until when, under which attempt. The
attempt is the fencing token; every write of a worker names it.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.database.columns import RECORDS, Instant
from services.database.words import OPEN, AttemptEnd, State, Wanted, one_of

jobs = Table(
    "jobs",
    RECORDS,
    Column("id", String(36), primary_key=True),
    Column("project", String(64), ForeignKey("projects.id"), nullable=False),
    Column("state", String(10), nullable=False, server_default=State.QUEUED),
    Column("wanted", String(10), nullable=False, server_default=Wanted.RUN),
    Column("priority", Integer, nullable=False),
    Column("pipeline", String(20), nullable=False),
    Column("preset", String(40), nullable=False),
    Column("graph", JSON, nullable=False),
    Column("graph_sha256", String(64), nullable=False),
    Column("request_sha256", String(64), nullable=False),
    Column("idempotency_key", String(200)),
    Column("principal", String(200), nullable=False),
    Column("request_id", String(80), nullable=False),
    Column("details", JSON, nullable=False),
    Column("case_name", String(200)),
    Column("item", String(200)),
    Column("deadline_at", Instant),
    Column("late_at", Instant),
    Column("event_count", Integer, nullable=False, server_default="0"),
    Column("entry_count", Integer, nullable=False, server_default="0"),
    Column("error_class", String(80)),
    Column("error_reason", Text),
    Column("error_next_step", Text),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("project", "idempotency_key"),
    CheckConstraint(one_of("state", State), name="state"),
    CheckConstraint(one_of("wanted", Wanted), name="wanted"),
    CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
    CheckConstraint("length(graph_sha256) = 64", name="graph_sha256"),
    CheckConstraint("event_count >= 0 AND entry_count >= 0", name="counts"),
    CheckConstraint(
        "(finished_at IS NOT NULL) = (state IN ('done', 'failed', 'canceled'))", name="finished"
    ),
    Index("ix_jobs_project_created_at", "project", "created_at", "id"),
    Index("ix_jobs_state", "state"),
)
"""`late_at` is when it was said that the job will be late. `details` is what the submitter told
besides the graph, for whoever runs it."""

stages = Table(
    "stages",
    RECORDS,
    Column("id", String(36), primary_key=True),
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("project", String(64), ForeignKey("projects.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("lane", String(40), nullable=False),
    Column("state", String(10), nullable=False, server_default=State.QUEUED),
    Column("priority", Integer, nullable=False),
    Column("needs", JSON, nullable=False),
    Column("waiting_on", Integer, nullable=False, server_default="0"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("worker", String(80)),
    Column("lease_until", Instant),
    Column("not_before", Instant, nullable=False),
    Column("step", String(40), nullable=False, server_default=""),
    Column("progress_done", BigInteger, nullable=False, server_default="0"),
    Column("progress_total", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("job", "name"),
    CheckConstraint(one_of("state", State), name="state"),
    CheckConstraint("waiting_on >= 0 AND attempt >= 0 AND failures >= 0", name="counts"),
    CheckConstraint("progress_done >= 0 AND progress_total >= 0", name="progress"),
    CheckConstraint(
        "(state = 'running') = (worker IS NOT NULL)"
        " AND (worker IS NULL) = (lease_until IS NULL)"
        " AND (state <> 'running' OR attempt > 0)",
        name="lease",
    ),
    Index(
        "ix_stages_open",
        "project",
        "state",
        "lane",
        sqlite_where=text(OPEN),
        postgresql_where=text(OPEN),
    ),
    Index("ix_stages_worker", "worker"),
)
"""`failures` counts attempts that used up a chance; stopped and drained ones do not. Whose turn it
is is asked of open stages alone, which have an index of their own: what was done before, however
much, costs nothing."""

stage_networks = Table(
    "stage_networks",
    RECORDS,
    Column("stage", String(36), ForeignKey("stages.id", ondelete="CASCADE"), primary_key=True),
    Column("network", String(64), primary_key=True),
)

attempts = Table(
    "attempts",
    RECORDS,
    Column("stage", String(36), ForeignKey("stages.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("worker", String(80), nullable=False),
    Column("ended", String(10), nullable=False, server_default=AttemptEnd.RUNNING),
    Column("duplicates", Integer, nullable=False, server_default="0"),
    Column("error_class", String(80)),
    Column("error_reason", Text),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    CheckConstraint(one_of("ended", AttemptEnd), name="ended"),
    CheckConstraint("attempt > 0 AND duplicates >= 0", name="counts"),
    CheckConstraint("(ended = 'running') = (ended_at IS NULL)", name="ended_at"),
)
"""`duplicates` counts how often this attempt came back when it was no longer in force."""

segments = Table(
    "segments",
    RECORDS,
    Column("stage", String(36), ForeignKey("stages.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("first_frame", BigInteger, nullable=False),
    Column("stop_frame", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("delivered_sha256", String(64), nullable=False),
    Column("finished_at", Instant, nullable=False),
    CheckConstraint("number >= 0 AND attempt > 0", name="counts"),
    CheckConstraint("first_frame >= 0 AND stop_frame > first_frame", name="frames"),
)
"""Segments that are finished, by whom; `delivered_sha256` is over the digests of its frames."""

job_outputs = Table(
    "job_outputs",
    RECORDS,
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("artifact", String(71), ForeignKey("artifacts.digest"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("media_type", String(100), nullable=False),
    UniqueConstraint("job", "name"),
    CheckConstraint("position >= 0", name="position"),
)

job_events = Table(
    "job_events",
    RECORDS,
    Column("job", String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint("number > 0", name="number"),
)
