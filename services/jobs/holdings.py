"""Who brought an artifact, who took it, until when it is kept, and when it was deleted.

Each of these is a row and an entry of evidence in one transaction: what is not on record did not
happen, and whoever cannot record it hands nothing out.

- An access is one entry per principal, artifact and quarter of an hour.
- What is kept until a date is given up by nobody before.
- An artifact that no project holds is deleted after a grace; that it was there stays on record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update

from pipelines.evidence.entry import Actor, instant
from pipelines.evidence.json_value import Json
from services.database.database import Database
from services.database.tables import accesses, artifact_references, artifacts, jobs
from services.database.words import State
from services.jobs.artifacts import UPLOAD, Artifact, hold, store_artifact
from services.jobs.errors import HeldError, UnknownArtifactError
from services.jobs.locked_artifact import LockedArtifact

WINDOW = timedelta(minutes=15)
MOST_DELETED = 200

_UNFINISHED = (State.QUEUED, State.RUNNING, State.RETRY, State.PAUSED)


class Holdings:
    """The holdings in `database`; entries are made by `actor`."""

    def __init__(self, database: Database, *, actor: Actor) -> None:
        self._database = database
        self._actor = actor

    def upload(
        self, project: str, artifact: Artifact, *, name: str, principal: str, request: str
    ) -> Artifact:
        """Let `project` hold bytes that were stored; return the artifact as it is known.

        Its key is another where the bytes were known: the second object may be thrown away.
        """
        with self._database.writing() as connection:
            now = self._database.now(connection)
            known = store_artifact(connection, artifact, now=now)
            locked = self._locked(connection, artifact.digest, now)
            hold(connection, project, artifact.digest, holder=UPLOAD, name=name, now=now)
            received: dict[str, Json] = {"sha256": locked.sha256, "bytes": artifact.bytes}
            received |= {"role": "received"} | ({"name": name} if name else {})
            locked.entry(
                "upload",
                {
                    "project": project,
                    "principal": principal,
                    "request": request,
                    "media_type": artifact.media_type,
                    "outputs": [received],
                },
            )
        return known

    def access(
        self, project: str, digest: str, *, principal: str, means: str, request: str
    ) -> Artifact:
        """Put on record that `principal` takes an artifact; return it, to be handed out now.

        Raises UnknownArtifactError where the project does not hold it.
        """
        with self._database.writing() as connection:
            now = self._database.now(connection)
            locked = self._locked(connection, digest, now)
            self._require_held(locked, project)
            if not _covered(locked, principal):
                connection.execute(
                    insert(accesses).values(
                        artifact=digest, principal=principal, at=now, project=project, means=means
                    )
                )
                body: dict[str, Json] = {
                    "project": project,
                    "principal": principal,
                    "means": means,
                    "request": request,
                    "sha256": locked.sha256,
                    "window_seconds": int(WINDOW.total_seconds()),
                }
                locked.entry("access", body)
            row = locked.row
        return Artifact(digest, row["object_key"], row["bytes"], row["media_type"])

    def retain(
        self,
        project: str,
        digest: str,
        *,
        until: datetime,
        reason: str,
        principal: str,
        request: str,
    ) -> None:
        """Keep an artifact for `project` until a date, later than the one that stands.

        Raises UnknownArtifactError, and HeldError for a date that shortens what stands.
        """
        with self._database.writing() as connection:
            locked = self._locked(connection, digest, self._database.now(connection))
            self._require_held(locked, project)
            standing = _kept_until(locked, project)
            if standing is not None and until < standing:
                raise HeldError(
                    f"It is kept until {instant(standing)}, which is not shortened.",
                    next_step="Name a later date.",
                )
            connection.execute(
                update(artifact_references).where(*_of(project, digest)).values(keep_until=until)
            )
            locked.entry(
                "retention",
                {
                    "project": project,
                    "principal": principal,
                    "request": request,
                    "reason": reason,
                    "sha256": locked.sha256,
                    "keep_until": instant(until),
                    "before": None if standing is None else instant(standing),
                },
            )

    def release(
        self, project: str, digest: str, *, reason: str, principal: str, request: str
    ) -> None:
        """Give up a project's hold on an artifact: it reads it no more.

        Raises UnknownArtifactError, and HeldError while it is kept or an unfinished job needs it.
        """
        with self._database.writing() as connection:
            locked = self._locked(connection, digest, self._database.now(connection))
            self._require_held(locked, project)
            standing = _kept_until(locked, project)
            if standing is not None and locked.now < standing:
                raise HeldError(
                    f"It is kept until {instant(standing)}.", next_step="Give it up after that."
                )
            if _needed(locked, project):
                raise HeldError(
                    "A job that is not finished needs it.",
                    next_step="Give it up when the job is over, or cancel the job first.",
                )
            connection.execute(delete(artifact_references).where(*_of(project, digest)))
            if not _is_held(locked):
                locked.update(unheld_since=locked.now)
            locked.entry(
                "release",
                {
                    "project": project,
                    "principal": principal,
                    "request": request,
                    "reason": reason,
                    "sha256": locked.sha256,
                },
            )

    def delete_unheld(self, remove: Callable[[str], object], *, grace: timedelta) -> int:
        """Delete what nobody has held for `grace`; return how many.

        The row says so first, then `remove` takes the object with that key away. An object whose
        removal failed has no row that lives: whoever lists the store finds it.
        """
        count = 0
        for digest in self._unheld(grace):
            with self._database.writing() as connection:
                now = self._database.now(connection)
                locked = self._locked(connection, digest, now)
                if locked.row["deleted_at"] is not None or _is_held(locked):
                    continue
                key, size = str(locked.row["object_key"]), int(locked.row["bytes"])
                locked.update(deleted_at=now)
                locked.entry(
                    "deletion",
                    {
                        "sha256": locked.sha256,
                        "bytes": size,
                        "reason": "no project holds it",
                        "grace_seconds": int(grace.total_seconds()),
                    },
                )
            remove(key)
            count += 1
        return count

    def living(self, keys: Iterable[str]) -> set[str]:
        """Return those of `keys` under which an artifact lies that was not deleted."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(artifacts.c.object_key).where(
                    artifacts.c.object_key.in_(list(keys)), artifacts.c.deleted_at.is_(None)
                )
            )
            return {str(key) for (key,) in found}

    def _unheld(self, grace: timedelta) -> list[str]:
        with self._database.reading() as connection:
            before = self._database.now(connection) - grace
            held = exists().where(artifact_references.c.artifact == artifacts.c.digest)
            found = connection.execute(
                select(artifacts.c.digest)
                .where(artifacts.c.deleted_at.is_(None), artifacts.c.unheld_since < before, ~held)
                .order_by(artifacts.c.unheld_since)
                .limit(MOST_DELETED)
            )
            return [str(digest) for (digest,) in found]

    def _locked(self, connection: Connection, digest: str, now: datetime) -> LockedArtifact:
        return LockedArtifact(connection, digest, now=now, actor=self._actor)

    def _require_held(self, locked: LockedArtifact, project: str) -> None:
        found = locked.connection.execute(
            select(func.count())
            .select_from(artifact_references)
            .where(*_of(project, locked.digest))
        ).scalar_one()
        if not found or locked.row["deleted_at"] is not None:
            raise UnknownArtifactError(f"The project holds no artifact {locked.digest}.")


def _of(project: str, digest: str) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for a project's references to an artifact."""
    return (
        artifact_references.c.project == project,
        artifact_references.c.artifact == digest,
    )


def _covered(locked: LockedArtifact, principal: str) -> bool:
    """Whether an entry of the last quarter of an hour stands for this access."""
    return bool(
        locked.connection.execute(
            select(func.count())
            .select_from(accesses)
            .where(
                accesses.c.artifact == locked.digest,
                accesses.c.principal == principal,
                accesses.c.at > locked.now - WINDOW,
                accesses.c.at <= locked.now,
            )
        ).scalar_one()
    )


def _kept_until(locked: LockedArtifact, project: str) -> datetime | None:
    """Return the latest date until which the project keeps the artifact."""
    # A list, not max(): the column's type turns numbers into moments row by row.
    found = locked.connection.execute(
        select(artifact_references.c.keep_until).where(*_of(project, locked.digest))
    ).scalars()
    return max((one for one in found if one is not None), default=None)


def _needed(locked: LockedArtifact, project: str) -> bool:
    """Whether a job of the project that is not over holds the artifact."""
    return bool(
        locked.connection.execute(
            select(func.count())
            .select_from(artifact_references)
            .join(jobs, jobs.c.id == artifact_references.c.holder)
            .where(*_of(project, locked.digest), jobs.c.state.in_(_UNFINISHED))
        ).scalar_one()
    )


def _is_held(locked: LockedArtifact) -> bool:
    """Whether any project holds the artifact."""
    return bool(
        locked.connection.execute(
            select(func.count())
            .select_from(artifact_references)
            .where(artifact_references.c.artifact == locked.digest)
        ).scalar_one()
    )
