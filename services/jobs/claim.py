"""Whose turn it is: picks a stage, gives its lease away and issues the fencing token.

The order: priority; then jobs whose deadline is near; then the project that has had least for
its share; then the deadline; then age. Left out are stages of paused lanes, of projects that run
as much as they may, and of networks that do. One claim at a time is made, so no limit is passed
by two that look at once.

A share is counted as in stride scheduling (C. Waldspurger, W. Weihl, 1995): each claim adds to
the project's virtual time what its share makes of it, and the least is served next.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from pipelines.evidence.entry import Actor
from services.database.columns import Instant
from services.database.tables import (
    attempts,
    jobs,
    network_limits,
    paused_lanes,
    projects,
    stage_networks,
    stages,
)
from services.database.words import State, Wanted
from services.jobs.locked_job import LockedJob
from services.jobs.values import Claim, JobId, StageId

URGENT = timedelta(minutes=10)
"""A job whose deadline is this near goes before the shares of projects."""

_STRIDE = 1_000_000


def claim(
    connection: Connection,
    lanes: Collection[str],
    worker: str,
    *,
    lease: timedelta,
    now: datetime,
    actor: Actor,
) -> Claim | None:
    """Take the stage whose turn it is, None where there is none. The caller is `alone`."""
    asked = {"now": now, "urgent": now + URGENT, "lanes": list(lanes)}
    found = connection.execute(_next(), asked).first()
    if found is None:
        return None
    locked = LockedJob(connection, found.job, now=now, actor=actor)
    row = locked.stage(found.id)
    if locked.wanted is not Wanted.RUN or row["state"] not in (State.QUEUED, State.RETRY):
        # Somebody stopped it between the look and the lock; whoever asks next sees that.
        return None
    attempt, until = row["attempt"] + 1, now + lease
    locked.move_stage(
        row,
        State.RUNNING,
        attempt=attempt,
        worker=worker,
        lease_until=until,
        started_at=now,
        step="",
        progress_done=0,
        progress_total=0,
    )
    connection.execute(
        insert(attempts).values(stage=row["id"], attempt=attempt, worker=worker, started_at=now)
    )
    own, share = projects.c.virtual_time, projects.c.share
    connection.execute(
        update(projects)
        .where(projects.c.id == row["project"])
        .values(virtual_time=own + literal(_STRIDE).op("/")(share))
    )
    locked.become(State.RUNNING, stage=row["name"], attempt=attempt)
    locked.flush()
    return _claim(locked, row["id"], row["name"], row["lane"], attempt, worker, until)


def _claim(
    locked: LockedJob,
    stage: str,
    name: str,
    lane: str,
    attempt: int,
    worker: str,
    until: datetime,
) -> Claim:
    row = locked.row
    return Claim(
        stage=StageId(stage),
        job=JobId(row["id"]),
        project=row["project"],
        name=name,
        lane=lane,
        attempt=attempt,
        worker=worker,
        lease_until=until,
        pipeline=row["pipeline"],
        preset=row["preset"],
        graph=row["graph"],
        details=row["details"],
        principal=row["principal"],
        request_id=row["request_id"],
        case=row["case_name"],
        item=row["item"],
        created_at=row["created_at"],
    )


def claimable(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition that a stage could run now, leaving limits aside. Needs jobs joined."""
    return and_(
        stages.c.state.in_((State.QUEUED, State.RETRY)),
        stages.c.waiting_on == 0,
        stages.c.not_before <= now,
        jobs.c.wanted == Wanted.RUN,
        jobs.c.state.in_((State.QUEUED, State.RUNNING, State.RETRY)),
        stages.c.lane.not_in(select(paused_lanes.c.lane)),
    )


@cache
def _next() -> Select[tuple[str, str]]:
    """The question whose turn it is, put together once: that takes longer than its answer."""
    deadline = jobs.c.deadline_at
    now, urgent = (bindparam(name, type_=Instant()) for name in ("now", "urgent"))
    lanes: BindParameter[str] = bindparam("lanes", expanding=True)
    return (
        select(stages.c.id, stages.c.job)
        .join(jobs, jobs.c.id == stages.c.job)
        .join(projects, projects.c.id == stages.c.project)
        .where(claimable(now), stages.c.lane.in_(lanes), _project_has_room(), _networks_have_room())
        .order_by(
            stages.c.priority,
            case((and_(deadline.is_not(None), deadline <= urgent), 0), else_=1),
            projects.c.virtual_time,
            case((deadline.is_(None), 1), else_=0),
            deadline,
            stages.c.created_at,
            stages.c.id,
        )
        .limit(1)
    )


def _project_has_room() -> ColumnElement[bool]:
    running = stages.alias()
    count = (
        select(func.count())
        .where(running.c.project == projects.c.id, running.c.state == State.RUNNING)
        .correlate(projects)
        .scalar_subquery()
    )
    return or_(projects.c.running_limit.is_(None), count < projects.c.running_limit)


def _networks_have_room() -> ColumnElement[bool]:
    running, theirs = stages.alias(), stage_networks.alias()
    count = (
        select(func.count())
        .select_from(running.join(theirs, theirs.c.stage == running.c.id))
        .where(running.c.state == State.RUNNING, theirs.c.network == network_limits.c.network)
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
