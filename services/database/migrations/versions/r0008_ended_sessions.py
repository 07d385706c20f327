"""Sessions of the console that were ended before their time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "ended_sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "length(token_sha256) = 64", name=op.f("ck_ended_sessions_token_sha256")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_ended_sessions")),
    )


def downgrade() -> None:
    """Take it away; a copy of a cookie whose owner signed out is good again until its end."""
    op.drop_table("ended_sessions")
