"""Entries go from the records into the log once each, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from pipelines.errors import EvidenceError
from pipelines.evidence.entry import parse_entry
from services.database.database import Database
from services.database.migrate import upgrade
from services.database.tables import pending_entries
from services.provenance.local_log import LocalLog
from services.provenance.pending import PendingEntries
from tests.unit.services.provenance.view_kit import writing

ACTOR = {"operator": "o", "session": "s", "host": "h", "application": "a"}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Migrated records."""
    opened = Database(f"sqlite:///{tmp_path}/records.db")
    upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LocalLog]:
    """An empty log."""
    with writing(tmp_path) as opened:
        yield opened


def leave(database: Database, job: str, *sequences: int, **body: Any) -> None:
    """Leave entries of a job for the sealer."""
    with database.writing() as connection:
        for sequence in sequences:
            connection.execute(
                insert(pending_entries).values(
                    job=job, sequence=sequence, kind="accepted", at=NOON, actor=ACTOR, body=body
                )
            )


def test_entries_keep_place_time_and_maker(database: Database, log: LocalLog) -> None:
    """The log's entry says what the records said, not when or by whom it was carried over."""
    leave(database, "j", 0, 1, note="x")
    assert PendingEntries(database, log).drain() == 2
    first, second = (parse_entry(one) for one in log.entries("j"))
    assert (first.sequence, second.sequence) == (0, 1)
    assert first.at == "2026-01-02T12:00:00.000000Z"
    assert (first.actor.operator, first.body) == ("o", {"note": "x"})


def test_what_was_carried_is_not_carried_again(database: Database, log: LocalLog) -> None:
    """A second round finds nothing, and bodies are the log's alone."""
    leave(database, "j", 0, note="x")
    pending = PendingEntries(database, log)
    assert (pending.drain(), pending.drain()) == (1, 0)
    assert pending.count() == (0, None)
    with database.reading() as connection:
        assert connection.execute(select(pending_entries.c.body)).scalar_one() == {}


def test_a_death_between_log_and_records_doubles_nothing(
    database: Database, log: LocalLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries that the log took and the records did not note are offered again, and are there."""
    leave(database, "j", 0, 1)
    pending = PendingEntries(database, log)
    with monkeypatch.context() as patched:
        patched.setattr(PendingEntries, "_done", lambda _self, _rows: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pending.drain()
    assert pending.count()[0] == 2
    assert pending.drain() == 0
    assert pending.count()[0] == 0
    assert len(log.entries("j")) == 2


def test_a_missing_entry_is_an_error_and_never_a_gap(database: Database, log: LocalLog) -> None:
    """The log does not take an entry whose forerunner it has not seen."""
    leave(database, "j", 1)
    with pytest.raises(EvidenceError, match="missing"):
        PendingEntries(database, log).drain()
    assert log.entries("j") == ()


def test_another_entry_in_the_place_is_an_error(database: Database, log: LocalLog) -> None:
    """Where somebody else wrote into the job's log, nothing is passed over in silence."""
    log.record("j", "accepted", {"note": "of another"})
    leave(database, "j", 0)
    with pytest.raises(EvidenceError, match="another content"):
        PendingEntries(database, log).drain()


def test_an_erased_entry_stays_erased(database: Database, log: LocalLog) -> None:
    """What was erased from the log does not come back from the records."""
    leave(database, "j", 0)
    pending = PendingEntries(database, log)
    pending.drain()
    log.erase("j", reason="asked for")
    with database.writing() as connection:
        connection.execute(pending_entries.update().values(done=False, actor=ACTOR))
    assert pending.drain() == 0
    assert log.entries("j") == ()


def test_one_job_can_be_carried_alone(database: Database, log: LocalLog) -> None:
    """Whoever seals a job needs not wait for all others."""
    leave(database, "j", 0)
    leave(database, "k", 0)
    assert PendingEntries(database, log).drain("k") == 1
    assert (len(log.entries("j")), len(log.entries("k"))) == (0, 1)
