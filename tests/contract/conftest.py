"""What contract suites run against: every adapter of a port, the real servers included."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.database.database import Database
from services.database.migrate import upgrade
from tests.servers.temporary_postgres import TemporaryPostgres, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    """One PostgreSQL for the session."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records.db"
    return request.getfixturevalue("postgres").database()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("records") / "records.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: TemporaryPostgres) -> str:
    """The name of a migrated database, to be copied."""
    url = postgres.database()
    database = Database(url)
    upgrade(database)
    database.close()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database, of each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "records.db"
        shutil.copy(request.getfixturevalue("migrated"), path)
        return f"sqlite:///{path}"
    template = request.getfixturevalue("migrated_postgres")
    return request.getfixturevalue("postgres").database(template)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A migrated database, of each kind in turn."""
    opened = Database(url)
    yield opened
    opened.close()
