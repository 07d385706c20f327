"""Calls made in groups: each has its own answer, and none takes another along."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.jobs.in_groups import Answer, InGroups

SOON = 30.0


class Work:
    """Doubles numbers; the first group waits until `go_on`, so that others come meanwhile."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.began = threading.Event()
        self.groups: list[list[int]] = []

    def __call__(self, take: Callable[[], Sequence[int]]) -> Sequence[Answer[int]]:
        """Take a group, wait, and refuse it whole if it has a number that is poison."""
        group = list(take())
        self.groups.append(group)
        self.began.set()
        assert self.go_on.wait(SOON)
        if 13 in group:
            raise ValueError("poison")
        return [lambda one=one: 2 * one for one in group]


def run(work: Work, first: int, others: Sequence[int], *, most: int = 8) -> list[object]:
    """Call with `first`, and with the others while that is under way; return what came back."""
    calls: InGroups[int, int] = InGroups(work, most=most)

    def call(number: int) -> object:
        try:
            return calls(number)
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(len(others) + 1) as pool:
        found = [pool.submit(call, first)]
        assert work.began.wait(SOON)
        found += [pool.submit(call, number) for number in others]
        while len(calls._waiting) < len(others):
            pass
        work.go_on.set()
        return [one.result() for one in found]


def test_who_comes_meanwhile_is_the_next_group() -> None:
    """Calls that come while a group is under way are made together, each with its own answer."""
    work = Work()
    assert run(work, 1, [2, 3, 4]) == [2, 4, 6, 8]
    assert [sorted(group) for group in work.groups] == [[1], [2, 3, 4]]


def test_a_group_has_its_bound() -> None:
    """No more calls are made at once than is allowed."""
    work = Work()
    assert run(work, 1, [2, 3, 4], most=2) == [2, 4, 6, 8]
    assert sorted(map(len, work.groups)) == [1, 1, 2]


def test_what_fails_fails_alone() -> None:
    """Where a group fails as a whole its calls are made one by one, and one error is one call's."""
    work = Work()
    assert run(work, 1, [2, 13, 4]) == [2, 4, "poison", 8]


def test_a_failure_before_the_group_is_known_is_everybodys_own() -> None:
    """Work that fails before it asks who is in the group fails for each call by itself."""

    def fails(_take: Callable[[], Sequence[int]]) -> Sequence[Answer[int]]:
        raise ValueError("away")

    calls: InGroups[int, int] = InGroups(fails, most=8)
    for number in range(2):
        with pytest.raises(ValueError, match="away"):
            calls(number)


def test_who_comes_before_the_work_asks_again_comes_along() -> None:
    """Work that asks again finds the same calls, and behind them those that came meanwhile."""
    began, go_on = threading.Event(), threading.Event()
    found: list[list[int]] = []

    def work(take: Callable[[], Sequence[int]]) -> Sequence[Answer[int]]:
        first = list(take())
        began.set()
        assert go_on.wait(SOON)
        found.append([*first, -1, *take()])
        return [lambda one=one: 2 * one for one in take()]

    calls: InGroups[int, int] = InGroups(work, most=2)
    with ThreadPoolExecutor(3) as pool:
        one = pool.submit(calls, 1)
        assert began.wait(SOON)
        others = [pool.submit(calls, 2), pool.submit(calls, 2)]
        while len(calls._waiting) < len(others):
            pass
        go_on.set()
        assert [one.result(), *(other.result() for other in others)] == [2, 4, 4]
    assert found[0] == [1, -1, 1, 2]
    assert found[1][:1] == [2]
