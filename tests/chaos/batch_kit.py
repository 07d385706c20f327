"""A batch of jobs with deaths spread over it, its checks, and its counts.

Moments are drawn from a seed; what a run meets at a moment is the machine's business, so a pass
is no proof and a failure is one.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select

from pipelines.errors import ResourceError
from services.database.tables import attempts, jobs, pending_entries
from tests.chaos.checks_kit import (
    Entries,
    check_duplicates,
    check_handed_out,
    check_log,
    check_remains,
    check_results,
    check_reuse,
    check_samples,
    entries_of,
)
from tests.chaos.deployment_kit import PATIENCE_SECONDS, Deployment
from tests.chaos.ways_kit import Way, as_files

T = TypeVar("T")

Death = Callable[[Deployment, random.Random], None]
"""Kills something and brings it back."""

_FINAL = ("done", "failed", "canceled")
_LOOK_SECONDS = 0.002
_COUNT_SECONDS = 0.5


class TooLateError(Exception):
    """The batch was over before the moment came in which something was to die."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batch came to.

    `reused` counts the entries of jobs that took what another had rendered, `repeated` those of
    segments that were rendered once more; `swept` objects of running jobs were left in the store.
    """

    jobs: int
    deaths: int
    attempts: int
    lost: int
    retried: int
    duplicates: int
    reused: int
    repeated: int
    swept: int
    seconds: float


def batch(deployment: Deployment, way: Way, deaths: Sequence[Death], *, size: int) -> Counts:
    """Run a batch with the deaths spread over it, and check everything that must hold."""
    chance, begun = random.Random(size + len(deaths)), time.monotonic()  # noqa: S311 - no secret
    accepted, struck = way(deployment, size), 0
    for number, death in enumerate(deaths, start=1):
        _await(deployment, _ended(), (size * number) // (len(deaths) + 2), "jobs do not end")
        time.sleep(chance.uniform(0, 0.5))
        with suppress(TooLateError):
            death(deployment, chance)
            struck += 1
    assert struck, "everything was over before anything died"
    made = accepted()
    _await(deployment, _ended(), size, "jobs do not end")
    unsealed = select(-func.count()).where(pending_entries.c.done.is_(False))
    _await(deployment, unsealed, 0, "entries are not sealed")
    deployment.stop()
    if _one(deployment, unsealed) < 0:  # an overtaken attempt came back last of all
        deployment.start()
        _await(deployment, unsealed, 0, "entries are not sealed")
        deployment.stop()
    seconds = time.monotonic() - begun
    entries = entries_of(deployment, made)
    check_results(deployment, made)
    if way is as_files:
        check_handed_out(deployment, made)
    else:
        check_samples(deployment, made, entries)
    check_duplicates(deployment, entries)
    check_log(deployment)
    check_reuse(deployment, made, entries)
    swept = check_remains(deployment)
    return counted(deployment, entries, deaths=struck, swept=swept, seconds=seconds)


def moment(deployment: Deployment, look: Callable[[], T | None]) -> T:
    """Wait until `look` sees something. Raises TooLateError where all jobs have ended before."""
    counted = 0.0
    while (seen := look()) is None:
        if time.monotonic() - counted > _COUNT_SECONDS:
            counted = time.monotonic()
            deployment.require_well()
            with suppress(ResourceError):
                if not _one(deployment, _unended()):
                    raise TooLateError
        time.sleep(_LOOK_SECONDS)
    return seen


def counted(
    deployment: Deployment, entries: Entries, *, deaths: int, swept: int, seconds: float
) -> Counts:
    """Count attempts, lost leases, failed attempts, duplicates, and what entries tell of."""
    kinds = Counter(one["kind"] for told in entries.values() for one in told)

    def all_of(*where: ColumnElement[bool]) -> int:
        return _one(deployment, select(func.count()).select_from(attempts).where(*where))

    return Counts(
        jobs=_one(deployment, select(func.count()).select_from(jobs)),
        deaths=deaths,
        attempts=all_of(),
        lost=all_of(attempts.c.ended == "lost"),
        retried=all_of(attempts.c.ended == "failed"),
        duplicates=_one(deployment, select(func.coalesce(func.sum(attempts.c.duplicates), 0))),
        reused=kinds["reused"],
        repeated=kinds["segment.repeated"],
        swept=swept,
        seconds=round(seconds, 1),
    )


def _ended() -> Select[int]:
    return select(func.count()).select_from(jobs).where(jobs.c.state.in_(_FINAL))


def _unended() -> Select[int]:
    return select(func.count()).select_from(jobs).where(jobs.c.state.not_in(_FINAL))


def _await(deployment: Deployment, asked: Select[int], least: int, what: str) -> None:
    """Wait until the records answer with so much, while every process lives.

    A database that has just been killed answers nothing; it is asked again.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(ResourceError):
            if _one(deployment, asked) >= least:
                return
        deployment.require_well()
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _one(deployment: Deployment, asked: Select[int]) -> int:
    with deployment.database.reading() as connection:
        return int(connection.execute(asked).scalar_one())
