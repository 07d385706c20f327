"""An index over open stages alone, in the place of one that grew with everything ever done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"

_OPEN = sa.text("state IN ('queued', 'running', 'retry')")


def upgrade() -> None:
    """Put the small index into the place of the large one."""
    op.drop_index("ix_stages_lane_state", table_name="stages")
    op.create_index(
        "ix_stages_open",
        "stages",
        ["project", "state", "lane"],
        unique=False,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    """Put the large one back."""
    op.drop_index("ix_stages_open", table_name="stages")
    op.create_index("ix_stages_lane_state", "stages", ["lane", "state", "not_before"], unique=False)
