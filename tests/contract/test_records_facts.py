"""What a scrape learns from the records, on both databases: it moves as the work does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.auth.scopes import PROBE_PROJECT
from services.database.database import Database
from services.database.migrate import upgrade
from services.gateway.records_facts import RecordsFacts
from services.jobs.failures import LOST, failure_of
from services.telemetry.records_metrics import ErrorFacts
from tests.contract.jobs_kit import LANE, RESULT, Desk, desk


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


def test_a_lane_is_told_from_waiting_to_running(records: Desk, facts: RecordsFacts) -> None:
    """A job that waits has an age; one that runs is counted as running; a pause is shown."""
    assert facts.lanes() == ()
    records.submit()
    (lane,) = facts.lanes()
    assert (lane.ready, lane.running, lane.is_paused) == (1, 0, False)
    assert lane.oldest_at is not None
    assert (records.now - lane.oldest_at).total_seconds() == 1
    records.claim()
    (lane,) = facts.lanes()
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
    found = facts.probe()
    assert found is not None
    assert (found.done_at, found.seconds) == (records.now, (records.now - begun).total_seconds())
