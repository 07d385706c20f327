"""Several stages in one transaction: claimed as they would be one by one, ended each by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.jobs.errors import StaleTokenError
from services.jobs.values import Claim, NewStage, Priority
from tests.contract.jobs_kit import LANE, RESULT, Desk, desk


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
