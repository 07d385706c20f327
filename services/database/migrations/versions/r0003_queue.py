"""What waits to be sent, sealed or looked at, and what holds work back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "outbox",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_done_not_before", "outbox", ["done", "not_before"], unique=False)
    op.create_table(
        "pending_entries",
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_pending_entries_sequence")),
        sa.PrimaryKeyConstraint("job", "sequence", name=op.f("pk_pending_entries")),
    )
    op.create_index(
        "ix_pending_entries_done", "pending_entries", ["done", "job", "sequence"], unique=False
    )
    op.create_table(
        "error_classes",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_job", sa.String(length=36), nullable=False),
        sa.Column("last_reason", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.String(length=200), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(resolution IS NULL) = (resolved_by IS NULL)"
            " AND (resolution IS NULL) = (resolved_at IS NULL)",
            name=op.f("ck_error_classes_resolution"),
        ),
        sa.CheckConstraint("count > 0", name=op.f("ck_error_classes_count")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_error_classes")),
    )
    op.create_table(
        "dead_letters",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("stage", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("error_class", sa.String(length=80), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("returned_by", sa.String(length=200), nullable=True),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(returned_by IS NULL) = (returned_at IS NULL)", name=op.f("ck_dead_letters_returned")
        ),
        sa.ForeignKeyConstraint(
            ["stage"], ["stages.id"], name=op.f("fk_dead_letters_stage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
        sa.UniqueConstraint("stage", "attempt", name=op.f("uq_dead_letters_stage_attempt")),
    )
    op.create_table(
        "paused_lanes",
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("paused_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_paused_lanes")),
    )
    op.create_table(
        "network_limits",
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("running_limit", sa.Integer(), nullable=False),
        sa.CheckConstraint("running_limit >= 0", name=op.f("ck_network_limits_running_limit")),
        sa.PrimaryKeyConstraint("network", name=op.f("pk_network_limits")),
    )


def downgrade() -> None:
    """Take the tables away, and all that they hold."""
    op.drop_table("network_limits")
    op.drop_table("paused_lanes")
    op.drop_table("dead_letters")
    op.drop_table("error_classes")
    op.drop_table("pending_entries")
    op.drop_table("outbox")
