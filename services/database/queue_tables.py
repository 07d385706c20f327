"""Tables of what waits to be sent, sealed or looked at, and of what holds work back."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from services.database.columns import COUNTED, RECORDS, Instant

outbox = Table(
    "outbox",
    RECORDS,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("lane", String(40), nullable=False),
    Column("done", Boolean, nullable=False, server_default=false()),
    Column("not_before", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_outbox_done_not_before", "done", "not_before"),
)
"""Lanes to wake. Drained by the flag, never by the id: ids commit out of order."""

pending_entries = Table(
    "pending_entries",
    RECORDS,
    Column("job", String(80), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", JSON, nullable=False),
    Column("body", JSON, nullable=False),
    Column("done", Boolean, nullable=False, server_default=false()),
    CheckConstraint("sequence >= 0", name="sequence"),
    Index("ix_pending_entries_done", "done", "job", "sequence"),
)
"""Entries of evidence that wait for the sealer; `sequence` is their place in the job's log. The
history of an artifact is a job of that log as well, whose name is the artifact's digest."""

error_classes = Table(
    "error_classes",
    RECORDS,
    Column("name", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_job", String(36), nullable=False),
    Column("last_reason", Text, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("resolution", Text),
    Column("resolved_by", String(200)),
    Column("resolved_at", Instant),
    CheckConstraint("count > 0", name="count"),
    CheckConstraint(
        "(resolution IS NULL) = (resolved_by IS NULL)"
        " AND (resolution IS NULL) = (resolved_at IS NULL)",
        name="resolution",
    ),
)

dead_letters = Table(
    "dead_letters",
    RECORDS,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("stage", String(36), ForeignKey("stages.id", ondelete="CASCADE"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("error_class", String(80), nullable=False),
    Column("diagnosis", Text, nullable=False),
    Column("next_step", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("returned_by", String(200)),
    Column("returned_at", Instant),
    UniqueConstraint("stage", "attempt"),
    CheckConstraint("(returned_by IS NULL) = (returned_at IS NULL)", name="returned"),
)
"""Stages that were given up, and who sent them back."""

paused_lanes = Table(
    "paused_lanes",
    RECORDS,
    Column("lane", String(40), primary_key=True),
    Column("paused_by", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("at", Instant, nullable=False),
)

network_limits = Table(
    "network_limits",
    RECORDS,
    Column("network", String(64), primary_key=True),
    Column("running_limit", Integer, nullable=False),
    CheckConstraint("running_limit >= 0", name="running_limit"),
)
