"""One contract for both databases: transactions, moments, constraints, and the way up and down."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from pipelines.errors import RequestError, ResourceError
from services.database.database import Database
from services.database.migrate import BASE, downgrade, revision, revisions, upgrade
from services.database.tables import (
    RECORDS,
    api_keys,
    artifact_references,
    artifacts,
    attempts,
    job_events,
    jobs,
    outbox,
    paused_lanes,
    pending_entries,
    projects,
    segments,
    stages,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64
PROJECT = {"id": "p", "name": "P", "created_at": NOON}
ARTIFACT = {
    "digest": DIGEST, "object_key": "k", "bytes": 1, "media_type": "image/png", "created_at": NOON,
}  # fmt: skip
JOB = {
    "id": "j", "project": "p", "priority": 1, "pipeline": "photo", "preset": "balanced",
    "graph": {"version": 1}, "graph_sha256": "0" * 64, "request_sha256": "0" * 64,
    "principal": "somebody", "request_id": "r", "details": {}, "created_at": NOON,
}  # fmt: skip
STAGE = {
    "id": "s", "job": "j", "project": "p", "name": "whole", "lane": "photo", "priority": 1,
    "needs": [], "not_before": NOON, "created_at": NOON,
}  # fmt: skip
REFERENCE = {"project": "p", "artifact": DIGEST, "holder": "upload", "created_at": NOON}
ATTEMPT = {"stage": "s", "attempt": 1, "worker": "w", "started_at": NOON}
EVENT = {"job": "j", "number": 1, "kind": "accepted", "data": {}, "at": NOON}
SEGMENT = {
    "stage": "s", "number": 0, "first_frame": 0, "stop_frame": 2, "attempt": 1,
    "delivered_sha256": "0" * 64, "finished_at": NOON,
}  # fmt: skip
ENTRY = {"job": "j", "sequence": 0, "kind": "accepted", "at": NOON, "actor": {}, "body": {}}
API_KEY = {
    "id": "k" * 16, "secret_sha256": "0" * 64, "name": "somebody", "project": "p", "scopes": [],
    "made_by": "me", "created_at": NOON,
}  # fmt: skip

ROWS: tuple[tuple[Table, Mapping[str, Any]], ...] = (
    (projects, PROJECT),
    (artifacts, ARTIFACT),
    (artifact_references, REFERENCE),
    (jobs, JOB),
    (stages, STAGE),
    (attempts, ATTEMPT),
    (segments, SEGMENT),
    (job_events, EVENT),
    (pending_entries, ENTRY),
    (outbox, {"lane": "photo", "not_before": NOON, "created_at": NOON}),
    (api_keys, API_KEY),
    (paused_lanes, {"lane": "video", "paused_by": "me", "reason": "repairs", "at": NOON}),
)


def fill(connection: Connection) -> None:
    """Put a row into every table that others hang on."""
    for table, row in ROWS:
        connection.execute(insert(table).values(**row))


def count(connection: Connection, table: Table) -> int:
    """Count the rows of a table."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a row in every table that others hang on."""
    with database.writing() as connection:
        fill(connection)
    return database


def test_what_a_failed_block_wrote_is_gone(database: Database) -> None:
    """An error that leaves a transaction leaves nothing of it."""
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute(insert(projects).values(**PROJECT))
        raise RuntimeError
    with database.reading() as connection:
        assert count(connection, projects) == 0


def test_moments_come_back_as_they_went_in(filled: Database) -> None:
    """A moment keeps its microseconds and its zone."""
    moment = NOON + timedelta(microseconds=1)
    with filled.writing() as connection:
        connection.execute(projects.update().values(created_at=moment))
    with filled.reading() as connection:
        assert connection.execute(select(projects.c.created_at)).scalar_one() == moment


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    """Nobody can store a time that means something else on another machine."""
    row = {**PROJECT, "created_at": datetime(2026, 1, 2)}  # noqa: DTZ001 - the point
    with pytest.raises(Exception, match="without its zone"), database.writing() as connection:
        connection.execute(insert(projects).values(**row))


def test_the_time_is_utc_and_does_not_go_back(database: Database) -> None:
    """The database's own time is aware and runs forward within a transaction."""
    with database.reading() as connection:
        first, second = database.now(connection), database.now(connection)
    assert first.utcoffset() == timedelta(0)
    assert first <= second


def test_alone_lets_one_at_a_time_past(database: Database) -> None:
    """Two transactions that both asked to be alone never overlap."""
    inside, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        for _ in range(5):
            with database.writing() as connection:
                database.alone(connection, "claim")
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                connection.execute(select(func.count()).select_from(projects))
                with lock:
                    inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


WRONG: tuple[tuple[Table, Mapping[str, Any]], ...] = (
    (projects, {**PROJECT, "id": "q", "share": 0}),
    (projects, {**PROJECT, "id": "q", "queued_limit": -1}),
    (artifacts, {**ARTIFACT, "digest": "sha256:abc", "object_key": "l"}),
    (artifacts, {**ARTIFACT, "digest": "sha256:" + "b" * 64}),
    (artifacts, {**ARTIFACT, "digest": "sha256:" + "b" * 64, "object_key": "l", "bytes": -1}),
    (artifact_references, {**REFERENCE, "artifact": "sha256:" + "b" * 64}),
    (artifact_references, {**REFERENCE, "holder": "upload"}),
    (jobs, {**JOB, "id": "k", "state": "lost"}),
    (jobs, {**JOB, "id": "k", "state": "done"}),
    (jobs, {**JOB, "id": "k", "finished_at": NOON}),
    (jobs, {**JOB, "id": "k", "project": "nobody"}),
    (jobs, {**JOB, "id": "k", "priority": 10}),
    (stages, {**STAGE, "id": "t"}),
    (stages, {**STAGE, "id": "t", "name": "b", "job": "nobody"}),
    (stages, {**STAGE, "id": "t", "name": "b", "state": "running"}),
    (stages, {**STAGE, "id": "t", "name": "b", "worker": "w", "lease_until": NOON}),
    (stages, {**STAGE, "id": "t", "name": "b", "waiting_on": -1}),
    (attempts, ATTEMPT),
    (attempts, {**ATTEMPT, "attempt": 2, "ended": "lost"}),
    (segments, SEGMENT),
    (segments, {**SEGMENT, "number": 1, "stop_frame": 0}),
    (job_events, EVENT),
    (job_events, {**EVENT, "number": 0}),
    (pending_entries, ENTRY),
    (paused_lanes, {"lane": "video", "paused_by": "me", "reason": "", "at": NOON}),
)


@pytest.mark.parametrize(("table", "row"), WRONG)
def test_the_database_refuses_what_cannot_be(
    filled: Database, table: Table, row: Mapping[str, Any]
) -> None:
    """A row that breaks a rule is refused by the database itself, whoever writes it."""
    with pytest.raises(IntegrityError), filled.writing() as connection:
        connection.execute(insert(table).values(**row))


def test_one_key_is_one_job_of_a_project(filled: Database) -> None:
    """An idempotency key is taken once per project; jobs without one are many."""
    with filled.writing() as connection:
        connection.execute(insert(jobs).values(**{**JOB, "id": "k"}))
        connection.execute(insert(jobs).values(**{**JOB, "id": "l", "idempotency_key": "once"}))
    with pytest.raises(IntegrityError), filled.writing() as connection:
        connection.execute(insert(jobs).values(**{**JOB, "id": "m", "idempotency_key": "once"}))


def test_a_deleted_job_takes_its_parts_along(filled: Database) -> None:
    """Stages, attempts and events of a deleted job go; its evidence stays."""
    with filled.writing() as connection:
        connection.execute(jobs.delete())
    with filled.reading() as connection:
        gone = [count(connection, table) for table in (stages, attempts, segments, job_events)]
        assert gone == [0, 0, 0, 0]
        assert count(connection, pending_entries) == 1


def test_the_steps_lead_to_the_tables(empty_url: str) -> None:
    """The migrations make exactly the tables that the code speaks to."""
    database = Database(empty_url)
    upgrade(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, RECORDS) == []
    assert revision(database) == revisions()[-1]
    database.close()


@pytest.mark.parametrize("step", range(len(revisions())))
def test_every_step_has_its_way_back(empty_url: str, step: int) -> None:
    """Each migration goes down and up again with rows in all tables; earlier tables keep theirs."""
    database = Database(empty_url)
    upgrade(database)
    with database.writing() as connection:
        fill(connection)
    before = (BASE, *revisions())[step]
    downgrade(database, before)
    assert revision(database) == (None if before == BASE else before)
    upgrade(database, revisions()[step])
    upgrade(database)
    with database.reading() as connection:
        kept = count(connection, projects)
    assert kept == (0 if step == 0 else 1)
    with database.writing() as connection:
        for table in reversed(RECORDS.sorted_tables):
            connection.execute(table.delete())
        fill(connection)
    database.close()


def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    """A database that another version migrated further is refused."""
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")
    with pytest.raises(ResourceError, match="another version"):
        upgrade(database)


@pytest.mark.parametrize("url", ["", "mysql://here/db", "sqlite://", "sqlite:///:memory:", "x"])
def test_other_databases_are_refused(url: str) -> None:
    """An address that names neither SQLite's file nor PostgreSQL is wrong use."""
    with pytest.raises(RequestError, match="names no SQLite file"):
        Database(url)
