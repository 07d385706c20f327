"""What contract suites run against: every adapter of a port, the real servers included."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.database.database import Database
from services.database.migrate import upgrade
from services.database.tables import RECORDS
from services.storage.opening import open_folder, open_s3
from services.storage.port import Storage
from tests.servers.temporary_postgres import TemporaryPostgres, running_postgres
from tests.servers.temporary_s3 import ceph, new_bucket, rclone


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
    """The address of a migrated database, to be emptied before each use."""
    url = postgres.database()
    database = Database(url)
    upgrade(database)
    database.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database, of each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "records.db"
        shutil.copy(request.getfixturevalue("migrated"), path)
        return f"sqlite:///{path}"
    address: str = request.getfixturevalue("migrated_postgres")
    emptied = Database(address)
    with emptied.writing() as connection:
        names = ", ".join(table.name for table in RECORDS.sorted_tables)
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    emptied.close()
    return address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A migrated database, of each kind in turn."""
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def ceph_address(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running RADOS Gateway."""
    with ceph(shared / "services", tmp_path_factory.mktemp("ceph")) as address:
        yield address


@pytest.fixture(scope="session")
def rclone_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running `rclone serve s3`."""
    with rclone(tmp_path_factory.mktemp("rclone")) as address:
        yield address


@pytest.fixture(params=["folder", "ceph", "rclone"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty store of each kind."""
    if request.param == "folder":
        return open_folder(tmp_path / "store")
    endpoint = request.getfixturevalue(f"{request.param}_address")
    return open_s3(new_bucket(endpoint, prefix="evident/"))
