"""What a project's jobs rendered: found by name, kept in bounds, forgotten once of no use.

Promised: a rendering is found only in its own project, only when the job that made it ended well,
and only while the project holds that job's input and every result of it: what was given up or
deleted comes back by no side door. A row may go at any moment; nothing depends on one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, update

from pipelines.evidence.json_value import Json
from services.database.database import Database
from services.database.tables import artifact_references, job_outputs, jobs, renderings
from services.database.words import State

MOST_FORGOTTEN = 200

_FINAL = tuple(state for state in State if state.is_final)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a rendering: its name, its bytes by digest, and where the store keeps them."""

    name: str
    sha256: str
    bytes: int
    object_key: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """What the job `job` rendered."""

    job: str
    files: tuple[KeptFile, ...]


class Renderings:
    """The renderings in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, project: str, name: str) -> Rendering | None:
        """Return a rendering that may be used, and note that it was of use."""
        with self._database.writing() as connection:
            mine = _is(project, name)
            row = connection.execute(select(renderings).where(mine, _may_be_used())).first()
            if row is None:
                return None
            now = self._database.now(connection)
            connection.execute(update(renderings).where(mine).values(used_at=now))
        return Rendering(row.job, tuple(KeptFile(**one) for one in row.files))

    def is_wanted(self, project: str, name: str) -> bool:
        """Whether there is none of this name that may be used, now or when its job is over."""
        with self._database.reading() as connection:
            return _is_wanted(connection, project, name)

    def add(
        self, project: str, name: str, *, job: str, source: str, files: Sequence[KeptFile]
    ) -> bool:
        """Keep what a job rendered, in the place of one that is of no use.

        False where another job that rendered the same was first: its rendering stays, for
        whoever takes it states that job.
        """
        with self._database.writing() as connection:
            now = self._database.alone(connection, f"rendering {project} {name}")
            if not _is_wanted(connection, project, name):
                return False
            connection.execute(delete(renderings).where(_is(project, name)))
            connection.execute(
                insert(renderings).values(
                    project=project,
                    name=name,
                    job=job,
                    source=source,
                    bytes=sum(one.bytes for one in files),
                    files=[asdict(one) for one in files],
                    created_at=now,
                    used_at=now,
                )
            )
        return True

    def forget(self, project: str, name: str) -> None:
        """Forget a rendering, as one whose files lack their digests."""
        with self._database.writing() as connection:
            connection.execute(delete(renderings).where(_is(project, name)))

    def forget_useless(self, *, unused_for: timedelta, most_bytes: int) -> tuple[str, ...]:
        """Forget what must not be used any more, what nobody used, and what is too much.

        Returns the keys of their files, which are to be removed then.
        """
        with self._database.writing() as connection:
            before = self._database.now(connection) - unused_for
            gone = _names(connection, or_(_useless(), renderings.c.used_at < before))
            gone |= _too_much(connection, most_bytes, gone)
            keys: list[str] = []
            for project, name in sorted(gone)[:MOST_FORGOTTEN]:
                row = connection.execute(
                    delete(renderings).where(_is(project, name)).returning(renderings.c.files)
                ).one()
                keys.extend(str(one["object_key"]) for one in row.files)
        return tuple(keys)

    def living(self, keys: Iterable[str]) -> set[str]:
        """Return those of `keys` that a rendering names."""
        asked = set(keys)
        with self._database.reading() as connection:
            found: Iterable[list[dict[str, Json]]] = connection.execute(
                select(renderings.c.files)
            ).scalars()
            return {str(one["object_key"]) for files in found for one in files} & asked


def _is(project: str, name: str) -> ColumnElement[bool]:
    return and_(renderings.c.project == project, renderings.c.name == name)


def _is_wanted(connection: Connection, project: str, name: str) -> bool:
    asked = select(renderings.c.job).where(_is(project, name), ~_useless())
    return connection.execute(asked).first() is None


def _may_be_used() -> ColumnElement[bool]:
    """Whether its job ended well, and the project holds that job's input and results still."""
    done = exists().where(jobs.c.id == renderings.c.job, jobs.c.state == State.DONE)
    return and_(done, _held(renderings.c.source), ~_given_up())


def _useless() -> ColumnElement[bool]:
    """Whether its job is over and it may not be used: it never will be."""
    over = exists().where(jobs.c.id == renderings.c.job, jobs.c.state.in_(_FINAL))
    return and_(over, ~_may_be_used())


def _given_up() -> ColumnElement[bool]:
    return exists().where(job_outputs.c.job == renderings.c.job, ~_held(job_outputs.c.artifact))


def _held(artifact: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the rendering's project holds `artifact` through the rendering's job."""
    return exists().where(
        artifact_references.c.project == renderings.c.project,
        artifact_references.c.artifact == artifact,
        artifact_references.c.holder == renderings.c.job,
    )


def _names(connection: Connection, which: ColumnElement[bool]) -> set[tuple[str, str]]:
    found = connection.execute(select(renderings.c.project, renderings.c.name).where(which))
    return {(row.project, row.name) for row in found}


def _too_much(
    connection: Connection, most_bytes: int, gone: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Those that were of use longest ago, beyond what may be kept altogether."""
    rows = connection.execute(
        select(renderings.c.project, renderings.c.name, renderings.c.bytes).order_by(
            renderings.c.used_at.desc(), renderings.c.name
        )
    )
    left, beyond = most_bytes, set()
    for row in rows:
        if (row.project, row.name) in gone:
            continue
        left -= row.bytes
        if left < 0:
            beyond.add((row.project, row.name))
    return beyond
