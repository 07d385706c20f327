"""What an artifact went through: its entries are counted, its accesses kept, its deletion said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column(
        "artifacts", sa.Column("entry_count", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("artifacts", sa.Column("unheld_since", sa.BigInteger(), nullable=True))
    op.add_column("artifacts", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_artifacts_unheld_since"), "artifacts", ["unheld_since"], unique=False)
    op.create_table(
        "accesses",
        sa.Column("artifact", sa.String(length=71), nullable=False),
        sa.Column("principal", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("means", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["artifact"], ["artifacts.digest"], name=op.f("fk_accesses_artifact")
        ),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=op.f("fk_accesses_project")),
        sa.PrimaryKeyConstraint("artifact", "principal", "at", name=op.f("pk_accesses")),
    )
    _resize(80)


def downgrade() -> None:
    """Take them away; the histories of artifacts that wait to be sealed go as well."""
    op.execute("DELETE FROM pending_entries WHERE length(job) > 36")
    _resize(36)
    op.drop_table("accesses")
    op.drop_index(op.f("ix_artifacts_unheld_since"), table_name="artifacts")
    op.drop_column("artifacts", "deleted_at")
    op.drop_column("artifacts", "unheld_since")
    op.drop_column("artifacts", "entry_count")


def _resize(length: int) -> None:
    """Let the job of an entry be that long; SQLite heeds no length."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("pending_entries", "job", type_=sa.String(length=length))
