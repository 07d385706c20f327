"""Brings a database's tables up to this version of the product, or back to an earlier one.

All steps of one call are one transaction: they are all there, or none. Of several processes
that start at once, one migrates and the others find it done. A database that a newer version
has migrated is refused, never guessed at.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from pipelines.errors import ResourceError
from services.database.database import Database

BASE = "base"
HEAD = "head"


def upgrade(database: Database, to: str = HEAD) -> None:
    """Take every step up to `to`. Raises ResourceError where the tables are of a newer version."""
    with database.writing() as connection:
        database.alone(connection, "migrate")
        try:
            command.upgrade(_config(connection), to)
        except CommandError as error:
            raise ResourceError(
                f"The records were written by another version of this program: {error}.",
                next_step="Start the newest version that ever ran on this database.",
            ) from error


def downgrade(database: Database, to: str) -> None:
    """Take back every step after `to`; what only those steps' tables held is gone."""
    with database.writing() as connection:
        database.alone(connection, "migrate")
        command.downgrade(_config(connection), to)


def revision(database: Database) -> str | None:
    """Name the step that the tables stand at; None where there are none yet."""
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def revisions() -> tuple[str, ...]:
    """Name all steps, the first one first."""
    script = ScriptDirectory.from_config(_config(None))
    return tuple(one.revision for one in reversed(list(script.walk_revisions())))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
