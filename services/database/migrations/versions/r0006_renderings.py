"""What jobs rendered, for later jobs of the same project that ask for the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "renderings",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=71), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(name) = 64", name=op.f("ck_renderings_name")),
        sa.CheckConstraint(
            "length(source) = 71 AND source LIKE 'sha256:%'", name=op.f("ck_renderings_source")
        ),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_renderings_bytes")),
        sa.ForeignKeyConstraint(
            ["job"], ["jobs.id"], name=op.f("fk_renderings_job"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_renderings_project")),
        sa.PrimaryKeyConstraint("project", "name", name=op.f("pk_renderings")),
    )
    op.create_index(op.f("ix_renderings_used_at"), "renderings", ["used_at"], unique=False)


def downgrade() -> None:
    """Take it away; the files go when the store is tidied."""
    op.drop_index(op.f("ix_renderings_used_at"), table_name="renderings")
    op.drop_table("renderings")
