"""Projects, artifacts, and who holds which artifact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("share", sa.Integer(), server_default="1", nullable=False),
        sa.Column("virtual_time", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("running_limit", sa.Integer(), nullable=True),
        sa.Column("queued_limit", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("queued_limit >= 0", name=op.f("ck_projects_queued_limit")),
        sa.CheckConstraint("running_limit >= 0", name=op.f("ck_projects_running_limit")),
        sa.CheckConstraint("share BETWEEN 1 AND 1000", name=op.f("ck_projects_share")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    op.create_table(
        "artifacts",
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("object_key", sa.String(length=512), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "length(digest) = 71 AND digest LIKE 'sha256:%'", name=op.f("ck_artifacts_digest")
        ),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_artifacts_bytes")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_artifacts")),
        sa.UniqueConstraint("object_key", name=op.f("uq_artifacts_object_key")),
    )
    op.create_table(
        "artifact_references",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("artifact", sa.String(length=71), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("keep_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["artifact"], ["artifacts.digest"], name=op.f("fk_artifact_references_artifact")
        ),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.id"], name=op.f("fk_artifact_references_project")
        ),
        sa.PrimaryKeyConstraint(
            "project", "artifact", "holder", name=op.f("pk_artifact_references")
        ),
    )
    op.create_index(
        op.f("ix_artifact_references_artifact"), "artifact_references", ["artifact"], unique=False
    )


def downgrade() -> None:
    """Take the tables away, and all that they hold."""
    op.drop_table("artifact_references")
    op.drop_table("artifacts")
    op.drop_table("projects")
