"""Takes stages whose turn it is: gives their leases away and issues the fencing tokens.

One transaction at a time claims, so no limit is passed by two that look at once. Each stage has a
lease and a token of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from services.database.words import State, Wanted
from services.jobs.locked_job import LockedJob, LockedJobs
from services.jobs.turns import Turn
from services.jobs.values import Claim, JobId, StageId

Room = Callable[[], int]
"""How many more stages a worker would take; asked when it is its turn to claim."""


@dataclass(frozen=True, slots=True)
class Lessee:
    """Who claims, and until when its leases hold."""

    worker: str
    until: datetime


def take_turns(locked: LockedJobs, found: Collection[Turn], lessee: Lessee) -> tuple[Claim, ...]:
    """Take the stages of these turns, in their order, but for those that were stopped meanwhile."""
    return tuple(
        _claim(locked[turn.job], turn.stage, lessee)
        for turn in found
        if _take(locked[turn.job], turn.stage, lessee)
    )


def _take(locked: LockedJob, stage: str, lessee: Lessee) -> bool:
    """Lease a stage; False where somebody stopped it between the look and the lock."""
    row = locked.stage(stage)
    if locked.wanted is not Wanted.RUN or locked.state.is_final:
        return False
    if row["state"] not in (State.QUEUED, State.RETRY):
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
    locked.begin_attempt(stage, row["attempt"], worker=lessee.worker, started_at=locked.now)
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
