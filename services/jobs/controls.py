"""What whoever runs the platform sets and looks at: projects, lanes, limits, errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from pipelines.errors import RequestError
from services.database.columns import inserting
from services.database.database import Database
from services.database.tables import (
    error_classes,
    jobs,
    network_limits,
    paused_lanes,
    projects,
    stages,
)
from services.jobs import read
from services.jobs.open_stages import is_running
from services.jobs.turns import claimable
from services.jobs.values import DeadLetter, ErrorClass

_MOST_SHARE = 1000


@dataclass(frozen=True, slots=True)
class Project:
    """Whose work it is. A project with share 2 gets twice the turns of one with share 1.

    `running_limit` bounds its stages that run at once, `queued_limit` its unfinished jobs.
    """

    id: str
    name: str
    share: int = 1
    running_limit: int | None = None
    queued_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """How a lane stands: what could run now, since when the oldest waits, what runs."""

    name: str
    ready: int
    oldest_at: datetime | None
    running: int
    paused_by: str | None


class Controls:
    """Sets and shows them in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_project(self, project: Project) -> None:
        """Make a project, or change it. Raises RequestError for a share outside 1 to 1000."""
        if not 1 <= project.share <= _MOST_SHARE:
            raise RequestError(f"A project's share is 1 to {_MOST_SHARE}.")
        limits = {
            "name": project.name,
            "share": project.share,
            "running_limit": project.running_limit,
            "queued_limit": project.queued_limit,
        }
        with self._database.writing() as connection:
            now = self._database.now(connection)
            connection.execute(
                inserting(connection, projects)
                .values(id=project.id, created_at=now, **limits)
                .on_conflict_do_update(index_elements=[projects.c.id], set_=limits)
            )

    def project(self, project: str) -> Project | None:
        """Return a project; None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(projects).where(projects.c.id == project)).first()
        return None if row is None else _project(row)

    def projects(self) -> tuple[Project, ...]:
        """Return every project, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(projects).order_by(projects.c.id)).all()
        return tuple(_project(row) for row in rows)

    def network_limits(self) -> dict[str, int]:
        """Return how many stages run each network at once, where that has a bound."""
        with self._database.reading() as connection:
            rows = connection.execute(select(network_limits).order_by(network_limits.c.network))
            return {row.network: row.running_limit for row in rows}

    def limit_network(self, network: str, running: int | None) -> None:
        """Bound how many stages run a network at once; None takes the bound away."""
        with self._database.writing() as connection:
            if running is None:
                known = network_limits.c.network == network
                connection.execute(delete(network_limits).where(known))
                return
            connection.execute(
                inserting(connection, network_limits)
                .values(network=network, running_limit=running)
                .on_conflict_do_update(
                    index_elements=[network_limits.c.network], set_={"running_limit": running}
                )
            )

    def pause_lane(self, lane: str, *, by: str, reason: str) -> None:
        """Let no stage of a lane begin; what runs goes on."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            said = {"paused_by": by, "reason": reason, "at": now}
            connection.execute(
                inserting(connection, paused_lanes)
                .values(lane=lane, **said)
                .on_conflict_do_update(index_elements=[paused_lanes.c.lane], set_=said)
            )

    def resume_lane(self, lane: str) -> None:
        """Let a lane go on; those who ask for ready lanes find it."""
        with self._database.writing() as connection:
            connection.execute(delete(paused_lanes).where(paused_lanes.c.lane == lane))

    def lanes(self) -> tuple[Lane, ...]:
        """Return every lane that has work or is paused, by name."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            ready = {
                row.lane: row
                for row in connection.execute(
                    select(
                        stages.c.lane,
                        func.count().label("waiting"),
                        func.min(stages.c.not_before).label("oldest"),
                    )
                    .join(jobs, jobs.c.id == stages.c.job)
                    .where(claimable(now))
                    .group_by(stages.c.lane)
                )
            }
            running = {
                row.lane: row.running
                for row in connection.execute(
                    select(stages.c.lane, func.count().label("running"))
                    .where(is_running(stages))
                    .group_by(stages.c.lane)
                )
            }
            paused = {row.lane: row.paused_by for row in connection.execute(select(paused_lanes))}
        return tuple(
            Lane(
                name=name,
                ready=ready[name].waiting if name in ready else 0,
                oldest_at=ready[name].oldest if name in ready else None,
                running=running.get(name, 0),
                paused_by=paused.get(name),
            )
            for name in sorted({*ready, *running, *paused})
        )

    def errors(self) -> tuple[ErrorClass, ...]:
        """Return how often errors of each class came up, the latest first."""
        with self._database.reading() as connection:
            return read.classes_of_errors(connection)

    def resolve_error(self, name: str, *, by: str, resolution: str) -> None:
        """Write down what was done about a class of errors; it is open again when it comes back."""
        with self._database.writing() as connection:
            now = self._database.now(connection)
            said = update(error_classes).where(error_classes.c.name == name)
            done = said.values(resolution=resolution, resolved_by=by, resolved_at=now)
            if not connection.execute(done).rowcount:
                raise RequestError(f"No error {name} is on record.")

    def dead_letters(self, *, project: str | None = None) -> tuple[DeadLetter, ...]:
        """Return the stages that were given up and are not sent back, the newest first."""
        with self._database.reading() as connection:
            return read.letters(connection, project)


def _project(row: Row[Any]) -> Project:
    return Project(row.id, row.name, row.share, row.running_limit, row.queued_limit)
