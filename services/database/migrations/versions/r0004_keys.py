"""API keys: hashed, with their project and scopes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(id) = 16", name=op.f("ck_api_keys_id")),
        sa.CheckConstraint("length(secret_sha256) = 64", name=op.f("ck_api_keys_secret_sha256")),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_api_keys_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index("ix_api_keys_project", "api_keys", ["project"], unique=False)


def downgrade() -> None:
    """Take it away."""
    op.drop_table("api_keys")
