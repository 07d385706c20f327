"""One artifact under the lock of its row: where entries of its own history get their numbers.

The history of an artifact (received, taken, kept, given up, deleted) is a job of the log whose
name is the artifact's digest. The row stays for good, so that numbers never begin anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipelines.evidence.entry import Actor
from pipelines.evidence.json_value import Json
from services.database.tables import artifacts, pending_entries
from services.jobs.errors import UnknownArtifactError


class LockedArtifact:
    """The artifact `digest` inside a writing transaction. UnknownArtifactError if there is none.

    `actor` is who makes the entries.
    """

    def __init__(self, connection: Connection, digest: str, *, now: datetime, actor: Actor) -> None:
        row = connection.execute(
            select(artifacts).where(artifacts.c.digest == digest).with_for_update()
        ).mappings().first()  # fmt: skip
        if row is None:
            raise UnknownArtifactError(f"There is no artifact {digest}.")
        self.connection = connection
        self.now = now
        self.row: RowMapping = row
        self._actor = actor

    @property
    def digest(self) -> str:
        """The artifact's digest, `sha256:…`."""
        return str(self.row["digest"])

    @property
    def sha256(self) -> str:
        """The digest as entries have it: hexadecimal alone."""
        return self.digest.removeprefix("sha256:")

    def update(self, **values: Any) -> None:
        """Change columns of the artifact."""
        self.connection.execute(
            update(artifacts).where(artifacts.c.digest == self.digest).values(**values)
        )

    def entry(self, kind: str, body: Mapping[str, Json]) -> None:
        """Leave an entry for the sealer; it takes the next place in the artifact's history."""
        sequence = self.connection.execute(
            update(artifacts)
            .where(artifacts.c.digest == self.digest)
            .values(entry_count=artifacts.c.entry_count + 1)
            .returning(artifacts.c.entry_count)
        ).scalar_one()
        self.connection.execute(
            insert(pending_entries).values(
                job=self.digest, sequence=sequence - 1, kind=kind, at=self.now,
                actor=self._actor.members(), body=dict(body),
            )
        )  # fmt: skip
