"""One contract for jobs on both databases: what people want, events, pages, deadlines, wake-ups."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from pipelines.errors import RequestError, ResourceError
from services.database.words import State, Wanted
from services.jobs.errors import MoveError, UnknownJobError
from services.jobs.failures import failure_of
from services.jobs.jobs import Jobs
from services.jobs.values import JobFilter, JobStand, NewStage
from tests.contract.jobs_kit import ACTOR, LANE, RESULT, Desk, desk


@pytest.fixture(name="desk")
def opened(url: str) -> Iterator[Desk]:
    """A desk on a database of each kind in turn."""
    with desk(url) as one:
        yield one


def test_a_waiting_job_is_canceled_at_once(desk: Desk) -> None:
    """What nobody runs is over in the same moment, and cannot be claimed."""
    job = desk.submit()
    assert desk.jobs.cancel(job, by="me").state is State.CANCELED
    assert desk.jobs.claim([LANE], "w") is None
    assert desk.jobs.cancel(job, by="me").state is State.CANCELED


def test_a_running_job_is_canceled_when_its_worker_stops(desk: Desk) -> None:
    """The worker learns of it with its renewal; the job is over when the worker has stopped."""
    job = desk.submit()
    mine = desk.claim()
    assert desk.jobs.cancel(job, by="me").state is State.RUNNING
    assert [held.wanted for held in desk.jobs.renew("w", [mine.stage])] == [Wanted.CANCEL]
    desk.jobs.stopped(mine)
    assert desk.state(job) == "canceled"
    assert desk.kinds(job)[-2:] == ["cancel.wanted", "canceled"]


def test_a_canceled_job_whose_worker_died_is_over_with_its_lease(desk: Desk) -> None:
    """Nobody needs to answer for a cancellation to happen."""
    job = desk.submit()
    desk.claim()
    desk.jobs.cancel(job, by="me")
    desk.forward(31)
    desk.jobs.sweep()
    assert desk.state(job) == "canceled"


def test_what_was_finished_before_a_cancellation_arrived_is_done(desk: Desk) -> None:
    """A result that was made in time stands; it is not thrown away."""
    job = desk.submit()
    mine = desk.claim()
    desk.jobs.cancel(job, by="me")
    desk.jobs.complete(mine, [RESULT])
    assert desk.state(job) == "done"


def test_a_paused_job_waits_until_it_is_resumed(desk: Desk) -> None:
    """Pausing uses up no chance; a resumed job is claimed again with a higher token."""
    job = desk.submit()
    mine = desk.claim()
    desk.jobs.pause(job, by="me")
    desk.jobs.stopped(mine)
    assert desk.state(job) == "paused"
    assert desk.jobs.claim([LANE], "w") is None
    assert desk.jobs.resume(job, by="me").state is State.QUEUED
    assert LANE in {wake.lane for wake in desk.outbox.due()}
    assert desk.claim().attempt == 2


def test_a_paused_job_can_be_canceled(desk: Desk) -> None:
    """From a pause, a job goes on or is called off."""
    job = desk.submit()
    desk.jobs.pause(job, by="me")
    assert desk.jobs.cancel(job, by="me").state is State.CANCELED


def test_a_drained_worker_gives_its_stage_back(desk: Desk) -> None:
    """A process that is told to end hands its work on at once, without a lost lease."""
    job = desk.submit()
    mine = desk.claim()
    desk.jobs.stopped(mine)
    assert desk.state(job) == "queued"
    assert desk.claim("other").attempt == 2


def test_a_failure_during_a_pause_is_a_pause(desk: Desk) -> None:
    """A job that fails while it should stop waits, and is not tried again by itself."""
    job = desk.submit()
    mine = desk.claim()
    desk.jobs.pause(job, by="me")
    desk.jobs.fail(mine, failure_of(ResourceError("no room")))
    assert desk.state(job) == "paused"


def test_moves_that_make_no_sense_are_refused(desk: Desk) -> None:
    """A job that is done stays so; one that never paused is not resumed."""
    job = desk.submit()
    with pytest.raises(MoveError):
        desk.jobs.resume(job, by="me")
    with pytest.raises(MoveError):
        desk.jobs.retry(job, by="me")
    desk.jobs.complete(desk.claim(), [])
    for move in (desk.jobs.cancel, desk.jobs.pause, desk.jobs.retry):
        with pytest.raises(MoveError):
            move(job, by="me")


def test_another_projects_job_is_unknown(desk: Desk) -> None:
    """A project neither sees nor moves what is another's."""
    job = desk.submit()
    desk.project("q")
    with pytest.raises(UnknownJobError):
        desk.jobs.get(job, project="q")
    with pytest.raises(UnknownJobError):
        desk.jobs.cancel(job, by="me", project="q")


def test_finished_stages_are_not_done_again(desk: Desk) -> None:
    """A job that is sent back goes on where it failed."""
    job = desk.submit(stages=(NewStage("a", LANE), NewStage("b", LANE, needs=("a",))))
    desk.jobs.complete(desk.claim(), [])
    desk.jobs.cancel(job, by="me")
    desk.jobs.retry(job, by="me")
    mine = desk.claim()
    assert mine.name == "b"
    desk.jobs.complete(mine, [])
    assert desk.state(job) == "done"


def test_events_of_a_job_have_no_gap(desk: Desk) -> None:
    """Numbers run from 1 on, whoever writes at once, and a reader misses nothing."""
    job = desk.submit()
    mine = desk.claim()

    def report(worker: int) -> None:
        for step in range(5):
            desk.jobs.progress(mine, f"step {worker}.{step}", done=step, total=5)

    threads = [threading.Thread(target=report, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = desk.jobs.events(job)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert len(events) == 2 + 15
    assert desk.jobs.events(job, after=16) == events[16:]
    assert desk.jobs.get(job).event_count == 17


def test_pages_hold_every_job_once(desk: Desk) -> None:
    """Pages go from the newest to the oldest without a gap, filtered as asked."""
    made = [desk.submit(case="c" if n % 2 else None) for n in range(5)]
    found, cursor = [], None
    while True:
        page = desk.jobs.page(JobFilter(project="p"), cursor=cursor, limit=2)
        found += [job.id for job in page.jobs]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == made[::-1]
    assert len(desk.jobs.page(JobFilter(case="c")).jobs) == 2
    assert desk.jobs.page(JobFilter(states=(State.DONE,))).jobs == ()


@pytest.mark.parametrize(
    "cursor", ["", "x", "////", "MSB4YQ==x", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5IHg="]
)
def test_a_cursor_from_elsewhere_is_refused(desk: Desk, cursor: str) -> None:
    """What is no cursor of ours is wrong use, never a fault."""
    with pytest.raises(RequestError):
        desk.jobs.page(JobFilter(), cursor=cursor)


def test_a_job_that_will_be_late_says_so_before_it_is(desk: Desk) -> None:
    """The warning comes as soon as the usual time does not fit any more, and comes once."""
    desk.submit()
    mine = desk.claim()
    desk.jobs.renew("w", [mine.stage])
    desk.forward(100)
    desk.jobs.complete(mine, [])
    job = desk.submit(deadline_at=desk.now + timedelta(seconds=150))
    assert desk.jobs.warn() == 0
    desk.forward(60)
    assert desk.jobs.warn() == 1
    assert desk.jobs.warn() == 0
    assert desk.kinds(job)[-1] == "deadline.at_risk"
    view = desk.jobs.get(job)
    assert view.late_at is not None
    assert view.deadline_at is not None
    assert view.late_at < view.deadline_at


def test_a_job_that_is_done_is_never_late(desk: Desk) -> None:
    """What is over needs no warning."""
    desk.submit(deadline_at=desk.now + timedelta(seconds=10))
    desk.jobs.complete(desk.claim(), [])
    desk.forward(20)
    assert desk.jobs.warn() == 0


def test_wakeups_stay_until_they_are_sent(desk: Desk) -> None:
    """A wake-up that nobody confirmed is due again, in whatever order ids were committed."""
    desk.submit()
    desk.submit()
    first, second = desk.outbox.due()
    desk.outbox.done([second])
    assert desk.outbox.due() == (first,)
    desk.outbox.done([first])
    assert desk.outbox.due() == ()
    assert desk.outbox.forget() == 2


def test_lost_wakeups_are_made_up_for(desk: Desk) -> None:
    """A lane with work is found without any message; one whose work waits is not."""
    desk.submit()
    desk.outbox.done(desk.outbox.due())
    assert desk.outbox.ready_lanes() == (LANE,)
    desk.jobs.fail(desk.claim(), failure_of(ResourceError("no room")))
    assert desk.outbox.ready_lanes() == ()
    desk.forward(600)
    assert desk.outbox.ready_lanes() == (LANE,)


def test_a_new_job_wakes_its_lane_at_once(desk: Desk) -> None:
    """A hint goes out after the commit; a broker that is away costs nothing but the hint."""
    told: list[str] = []

    def hint(lane: str) -> None:
        told.append(lane)
        raise ResourceError("away")

    jobs = Jobs(desk.database, actor=ACTOR, hint=hint)
    made = jobs.submit(desk.asked(idempotency_key="k"))
    again = jobs.submit(desk.asked(idempotency_key="k"))
    assert (made.job.id, told) == (again.job.id, [LANE])
    assert [wake.lane for wake in desk.outbox.due()] == [LANE]


def test_many_jobs_are_asked_about_at_once(desk: Desk) -> None:
    """How many jobs stand is one question; one that is not there is not in the answer."""
    first, second = desk.submit(), desk.submit()
    desk.jobs.cancel(second, by="somebody")
    nobody = [f"{number:036d}" for number in range(1200)]
    found = desk.jobs.stands([first, *nobody, second])
    assert found == {
        first: JobStand(len(desk.jobs.events(first)), State.QUEUED),
        second: JobStand(len(desk.jobs.events(second)), State.CANCELED),
    }
    assert [one.is_over for one in (found[first], found[second])] == [False, True]
