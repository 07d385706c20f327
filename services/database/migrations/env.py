"""What alembic runs: the steps that were asked for, on the connection that it was given."""

from __future__ import annotations

from alembic import context

from services.database.tables import RECORDS

context.configure(connection=context.config.attributes["connection"], target_metadata=RECORDS)
context.run_migrations()
