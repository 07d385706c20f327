"""The servers that chaos is made with: real ones, of one test each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.temporary_postgres import TemporaryPostgres, running_postgres
from tests.servers.temporary_redis import TemporaryRedis, running_redis


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    """A PostgreSQL that writes to the disk as a real one does."""
    with running_postgres(durable=True) as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[TemporaryRedis]:
    """A Redis that may be killed."""
    with running_redis() as server:
        yield server
