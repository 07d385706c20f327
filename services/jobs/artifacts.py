"""Which bytes are known under which digest, where they lie, and which project holds them.

A digest has one row and one key for good: bytes that are stored a second time keep the first
key, and whoever stored them again may throw the second object away. A project reads an artifact
only while it holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    Select,
    bindparam,
    exists,
    literal_column,
    select,
    update,
)

from services.database.columns import inserting
from services.database.database import Database
from services.database.tables import artifact_references, artifacts

UPLOAD = "upload"
"""The holder of what a project uploaded; any other holder is a job's id."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """Immutable bytes: `digest` is `sha256:…`, `object_key` says where the store has them."""

    digest: str
    object_key: str
    bytes: int
    media_type: str


class Artifacts:
    """The artifacts of the records in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, project: str, artifact: Artifact, *, name: str = "", holder: str = UPLOAD
    ) -> Artifact:
        """Make stored bytes known and let `project` hold them, in one transaction.

        Returns the artifact as it is known, whose key is another where the bytes were known.
        """
        with self._database.writing() as connection:
            now = self._database.now(connection)
            known = store_artifact(connection, artifact, now=now)
            hold(connection, project, artifact.digest, holder=holder, name=name, now=now)
        return known

    def find(self, project: str, digest: str) -> Artifact | None:
        """Return an artifact that the project holds; None for any other."""
        found = self.find_named(project, digest)
        return None if found is None else found[0]

    def name(self, project: str, digest: str) -> str:
        """Return the first name under which the project holds an artifact, "" if none."""
        found = self.find_named(project, digest)
        return "" if found is None else found[1]

    def find_named(self, project: str, digest: str) -> tuple[Artifact, str] | None:
        """Return it with the first name under which the project holds it, "" if none."""
        asked = {"of_project": project, "of_digest": digest}
        with self._database.reading() as connection:
            row = connection.execute(_holding(), asked).first()
        return None if row is None else (_artifact(row), row.first_name or "")


@cache
def _holding() -> Select[Any]:
    """The question of every request for work, put together once."""
    mine, named = artifact_references.alias(), artifact_references.alias()
    digest: BindParameter[str] = bindparam("of_digest")
    project: BindParameter[str] = bindparam("of_project")
    first_name = (
        select(named.c.name)
        .where(
            named.c.project == project,
            named.c.artifact == digest,
            named.c.name != literal_column("''"),
        )
        .order_by(named.c.created_at, named.c.holder)
        .limit(1)
        .scalar_subquery()
    )
    return select(artifacts, first_name.label("first_name")).where(
        artifacts.c.digest == digest,
        exists().where(mine.c.project == project, mine.c.artifact == digest),
    )


def store_artifact(connection: Connection, artifact: Artifact, *, now: datetime) -> Artifact:
    """Write an artifact's row unless there is one; return the one that stands.

    The row stays locked, so that nobody deletes the bytes before somebody holds them; bytes that
    were deleted live again, under the new key.
    """
    connection.execute(
        inserting(connection, artifacts)
        .values(
            digest=artifact.digest,
            object_key=artifact.object_key,
            bytes=artifact.bytes,
            media_type=artifact.media_type,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[artifacts.c.digest])
    )
    this = artifacts.c.digest == artifact.digest
    found = connection.execute(select(artifacts).where(this).with_for_update()).one()
    if found.deleted_at is None:
        return _artifact(found)
    connection.execute(
        update(artifacts).where(this).values(object_key=artifact.object_key, deleted_at=None)
    )
    return artifact


def hold(
    connection: Connection, project: str, digest: str, *, holder: str, name: str, now: datetime
) -> None:
    """Let a project hold an artifact; holding it twice is holding it."""
    connection.execute(
        inserting(connection, artifact_references)
        .values(project=project, artifact=digest, holder=holder, name=name, created_at=now)
        .on_conflict_do_nothing()
    )


def _artifact(row: Row[Any]) -> Artifact:
    return Artifact(row.digest, row.object_key, row.bytes, row.media_type)
