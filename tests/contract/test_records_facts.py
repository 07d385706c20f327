"""What a scrape learns from the records, on both databases: it moves as the work does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from pipelines.errors import RequestError
from services.auth.scopes import PROBE_PROJECT
from services.database.database import Database
from services.database.migrate import upgrade
from services.database.tables import pending_entries
from services.gateway.records_facts import RecordsFacts
from services.jobs.errors import UnknownJobError
from services.jobs.failures import LOST, failure_of
from services.jobs.forget import Forgetting
from services.jobs.holdings import Holdings
from services.telemetry.records_metrics import ErrorFacts
from tests.contract.jobs_kit import ACTOR, DIGEST, LANE, RESULT, Desk, desk


@pytest.fixture
def records(empty_url: str) -> Iterator[Desk]:
    """Empty records."""
    database = Database(empty_url)
    upgrade(database)
    database.close()
    with desk(empty_url) as opened:
        yield opened


@pytest.fixture
def facts(records: Desk) -> RecordsFacts:
    """What a scrape asks."""
    return RecordsFacts(records.database)


def give_up(records: Desk, *digests: str) -> None:
    """Give files of the project of probes up."""
    holdings = Holdings(records.database, actor=ACTOR)
    for digest in digests:
        holdings.release(PROBE_PROJECT, digest, reason="r", principal="p", request="r")


def probed(records: Desk) -> str:
    """Do one probe, to its end."""
    job = records.submit(project=PROBE_PROJECT)
    records.jobs.complete(records.claim(), [RESULT])
    give_up(records, RESULT.artifact, DIGEST)
    records.project(PROBE_PROJECT)
    return job


def test_a_lane_is_told_from_waiting_to_running(records: Desk, facts: RecordsFacts) -> None:
    """A job that waits has an age; one that runs is counted as running; a pause is shown."""
    idle, video = facts.lanes()
    assert (idle.ready, idle.running, idle.oldest_at, idle.is_paused) == (0, 0, None, False)
    records.submit()
    lane, other = facts.lanes()
    assert other == video
    assert (lane.ready, lane.running, lane.is_paused) == (1, 0, False)
    assert lane.oldest_at is not None
    assert (records.now - lane.oldest_at).total_seconds() == 1
    records.claim()
    lane, _ = facts.lanes()
    assert (lane.ready, lane.running, lane.oldest_at) == (0, 1, None)
    assert facts.unfinished() == {"queued": 0, "running": 1, "retry": 0, "paused": 0}
    records.controls.pause_lane(LANE, by="vera", reason="rest")
    assert facts.lanes()[0].is_paused


def test_errors_are_counted_by_class_and_by_what_became_of_them(
    records: Desk, facts: RecordsFacts
) -> None:
    """A failure that is tried again is a retry, one that is not is a dead letter."""
    records.submit()
    records.jobs.fail(records.claim(), failure_of(OSError("away")))
    assert facts.errors() == (ErrorFacts("OSError", 1, 0),)
    assert facts.dead_letters() == 0
    records.forward(60)
    records.jobs.fail(records.claim(), failure_of(KeyError("x")))
    assert facts.errors() == (ErrorFacts("KeyError", 1, 1), ErrorFacts("OSError", 1, 0))
    assert facts.dead_letters() == 1


def test_a_lease_that_ran_out_is_counted(records: Desk, facts: RecordsFacts) -> None:
    """Every lease that was taken back counts once, under the class of errors of lost workers."""
    records.submit()
    records.claim()
    assert facts.lost_leases() == 0
    records.forward(1000)
    assert records.jobs.sweep() == 1
    assert facts.lost_leases() == 1
    assert facts.errors() == (ErrorFacts(LOST.name, 1, 0),)


def test_late_jobs_and_waiting_entries_are_counted(records: Desk, facts: RecordsFacts) -> None:
    """A job that missed its deadline is late; its entries wait from their time on."""
    begun = records.now
    assert facts.unsealed().entries == 0
    assert facts.unsealed().oldest_at is None
    records.submit(deadline_at=begun)
    records.jobs.warn()
    assert facts.late() == 1
    waiting = facts.unsealed()
    assert waiting.entries > 0
    assert waiting.oldest_at == begun


def test_only_a_probe_that_ended_well_is_one(records: Desk, facts: RecordsFacts) -> None:
    """Neither other projects' jobs nor probes that are under way set the age back."""
    records.project(PROBE_PROJECT)
    records.submit()
    records.jobs.complete(records.claim(), [RESULT])
    assert facts.probe() is None
    begun = records.now
    records.submit(project=PROBE_PROJECT)
    mine = records.claim()
    assert facts.probe() is None
    records.forward(4)
    records.jobs.complete(mine, [RESULT])
    give_up(records, RESULT.artifact, DIGEST)
    found = facts.probe()
    assert found is not None
    assert (found.done_at, found.seconds) == (records.now, (records.now - begun).total_seconds())


def test_a_probe_that_was_not_checked_does_not_count(records: Desk, facts: RecordsFacts) -> None:
    """A probe's job that is done and still holds its files was not looked at by its sender."""
    records.project(PROBE_PROJECT)
    job = records.submit(project=PROBE_PROJECT)
    records.jobs.complete(records.claim(), [RESULT])
    assert records.state(job) == "done"
    assert facts.probe() is None


def test_old_probes_are_forgotten_and_nothing_else(records: Desk, facts: RecordsFacts) -> None:
    """Good probes go when they are old and sealed; failed ones and others' jobs stay."""
    records.project(PROBE_PROJECT)
    forgetting = Forgetting(records.database)
    others = records.submit()
    records.jobs.complete(records.claim(), [RESULT])
    good = probed(records)
    records.submit(project=PROBE_PROJECT)
    bad = records.claim()
    records.jobs.fail(bad, failure_of(RequestError("no")))
    assert forgetting.probes(older_than=timedelta(hours=1)) == 0
    records.forward(7200)
    assert forgetting.probes(older_than=timedelta(hours=1)) == 0, "its entries wait to be sealed"
    with records.database.writing() as connection:
        connection.execute(update(pending_entries).values(done=True))
    assert forgetting.probes(older_than=timedelta(hours=1)) == 1
    with pytest.raises(UnknownJobError):
        records.jobs.get(good)
    assert records.state(others) == "done"
    assert records.state(bad.job) == "failed"
