"""An index over the references that name an artifact: jobs that read it add references without."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"

_NAMED = sa.text("name <> ''")


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_artifact_references_named",
        "artifact_references",
        ["project", "artifact", "created_at"],
        unique=False,
        sqlite_where=_NAMED,
        postgresql_where=_NAMED,
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_artifact_references_named", table_name="artifact_references")
