"""Takes stages whose turn it is: gives their leases away and issues the fencing tokens.

One transaction at a time claims, so no limit is passed by two that look at once. It takes as
many stages as there is room for, each with a lease and a token of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pipelines.evidence.entry import Actor
from services.database.tables import attempts
from services.database.words import State, Wanted
from services.jobs.locked_job import LockedJob, LockedJobs, inserting_rows
from services.jobs.turns import count_turns, turns
from services.jobs.values import Claim, JobId, StageId

Room = Callable[[], int]
"""How many more stages a worker would take; asked when it is its turn to claim."""


@dataclass(frozen=True, slots=True)
class Lessee:
    """Who claims, and until when its leases hold."""

    worker: str
    until: datetime


def claim(
    connection: Connection,
    lanes: Collection[str],
    worker: str,
    *,
    most: int,
    lease: timedelta,
    now: datetime,
    actor: Actor,
) -> tuple[Claim, ...]:
    """Take up to `most` stages in the order of their turns. The caller is `alone`."""
    found = turns(connection, lanes, now, most)
    if not found:
        return ()
    locked = LockedJobs(connection, {turn.job for turn in found}, now=now, actor=actor)
    lessee = Lessee(worker, now + lease)
    taken = [turn for turn in found if _take(locked[turn.job], turn.stage, lessee)]
    if not taken:
        return ()
    locked.flush()
    claims = tuple(_claim(locked[turn.job], turn.stage, lessee) for turn in taken)
    connection.execute(
        inserting_rows(attempts),
        [
            {"stage": one.stage, "attempt": one.attempt, "worker": worker, "started_at": now}
            for one in claims
        ],
    )
    count_turns(connection, taken)
    return claims


def _take(locked: LockedJob, stage: str, lessee: Lessee) -> bool:
    """Lease a stage; False where somebody stopped it between the look and the lock."""
    row = locked.stage(stage)
    if locked.wanted is not Wanted.RUN or row["state"] not in (State.QUEUED, State.RETRY):
        return False
    locked.move_stage(
        row,
        State.RUNNING,
        attempt=row["attempt"] + 1,
        worker=lessee.worker,
        lease_until=lessee.until,
        started_at=locked.now,
        step="",
        progress_done=0,
        progress_total=0,
    )
    locked.become(State.RUNNING, stage=row["name"], attempt=row["attempt"])
    return True


def _claim(locked: LockedJob, stage: str, lessee: Lessee) -> Claim:
    row, taken = locked.row, locked.stage(stage)
    return Claim(
        stage=StageId(stage),
        job=JobId(row["id"]),
        project=row["project"],
        name=taken["name"],
        lane=taken["lane"],
        attempt=taken["attempt"],
        worker=lessee.worker,
        lease_until=lessee.until,
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
