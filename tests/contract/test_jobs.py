"""One contract for jobs on both databases: taking in, claiming, finishing, failing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from pipelines.errors import DecodeChildError, NotMediaError, ResourceError
from services.jobs.controls import Project
from services.jobs.errors import (
    KeyConflictError,
    LimitError,
    UnknownArtifactError,
    UnknownJobError,
)
from services.jobs.failures import failure_of
from services.jobs.values import JobFilter, NewStage, Priority
from tests.contract.jobs_kit import LANE, RESULT, Desk, desk


@pytest.fixture(name="desk")
def opened(url: str) -> Iterator[Desk]:
    """A desk on a database of each kind in turn."""
    with desk(url) as one:
        yield one


def test_a_job_is_on_record_with_all_that_belongs_to_it(desk: Desk) -> None:
    """One submission leaves job, stage, event, entry and wake-up together."""
    job = desk.submit(case="case 7")
    view = desk.jobs.get(job)
    assert (view.state, view.case, [stage.lane for stage in view.stages]) == (
        "queued", "case 7", [LANE],
    )  # fmt: skip
    assert desk.kinds(job) == ["accepted"]
    assert desk.entries(job) == ["accepted"]
    assert [wake.lane for wake in desk.outbox.due()] == [LANE]


def test_an_input_that_the_project_does_not_hold_is_refused(desk: Desk) -> None:
    """Nobody works on another project's file, and nothing of the job is left."""
    desk.controls.set_project(Project("q", "Q"))
    with pytest.raises(UnknownArtifactError):
        desk.submit(project="q")
    assert desk.jobs.page(JobFilter()).jobs == ()
    assert desk.outbox.due() == ()


def test_the_same_key_and_request_is_the_same_job(desk: Desk) -> None:
    """A repeated request makes no second job, and says that it made none."""
    first = desk.jobs.submit(desk.asked(idempotency_key="k"))
    again = desk.jobs.submit(desk.asked(idempotency_key="k"))
    assert (first.is_new, again.is_new) == (True, False)
    assert first.job.id == again.job.id


def test_the_same_key_for_another_request_is_refused(desk: Desk) -> None:
    """A key stands for one request of its project; another project may use it."""
    desk.submit(idempotency_key="k")
    with pytest.raises(KeyConflictError):
        desk.submit(idempotency_key="k", request_sha256="2" * 64)
    desk.project("q")
    desk.submit(project="q", idempotency_key="k", request_sha256="2" * 64)


def test_many_at_once_with_one_key_make_one_job(desk: Desk) -> None:
    """Requests that race under one key all get the same job."""
    made: list[str] = []

    def ask() -> None:
        made.append(desk.jobs.submit(desk.asked(idempotency_key="k")).job.id)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1


def test_a_project_with_too_many_jobs_waits(desk: Desk) -> None:
    """Beyond its limit of unfinished jobs a project's requests are refused."""
    desk.controls.set_project(Project("p", "P", queued_limit=1))
    first = desk.submit()
    with pytest.raises(LimitError):
        desk.submit()
    desk.jobs.cancel(first, by="me")
    desk.submit()


def test_a_stage_is_claimed_once(desk: Desk) -> None:
    """Of many who ask at once, each stage goes to one."""
    for _ in range(4):
        desk.submit()
    taken: list[str] = []

    def work(name: str) -> None:
        while (mine := desk.jobs.claim([LANE], name)) is not None:
            taken.append(mine.stage)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 4


def test_a_finished_job_holds_its_results(desk: Desk) -> None:
    """What an attempt commits is the job's, in its order, and the project's to read."""
    job = desk.submit()
    desk.jobs.complete(desk.claim(), [RESULT])
    view = desk.jobs.get(job)
    assert view.state == "done"
    assert [(one.name, one.artifact, one.bytes) for one in view.outputs] == [
        ("enhanced.png", RESULT.artifact, 7)
    ]
    assert desk.kinds(job) == ["accepted", "running", "stage.done", "done"]
    assert view.finished_at == desk.now


def test_what_is_done_is_not_shown_half_way(desk: Desk) -> None:
    """Progress is written now and then; the last word of a stage that is done is all of it."""
    job = desk.submit()
    claim = desk.claim()
    desk.jobs.progress(claim, "storing", done=0, total=8)
    desk.jobs.complete(claim, [RESULT])
    [stage] = desk.jobs.get(job).stages
    assert (stage.step, stage.progress_done, stage.progress_total) == ("storing", 8, 8)


def test_stages_run_in_the_order_of_their_needs(desk: Desk) -> None:
    """A stage is claimed when all that it needs is done, and wakes its lane then."""
    stages = (
        NewStage("a", LANE),
        NewStage("b", LANE),
        NewStage("c", "join", needs=("a", "b")),
    )
    job = desk.submit(stages=stages)
    assert desk.jobs.claim(["join"], "w") is None
    desk.jobs.complete(desk.claim(), [])
    assert desk.jobs.claim(["join"], "w") is None
    desk.jobs.complete(desk.claim(), [])
    assert "join" in {wake.lane for wake in desk.outbox.due()}
    desk.jobs.complete(desk.claim(lane="join"), [])
    assert desk.state(job) == "done"


def test_priority_goes_first(desk: Desk) -> None:
    """Whoever a person waits for goes before a batch, whatever came first."""
    desk.submit(priority=Priority.BATCH)
    urgent = desk.submit(priority=Priority.INTERACTIVE)
    assert desk.claim().job == urgent


def test_a_near_deadline_goes_before_shares(desk: Desk) -> None:
    """A job that is due soon goes before one that is due later or never."""
    desk.submit()
    desk.submit(deadline_at=desk.now + timedelta(days=2))
    near = desk.submit(deadline_at=desk.now + timedelta(minutes=5))
    assert desk.claim().job == near


def test_a_thousand_clips_do_not_starve_a_photo(desk: Desk) -> None:
    """A project that comes late with one job is served next, not after the other's batch."""
    for _ in range(12):
        desk.submit()
    desk.jobs.complete(desk.claim(), [])
    desk.jobs.complete(desk.claim(), [])
    desk.project("q")
    alone = desk.submit(project="q")
    assert desk.claim().job == alone


def test_shares_are_kept(desk: Desk) -> None:
    """A project with three times the share gets three turns for one of the other's."""
    desk.project("q", share=3)
    for _ in range(8):
        desk.submit(project="p")
        desk.submit(project="q")
    turns = [desk.claim(worker=f"w{n}").project for n in range(8)]
    assert turns.count("q") == 6


def test_a_project_runs_no_more_than_it_may(desk: Desk) -> None:
    """Stages beyond a project's running limit wait; another project's do not."""
    desk.project("q", running=1)
    for name in ("q", "q", "p"):
        desk.submit(project=name)
    first, second = desk.claim(), desk.claim()
    assert {first.project, second.project} == {"p", "q"}
    assert desk.jobs.claim([LANE], "w") is None
    desk.jobs.complete(first if first.project == "q" else second, [])
    assert desk.claim().project == "q"


def test_a_network_runs_no_more_often_than_it_may(desk: Desk) -> None:
    """Stages beyond a network's limit wait; those without it do not."""
    desk.controls.limit_network("evident-sr-x2", 1)
    with_it = (NewStage("whole", LANE, networks=("evident-sr-x2",)),)
    desk.submit(stages=with_it)
    held_back = desk.submit(stages=with_it)
    plain = desk.submit()
    desk.claim()
    assert desk.claim().job == plain
    assert desk.jobs.claim([LANE], "w") is None
    desk.controls.limit_network("evident-sr-x2", None)
    assert desk.claim().job == held_back


def test_a_paused_lane_hands_nothing_out(desk: Desk) -> None:
    """While a lane is paused its stages wait; then they are found without a message."""
    desk.submit()
    desk.controls.pause_lane(LANE, by="me", reason="repairs")
    assert desk.jobs.claim([LANE], "w") is None
    assert desk.outbox.ready_lanes() == ()
    assert [(lane.name, lane.paused_by) for lane in desk.controls.lanes()] == [(LANE, "me")]
    desk.controls.resume_lane(LANE)
    assert desk.outbox.ready_lanes() == (LANE,)
    assert [(lane.ready, lane.running) for lane in desk.controls.lanes()] == [(1, 0)]
    desk.claim()


def test_what_may_pass_is_tried_again_later(desk: Desk) -> None:
    """A failure of the machine waits, twice as long each time, and then runs again."""
    job = desk.submit()
    waits = []
    for _ in range(3):
        mine = desk.claim()
        desk.jobs.fail(mine, failure_of(ResourceError("The disk is busy.")))
        assert desk.state(job) == "retry"
        assert desk.jobs.claim([LANE], "w") is None
        waits.append(desk.jobs.events(job)[-2].data["again_in_ms"])
        desk.forward(waits[-1] / 1000)
    assert waits == [2500, 5000, 10000]
    desk.jobs.complete(desk.claim(), [RESULT])
    view = desk.jobs.get(job)
    assert (view.state, view.error) == ("done", None)
    assert desk.entries(job).count("stage.retried") == 3


def test_what_cannot_succeed_is_final_at_once(desk: Desk) -> None:
    """A file that is no picture fails once, with its reason, and nobody tries again."""
    job = desk.submit()
    error = NotMediaError("It is a text.", next_step="Send a photo.")
    desk.jobs.fail(desk.claim(), failure_of(error))
    view = desk.jobs.get(job)
    assert view.state == "failed"
    assert view.error is not None
    assert (view.error.name, view.error.next_step) == ("NotMediaError", "Send a photo.")
    assert [letter.job for letter in desk.controls.dead_letters(project="p")] == [job]


def test_poison_is_quarantined_with_its_diagnosis(desk: Desk) -> None:
    """What crashes its decoder again and again is given up, and can be sent back."""
    job = desk.submit()
    for _ in range(3):
        desk.jobs.fail(desk.claim(), failure_of(DecodeChildError("The decoder crashed.")))
        desk.forward(600)
    assert desk.state(job) == "failed"
    (letter,) = desk.controls.dead_letters()
    assert (letter.attempt, letter.error.reason) == (3, "The decoder crashed.")
    desk.jobs.retry(job, by="me")
    assert desk.controls.dead_letters() == ()
    assert desk.claim().attempt == 4


def test_errors_are_counted_by_class_until_resolved(desk: Desk) -> None:
    """A class of errors shows how often it came; a resolution holds until it comes again."""
    for _ in range(2):
        desk.submit()
        desk.jobs.fail(desk.claim(), failure_of(NotMediaError("It is a text.")))
    (found,) = desk.controls.errors()
    assert (found.name, found.count, found.resolution) == ("NotMediaError", 2, None)
    desk.controls.resolve_error("NotMediaError", by="me", resolution="told the sender")
    assert desk.controls.errors()[0].resolution == "told the sender"
    desk.submit()
    desk.jobs.fail(desk.claim(), failure_of(NotMediaError("It is a text.")))
    assert desk.controls.errors()[0].resolution is None


def test_a_segment_is_noted_once(desk: Desk) -> None:
    """A segment that is noted again, by a later attempt as well, stays the first one's."""
    desk.submit()
    mine = desk.claim()
    for _ in range(2):
        desk.jobs.segment_done(mine, number=0, frames=range(5), delivered_sha256="0" * 64)


def test_a_deleted_job_is_unknown(desk: Desk) -> None:
    """Whoever holds a claim on a job that is gone is told so, and nothing breaks."""
    desk.submit()
    mine = desk.claim()
    with desk.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM jobs")
    with pytest.raises(UnknownJobError):
        desk.jobs.complete(mine, [])
    assert desk.jobs.claim([LANE], "w") is None
    assert desk.jobs.renew("w", [mine.stage]) == ()
