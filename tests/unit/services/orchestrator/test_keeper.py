"""The keeper: wake-ups are sent until they were, and made up for where they were lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from pipelines.errors import ResourceError
from services.database.database import Database
from services.database.migrate import upgrade
from services.dispatch.port import Heard
from services.orchestrator.keeper import Keeper
from services.provenance.pending import PendingEntries
from tests.contract.jobs_kit import LANE, Desk
from tests.unit.services.provenance.view_kit import writing


class Broker:
    """A dispatch that remembers, and may be away."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.is_away = False

    def wake(self, lane: str) -> None:
        """Remember the lane, or be away."""
        if self.is_away:
            raise ResourceError("away")
        self.sent.append(lane)

    def listening(self, lanes: Collection[str], heard: Heard) -> AbstractContextManager[None]:
        """Nobody listens here."""
        return nullcontext()


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Desk]:
    """Records with one job."""
    url = f"sqlite:///{tmp_path}/records.db"
    database = Database(url)
    upgrade(database)
    database.close()
    desk = Desk(url)
    desk.submit()
    yield desk
    desk.database.close()


@pytest.fixture
def keeper(records: Desk, tmp_path: Path) -> Iterator[tuple[Keeper, Broker]]:
    """A keeper whose duties are called by hand."""
    broker = Broker()
    with writing(tmp_path) as log:
        pending = PendingEntries(records.database, log)
        yield Keeper(records.jobs, records.outbox, broker, pending, log), broker


def test_a_lane_is_woken_once_for_many_wakeups(
    records: Desk, keeper: tuple[Keeper, Broker]
) -> None:
    """However many jobs wait for a lane, one message says so."""
    records.submit()
    one, broker = keeper
    assert one.relay() == 2
    assert broker.sent == [LANE]
    assert one.relay() == 0


def test_what_was_not_sent_is_sent_later(keeper: tuple[Keeper, Broker]) -> None:
    """While the broker is away, wake-ups wait on record."""
    one, broker = keeper
    broker.is_away = True
    with pytest.raises(ResourceError):
        one.relay()
    broker.is_away = False
    assert one.relay() == 1
    assert broker.sent == [LANE]


def test_what_the_broker_lost_is_found_by_polling(keeper: tuple[Keeper, Broker]) -> None:
    """A lane with work is woken again, whatever became of its message."""
    one, broker = keeper
    one.relay()
    broker.sent.clear()
    one.poll()
    assert broker.sent == [LANE]


def test_entries_are_sealed_without_any_job_asking(
    records: Desk, keeper: tuple[Keeper, Broker], tmp_path: Path
) -> None:
    """What is committed is in the published log soon, also of jobs that never run."""
    one, _ = keeper
    one.seal()
    assert (tmp_path / "log" / "public" / "checkpoint").exists()
    assert PendingEntries(records.database, one._log).count()[0] == 0
