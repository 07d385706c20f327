"""What jobs rendered: found by its own project alone, while it may be used, and kept in bounds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from pipelines.errors import NotMediaError
from services.jobs.failures import failure_of
from services.jobs.holdings import Holdings
from services.jobs.renderings import KeptFile, Rendering, Renderings
from services.jobs.values import Claim
from tests.contract.jobs_kit import ACTOR, DIGEST, RESULT, Desk, desk

NAME = "c" * 64
LONG = timedelta(days=7)
MUCH = 1 << 40


@pytest.fixture
def opened(url: str) -> Iterator[Desk]:
    """A desk over a database of each kind in turn."""
    with desk(url) as one:
        yield one


@pytest.fixture
def kept(opened: Desk) -> Renderings:
    """The renderings of the desk's records."""
    return Renderings(opened.database)


def files(letter: str = "d", size: int = 7) -> tuple[KeptFile, ...]:
    """One file of a rendering."""
    return (KeptFile("a.bin", letter * 64, size, f"renderings/{letter * 2}/{letter * 32}"),)


def rendered(opened: Desk, kept: Renderings, name: str = NAME, letter: str = "d") -> Claim:
    """A job that runs and has handed its rendering over."""
    opened.submit()
    mine = opened.claim()
    kept.add("p", name, job=mine.job, source=DIGEST, files=files(letter))
    return mine


def forgotten(kept: Renderings) -> list[str]:
    """The keys of what must not be used any more."""
    return list(kept.forget_useless(unused_for=LONG, most_bytes=MUCH))


def test_a_rendering_is_of_use_when_its_job_is_done(opened: Desk, kept: Renderings) -> None:
    """Before its job has ended well nothing is found, and nobody else's is wanted."""
    mine = rendered(opened, kept)
    assert kept.find("p", NAME) is None
    assert not kept.is_wanted("p", NAME)
    opened.jobs.complete(mine, [RESULT])
    assert kept.find("p", NAME) == Rendering(mine.job, files())
    assert forgotten(kept) == []


def test_a_rendering_is_its_projects_alone(opened: Desk, kept: Renderings) -> None:
    """Another project that asks for the same learns nothing."""
    opened.jobs.complete(rendered(opened, kept), [RESULT])
    opened.project("q")
    assert kept.find("q", NAME) is None
    assert kept.is_wanted("q", NAME)


@pytest.mark.parametrize("given_up", [RESULT.artifact, DIGEST])
def test_what_was_given_up_takes_its_rendering_along(
    opened: Desk, kept: Renderings, given_up: str
) -> None:
    """Once the job's input or a result of it is released, the rendering is not found again."""
    opened.jobs.complete(rendered(opened, kept), [RESULT])
    Holdings(opened.database, actor=ACTOR).release(
        "p", given_up, reason="asked for", principal="me", request="r"
    )
    assert kept.find("p", NAME) is None
    assert kept.is_wanted("p", NAME)
    assert forgotten(kept) == [files()[0].object_key]


def test_of_two_that_rendered_the_same_the_first_stays(opened: Desk, kept: Renderings) -> None:
    """Whoever took a rendering named its job; another job's never takes its place."""
    first = rendered(opened, kept)
    opened.jobs.complete(first, [RESULT])
    again = files("e")
    assert not kept.add("p", NAME, job=opened.submit(), source=DIGEST, files=again)
    assert kept.find("p", NAME) == Rendering(first.job, files())


def test_jobs_that_rendered_the_same_at_once_are_none_the_worse(
    opened: Desk, kept: Renderings
) -> None:
    """Of several that hand the same over at one moment one is kept, and none hears an error."""
    jobs = {letter: opened.submit() for letter in "abcdef"}
    begun = threading.Barrier(len(jobs))

    def add(letter: str) -> bool:
        begun.wait()
        return kept.add("p", NAME, job=jobs[letter], source=DIGEST, files=files(letter))

    with ThreadPoolExecutor(len(jobs)) as threads:
        assert sorted(threads.map(add, jobs)) == [False] * 5 + [True]


def test_a_job_that_failed_leaves_no_rendering(opened: Desk, kept: Renderings) -> None:
    """What was rendered before a law broke is never used, and goes."""
    mine = rendered(opened, kept)
    assert forgotten(kept) == []
    opened.jobs.fail(mine, failure_of(NotMediaError("It is a text.")))
    assert opened.state(mine.job) == "failed"
    assert kept.find("p", NAME) is None
    assert forgotten(kept) == [files()[0].object_key]


def test_what_nobody_uses_is_forgotten(opened: Desk, kept: Renderings) -> None:
    """A rendering stays while it is of use, and goes a while after it was last."""
    opened.jobs.complete(rendered(opened, kept), [RESULT])
    opened.forward(LONG.total_seconds() - 1)
    assert kept.find("p", NAME) is not None
    opened.forward(LONG.total_seconds() - 1)
    assert forgotten(kept) == []
    opened.forward(2)
    assert forgotten(kept) == [files()[0].object_key]


def test_no_more_is_kept_than_may_be(opened: Desk, kept: Renderings) -> None:
    """Beyond the bound those go that were of use longest ago."""
    names = {letter: letter * 64 for letter in "def"}
    for letter, name in names.items():
        opened.jobs.complete(rendered(opened, kept, name, letter), [RESULT])
    opened.forward(1)
    assert kept.find("p", names["d"]) is not None
    gone = kept.forget_useless(unused_for=LONG, most_bytes=14)
    assert list(gone) == [files("e")[0].object_key]
    keys = [files(letter)[0].object_key for letter in "def"]
    assert kept.living(keys) == {keys[0], keys[2]}
