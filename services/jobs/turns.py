"""Whose turn it is: the order of what waits, and which of it may run.

The order: priority; then jobs whose deadline is near; then the project that has had least for
its share; then the deadline; then age. Left out are stages of paused lanes, of projects that run
as much as they may, and of networks that do.

A share is counted as in stride scheduling (C. Waldspurger, W. Weihl, 1995): each turn adds to
the project's virtual time what its share makes of it, and the least is served next. Several turns
are found with one question and are those that would be found one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from services.database.columns import Instant
from services.database.tables import (
    jobs,
    network_limits,
    paused_lanes,
    projects,
    stage_networks,
    stages,
)
from services.database.words import State, Wanted
from services.jobs.open_stages import is_running, is_waiting

URGENT = timedelta(minutes=10)
"""A job whose deadline is this near goes before the shares of projects."""

MOST_TURNS = 16
"""More than this many are not found at once."""

_STRIDE = 1_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """A stage whose turn it is."""

    stage: str
    job: str
    project: str


def turns(
    connection: Connection, lanes: Collection[str], now: datetime, most: int
) -> tuple[Turn, ...]:
    """Return up to `most` stages in the order of their turns; fewer does not mean no more."""
    most = min(most, MOST_TURNS)
    asked = {
        "now": now, "urgent": now + URGENT, "lanes": list(lanes), "most": most,
        # A turn leaves out no more than its project's stages, of which there are `most` here.
        "rows": most * most,
    }  # fmt: skip
    return tuple(_in_turn(connection.execute(_waiting(), asked).all(), most))


def count_turns(connection: Connection, projects_served: Sequence[str]) -> None:
    """Add to the virtual times of projects what a turn each is of their shares."""
    for one in sorted(set(projects_served)):
        asked = {"of_project": one, "turns": projects_served.count(one)}
        connection.execute(_counting(), asked)


def _in_turn(rows: Collection[Row[Any]], most: int) -> Iterator[Turn]:
    """Serve the first of the project with the best first, again and again."""
    waiting: dict[str, deque[Row[Any]]] = {}
    for row in rows:
        waiting.setdefault(row.project, deque()).append(row)
    times = {row.project: row.virtual_time for row in rows}
    served = dict.fromkeys(waiting, 0)

    def place(project: str) -> tuple[Any, ...]:
        row = waiting[project][0]
        return (row.priority, row.urgency, times[project], row.has_none, row.deadline or 0,
                row.created_at, row.id)  # fmt: skip

    while waiting and sum(served.values()) < most:
        project = min(waiting, key=place)
        row = waiting[project].popleft()
        yield Turn(row.id, row.job, project)
        if row.is_limited:
            # How much room its network has left is asked again, by the next question.
            return
        times[project] += _STRIDE // row.share
        served[project] += 1
        if not waiting[project] or served[project] == row.room:
            del waiting[project]


def claimable(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition that a stage could run now, leaving limits aside. Needs jobs joined."""
    return and_(
        is_waiting(stages),
        stages.c.waiting_on == 0,
        stages.c.not_before <= now,
        jobs.c.wanted == Wanted.RUN,
        jobs.c.state.in_((State.QUEUED, State.RUNNING, State.RETRY)),
        stages.c.lane.not_in(select(paused_lanes.c.lane)),
    )


@cache
def _waiting() -> Select[Any]:
    """The question whose turn it is, put together once: that takes longer than its answer."""
    now, urgent = (bindparam(name, type_=Instant()) for name in ("now", "urgent"))
    lanes: BindParameter[str] = bindparam("lanes", expanding=True)
    most, rows = (bindparam(name, type_=Integer()) for name in ("most", "rows"))
    deadline = jobs.c.deadline_at
    own = (
        stages.c.priority,
        case((and_(deadline.is_not(None), deadline <= urgent), 0), else_=1).label("urgency"),
        case((deadline.is_(None), 1), else_=0).label("has_none"),
        deadline.label("deadline"),
        stages.c.created_at,
        stages.c.id,
    )
    ranked = (
        select(
            *own,
            stages.c.job,
            stages.c.project,
            projects.c.virtual_time,
            projects.c.share,
            _room().label("room"),
            _has_limited_network().label("is_limited"),
            func.row_number().over(partition_by=stages.c.project, order_by=own).label("rank"),
        )
        .join(jobs, jobs.c.id == stages.c.job)
        .join(projects, projects.c.id == stages.c.project)
        .where(claimable(now), stages.c.lane.in_(lanes), _networks_have_room())
        .subquery()
    )
    found = ranked.c
    return (
        select(ranked)
        .where(found.rank <= most, or_(found.room.is_(None), found.room > 0))
        .order_by(
            found.priority, found.urgency, found.virtual_time, found.has_none, found.deadline,
            found.created_at, found.id,
        )
        .limit(rows)
    )  # fmt: skip


@cache
def _counting() -> Any:
    own, share = projects.c.virtual_time, projects.c.share
    gone = bindparam("turns", type_=Integer()) * literal(_STRIDE).op("/")(share)
    return (
        update(projects)
        .where(projects.c.id == bindparam("of_project"))
        .values(virtual_time=own + gone)
    )


def _room() -> ColumnElement[int | None]:
    """How many more stages the project may run; null where it has no limit."""
    running = stages.alias()
    count = (
        select(func.count())
        .where(running.c.project == projects.c.id, is_running(running))
        .correlate(projects)
        .scalar_subquery()
    )
    limit = projects.c.running_limit
    return case((limit.is_(None), None), else_=limit - count)


def _has_limited_network() -> ColumnElement[bool]:
    return exists(
        select(stage_networks.c.stage)
        .join(network_limits, network_limits.c.network == stage_networks.c.network)
        .where(stage_networks.c.stage == stages.c.id)
        .correlate(stages)
    )


def _networks_have_room() -> ColumnElement[bool]:
    running, theirs = stages.alias(), stage_networks.alias()
    count = (
        select(func.count())
        .select_from(running.join(theirs, theirs.c.stage == running.c.id))
        .where(is_running(running), theirs.c.network == network_limits.c.network)
        .correlate(network_limits)
        .scalar_subquery()
    )
    full = (
        select(stage_networks.c.stage)
        .join(network_limits, network_limits.c.network == stage_networks.c.network)
        .where(stage_networks.c.stage == stages.c.id, count >= network_limits.c.running_limit)
        .correlate(stages)
    )
    return ~exists(full)
