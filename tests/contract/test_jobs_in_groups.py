"""Several stages in one transaction: claimed as they would be one by one, ended each by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event

from pipelines.errors import InputError
from services.jobs.claim import Lessee, take_turns
from services.jobs.errors import StaleTokenError
from services.jobs.failures import failure_of
from services.jobs.locked_job import LockedJobs
from services.jobs.turns import Turn
from services.jobs.values import Claim, NewStage, Priority
from tests.contract.jobs_kit import ACTOR, LANE, RESULT, Desk, desk


@pytest.fixture
def opened(url: str) -> Iterator[Desk]:
    """A desk over a database of each kind in turn."""
    with desk(url) as one:
        yield one


def many(opened: Desk, seed: int) -> None:
    """Put jobs of all kinds on record: shares, priorities, deadlines, limits."""
    chance = random.Random(seed)  # noqa: S311 - a seed, so that it can be told again
    for project, share, running in (("p", 1, None), ("q", 3, None), ("r", 2, 2)):
        opened.project(project, share=share, running=running)
    opened.controls.limit_network("narrow", 2)
    for _ in range(24):
        opened.submit(
            project=chance.choice("ppqr"),
            priority=chance.choice((Priority.INTERACTIVE, Priority.BATCH)),
            deadline_at=chance.choice(
                (None, opened.now + timedelta(minutes=chance.randint(1, 90)))
            ),
            stages=(NewStage("whole", LANE, networks=chance.choice(((), ("wide",), ("narrow",)))),),
        )


def requests_of(claims: list[Claim]) -> list[object]:
    """What tells claims apart in two databases that were filled alike."""
    return [(one.project, one.created_at, one.attempt) for one in claims]


@pytest.mark.parametrize("seed", range(3))
def test_several_turns_are_those_that_come_one_by_one(opened: Desk, seed: int) -> None:
    """Whoever takes many at once gets what they would have got one by one, in the same order."""
    many(opened, seed)
    with opened.database.writing() as connection:
        connection.exec_driver_sql("UPDATE projects SET virtual_time = 0")
    at_once: list[Claim] = []
    while found := opened.jobs.claims([LANE], "w", lambda: 5):
        at_once += found
    for one in at_once:
        opened.jobs.stopped(one)
    with opened.database.writing() as connection:
        connection.exec_driver_sql("UPDATE projects SET virtual_time = 0")
        connection.exec_driver_sql("UPDATE stages SET attempt = 0, not_before = 0")
        connection.exec_driver_sql("DELETE FROM attempts")
    one_by_one: list[Claim] = []
    while (mine := opened.jobs.claim([LANE], "w")) is not None:
        one_by_one.append(mine)
    assert len(one_by_one) > 5
    assert requests_of(at_once) == requests_of(one_by_one)


def test_no_more_is_taken_than_there_is_room_for(opened: Desk) -> None:
    """Room is asked when it is one's turn to claim, and nothing beyond it is leased."""
    for _ in range(3):
        opened.submit()
    assert len(opened.jobs.claims([LANE], "w", lambda: 2)) == 2
    assert opened.jobs.claims([LANE], "w", lambda: 0) == ()
    assert len(opened.jobs.claims([LANE], "w", lambda: 9)) == 1


def test_ends_that_come_together_stand_each_by_itself(opened: Desk) -> None:
    """Of ends that share a transaction, one whose token was overtaken is refused alone."""
    for _ in range(6):
        opened.submit()
    mine = opened.jobs.claims([LANE], "w", lambda: 6)
    stale = mine[2]
    opened.jobs.stopped(stale)

    def end(one: Claim) -> bool:
        try:
            opened.jobs.complete(one, [RESULT])
        except StaleTokenError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(end, mine)) == [one is not stale for one in mine]
    for one in mine:
        view = opened.jobs.get(one.job)
        assert view.state == ("queued" if one is stale else "done")
        assert len(view.outputs) == (one is not stale)
    assert opened.kinds(stale.job)[-1] == "duplicate"


def test_an_end_that_breaks_a_rule_takes_no_other_along(opened: Desk) -> None:
    """Of ends that share a transaction, one that the database refuses fails alone."""
    for _ in range(5):
        opened.submit()
    mine = opened.jobs.claims([LANE], "w", lambda: 5)
    broken = mine[3]

    def end(one: Claim) -> bool:
        # A job has no two outputs of one name.
        outputs = [RESULT, RESULT] if one is broken else [RESULT]
        try:
            opened.jobs.complete(one, outputs)
        except Exception:  # noqa: BLE001 - which error it is differs between the two databases
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(end, mine)) == [one is not broken for one in mine]
    assert [opened.state(one.job) for one in mine].count("done") == 4
    assert opened.state(broken.job) == "running"


class Rounds:
    """Claims while an end comes: the end is handed in once room is asked, and waits its turn."""

    def __init__(self, opened: Desk) -> None:
        self._opened = opened
        self._pool = ThreadPoolExecutor(1)
        self.commits = 0

    def claim_while(self, end: Callable[[], object]) -> tuple[tuple[Claim, ...], Future[object]]:
        """Take what is next, with `end` in the same round; return both answers."""
        waiting = self._opened.jobs._rounds._calls._waiting
        ended: list[Future[object]] = []

        def room() -> int:
            if not ended:
                ended.append(self._pool.submit(end))
                while not waiting:
                    time.sleep(0.001)
            return 1

        def count(_connection: Connection) -> None:
            self.commits += 1

        engine = self._opened.database._engine
        event.listen(engine, "commit", count)
        try:
            claims = self._opened.jobs.claims([LANE], "w", room)
            wait(ended)
        finally:
            event.remove(engine, "commit", count)
            self._pool.shutdown()
        return claims, ended[0]


def test_what_ended_and_what_is_next_share_a_transaction(opened: Desk) -> None:
    """An end that comes while somebody looks for work is committed with what is taken."""
    first, second = opened.submit(), opened.submit()
    mine = opened.claim()
    rounds = Rounds(opened)
    claims, ended = rounds.claim_while(lambda: opened.jobs.complete(mine, [RESULT]))
    assert ended.result() == ()
    assert rounds.commits == 1
    assert [one.job for one in claims] == [second]
    assert (opened.state(first), opened.state(second)) == ("done", "running")
    assert opened.kinds(second) == ["accepted", "running"]


def test_an_end_that_is_refused_takes_no_claim_along(opened: Desk) -> None:
    """In a round an overtaken token is refused by itself; what was taken stands."""
    opened.submit()
    stale = opened.claim()
    opened.jobs.stopped(stale)
    overtaking = opened.claim()
    second = opened.submit()
    claims, ended = Rounds(opened).claim_while(lambda: opened.jobs.complete(stale, [RESULT]))
    assert isinstance(ended.exception(), StaleTokenError)
    assert [one.job for one in claims] == [second]
    opened.jobs.complete(overtaking, [RESULT])


def test_an_end_that_breaks_a_rule_takes_no_claim_along(opened: Desk) -> None:
    """A round that the database refuses is made again in parts, and what is next is taken."""
    opened.submit()
    mine = opened.claim()
    second = opened.submit()
    claims, ended = Rounds(opened).claim_while(lambda: opened.jobs.complete(mine, [RESULT, RESULT]))
    assert ended.exception() is not None
    assert [one.job for one in claims] == [second]
    assert (opened.state(mine.job), opened.state(second)) == ("running", "running")


def test_a_stage_of_a_job_that_was_given_up_meanwhile_is_not_taken(opened: Desk) -> None:
    """Between the look and the lock a job may fail; its other stages are left where they are."""
    job = opened.submit(stages=(NewStage("a", LANE), NewStage("b", "other")))
    opened.jobs.fail(opened.claim(), failure_of(InputError("It is no picture.")))
    assert opened.state(job) == "failed"
    with opened.database.writing() as connection:
        now = opened.database.now(connection)
        locked = LockedJobs(connection, [job], now=now, actor=ACTOR)
        other = next(one for one in locked[job].stages() if one["name"] == "b")
        turn = Turn(other["id"], job, "p")
        assert take_turns(locked, [turn], Lessee("w", now + timedelta(seconds=30))) == ()
