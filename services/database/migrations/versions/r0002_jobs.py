"""Jobs: stages with their leases, attempts, segments, results, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="queued", nullable=False),
        sa.Column("wanted", sa.String(length=10), server_default="run", nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("pipeline", sa.String(length=20), nullable=False),
        sa.Column("preset", sa.String(length=40), nullable=False),
        sa.Column("graph", sa.JSON(), nullable=False),
        sa.Column("graph_sha256", sa.String(length=64), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("principal", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("case_name", sa.String(length=200), nullable=True),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("deadline_at", sa.BigInteger(), nullable=True),
        sa.Column("late_at", sa.BigInteger(), nullable=True),
        sa.Column("event_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entry_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_class", sa.String(length=80), nullable=True),
        sa.Column("error_reason", sa.Text(), nullable=True),
        sa.Column("error_next_step", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = (state IN ('done', 'failed', 'canceled'))",
            name=op.f("ck_jobs_finished"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'retry', 'paused', 'done', 'failed', 'canceled')",
            name=op.f("ck_jobs_state"),
        ),
        sa.CheckConstraint("wanted IN ('run', 'pause', 'cancel')", name=op.f("ck_jobs_wanted")),
        sa.CheckConstraint("event_count >= 0 AND entry_count >= 0", name=op.f("ck_jobs_counts")),
        sa.CheckConstraint("length(graph_sha256) = 64", name=op.f("ck_jobs_graph_sha256")),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name=op.f("ck_jobs_priority")),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_jobs_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint(
            "project", "idempotency_key", name=op.f("uq_jobs_project_idempotency_key")
        ),
    )
    op.create_index(
        "ix_jobs_project_created_at", "jobs", ["project", "created_at", "id"], unique=False
    )
    op.create_index("ix_jobs_state", "jobs", ["state"], unique=False)
    op.create_table(
        "stages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="queued", nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("waiting_on", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=40), server_default="", nullable=False),
        sa.Column("progress_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("progress_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'running') = (worker IS NOT NULL)"
            " AND (worker IS NULL) = (lease_until IS NULL)"
            " AND (state <> 'running' OR attempt > 0)",
            name=op.f("ck_stages_lease"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'retry', 'paused', 'done', 'failed', 'canceled')",
            name=op.f("ck_stages_state"),
        ),
        sa.CheckConstraint(
            "progress_done >= 0 AND progress_total >= 0", name=op.f("ck_stages_progress")
        ),
        sa.CheckConstraint(
            "waiting_on >= 0 AND attempt >= 0 AND failures >= 0", name=op.f("ck_stages_counts")
        ),
        sa.ForeignKeyConstraint(
            ["job"], ["jobs.id"], name=op.f("fk_stages_job"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_stages_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stages")),
        sa.UniqueConstraint("job", "name", name=op.f("uq_stages_job_name")),
    )
    op.create_index("ix_stages_lane_state", "stages", ["lane", "state", "not_before"], unique=False)
    op.create_index("ix_stages_worker", "stages", ["worker"], unique=False)
    op.create_table(
        "stage_networks",
        sa.Column("stage", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["stage"], ["stages.id"], name=op.f("fk_stage_networks_stage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("stage", "network", name=op.f("pk_stage_networks")),
    )
    op.create_table(
        "attempts",
        sa.Column("stage", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=False),
        sa.Column("ended", sa.String(length=10), server_default="running", nullable=False),
        sa.Column("duplicates", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_class", sa.String(length=80), nullable=True),
        sa.Column("error_reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(ended = 'running') = (ended_at IS NULL)", name=op.f("ck_attempts_ended_at")
        ),
        sa.CheckConstraint(
            "ended IN ('running', 'done', 'failed', 'lost', 'stopped')",
            name=op.f("ck_attempts_ended"),
        ),
        sa.CheckConstraint("attempt > 0 AND duplicates >= 0", name=op.f("ck_attempts_counts")),
        sa.ForeignKeyConstraint(
            ["stage"], ["stages.id"], name=op.f("fk_attempts_stage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("stage", "attempt", name=op.f("pk_attempts")),
    )
    op.create_table(
        "segments",
        sa.Column("stage", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_frame", sa.BigInteger(), nullable=False),
        sa.Column("stop_frame", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("delivered_sha256", sa.String(length=64), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "first_frame >= 0 AND stop_frame > first_frame", name=op.f("ck_segments_frames")
        ),
        sa.CheckConstraint("number >= 0 AND attempt > 0", name=op.f("ck_segments_counts")),
        sa.ForeignKeyConstraint(
            ["stage"], ["stages.id"], name=op.f("fk_segments_stage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("stage", "number", name=op.f("pk_segments")),
    )
    op.create_table(
        "job_outputs",
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("artifact", sa.String(length=71), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.CheckConstraint("position >= 0", name=op.f("ck_job_outputs_position")),
        sa.ForeignKeyConstraint(
            ["artifact"], ["artifacts.digest"], name=op.f("fk_job_outputs_artifact")
        ),
        sa.ForeignKeyConstraint(
            ["job"], ["jobs.id"], name=op.f("fk_job_outputs_job"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job", "position", name=op.f("pk_job_outputs")),
        sa.UniqueConstraint("job", "name", name=op.f("uq_job_outputs_job_name")),
    )
    op.create_table(
        "job_events",
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_job_events_number")),
        sa.ForeignKeyConstraint(
            ["job"], ["jobs.id"], name=op.f("fk_job_events_job"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("pk_job_events")),
    )


def downgrade() -> None:
    """Take the tables away, and all that they hold."""
    op.drop_table("job_events")
    op.drop_table("job_outputs")
    op.drop_table("segments")
    op.drop_table("attempts")
    op.drop_table("stage_networks")
    op.drop_table("stages")
    op.drop_table("jobs")
