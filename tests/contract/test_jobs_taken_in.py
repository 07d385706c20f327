"""Requests that come together: one transaction, and each is accepted or refused by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, event

from services.jobs.artifacts import Artifact, Artifacts
from services.jobs.controls import Project
from services.jobs.errors import KeyConflictError, LimitError, UnknownArtifactError
from services.jobs.submit import submit
from services.jobs.values import NewStage, Submission, Submitted
from tests.contract.jobs_kit import ACTOR, DIGEST, LANE, Desk, desk

OTHER = "sha256:" + "c" * 64


@pytest.fixture
def opened(url: str) -> Iterator[Desk]:
    """A desk over a database of each kind in turn."""
    with desk(url) as one:
        yield one


def taken_in(opened: Desk, group: Sequence[Submission]) -> list[Submitted | type[Exception]]:
    """Take a group in with one transaction; of each its answer, or what refused it."""
    with opened.database.writing() as connection:
        now = opened.database.now(connection)
        answers = submit(connection, group, now=now, actor=ACTOR)
    found: list[Submitted | type[Exception]] = []
    for answer in answers:
        try:
            found.append(answer())
        except (KeyConflictError, LimitError, UnknownArtifactError) as error:
            found.append(type(error))
    return found


def test_what_is_told_is_what_is_on_record(opened: Desk) -> None:
    """The job of an answer is the job as it is read afterwards, to the last member."""
    asked = opened.asked(
        case="case 7",
        item="3",
        deadline_at=opened.now + timedelta(hours=1),
        details={"name": "photo.png"},
        stages=(NewStage("a", LANE, networks=("net",)), NewStage("b", LANE, needs=("a",))),
    )
    for submitted in (opened.jobs.submit(asked), opened.jobs.submit(opened.asked())):
        assert submitted.is_new
        assert submitted.job == opened.jobs.get(submitted.job.id)


def test_each_request_of_a_group_has_its_own_answer(opened: Desk) -> None:
    """Of requests that share a transaction, those that cannot be are refused alone."""
    before = opened.submit(idempotency_key="old")
    plain, unheld = opened.asked(), opened.asked(inputs=(OTHER,))
    repeated = opened.asked(idempotency_key="old")
    changed = opened.asked(idempotency_key="old", request_sha256="2" * 64)
    found = taken_in(opened, [plain, unheld, repeated, changed, plain])
    first, *refused, last = found
    assert isinstance(first, Submitted)
    assert isinstance(last, Submitted)
    assert first.is_new
    assert last.is_new
    assert first.job.id != last.job.id
    assert refused[0] is UnknownArtifactError
    assert isinstance(refused[1], Submitted)
    assert (refused[1].job.id, refused[1].is_new) == (before, False)
    assert refused[2] is KeyConflictError
    assert len(opened.jobs.claims([LANE], "w", lambda: 9)) == 3


def test_one_key_within_a_group_is_one_job(opened: Desk) -> None:
    """A request that comes twice in one group is one job; another under its key is refused."""
    asked = opened.asked(idempotency_key="once")
    changed = opened.asked(idempotency_key="once", request_sha256="2" * 64)
    first, again, other = taken_in(opened, [asked, asked, changed])
    assert isinstance(first, Submitted)
    assert isinstance(again, Submitted)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.job == again.job
    assert other is KeyConflictError


def test_a_place_that_one_of_a_group_took_is_not_free_for_the_next(opened: Desk) -> None:
    """A project's limit of unfinished jobs holds within a group, and for that project alone."""
    opened.project("q")
    opened.controls.set_project(Project("p", "p", queued_limit=2))
    opened.submit()
    mine, other = opened.asked(), opened.asked(project="q")
    found = taken_in(opened, [mine, mine, other, other])
    assert [isinstance(one, Submitted) for one in found] == [True, False, True, True]
    assert found[1] is LimitError


def test_those_who_come_together_share_a_transaction(
    opened: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that wait while a transaction begins are all in it, each with its own job."""
    commits: list[Connection] = []
    listening: Callable[[Connection], None] = commits.append
    waiting, now = opened.jobs._intake._waiting, opened.database.now

    def when_all_wait(connection: Connection) -> datetime:
        while len(waiting) < 16:
            time.sleep(0.001)
        return now(connection)

    monkeypatch.setattr(opened.database, "now", when_all_wait)
    event.listen(opened.database._engine, "commit", listening)
    with ThreadPoolExecutor(16) as pool:
        jobs = list(pool.map(lambda _: opened.jobs.submit(opened.asked()).job.id, range(16)))
    event.remove(opened.database._engine, "commit", listening)
    assert len(commits) == 1
    assert len(set(jobs)) == 16
    for job in jobs:
        assert opened.kinds(job) == ["accepted"]
        assert opened.entries(job) == ["accepted"]


def test_what_an_artifact_is_called_is_its_first_name(opened: Desk) -> None:
    """Jobs that read an artifact do not name it; the first who did is asked, of that project."""
    opened.submit()
    artifacts = Artifacts(opened.database)
    opened.forward(1)
    again = Artifact(DIGEST, "artifacts/aa/" + "a" * 32, 3, "image/png")
    artifacts.add("p", again, name="other.png", holder="later")
    opened.project("nobody's")
    assert artifacts.name("p", DIGEST) == "photo.png"
    found = artifacts.find_named("p", DIGEST)
    assert found is not None
    assert found == (artifacts.find("p", DIGEST), "photo.png")
    assert artifacts.find_named("p", OTHER) is None
    assert artifacts.name("p", OTHER) == ""
