"""The servers that chaos is made with: real ones, each started when a test first asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pytest

from tests.servers.temporary_postgres import TemporaryPostgres, running_postgres
from tests.servers.temporary_redis import TemporaryRedis, running_redis
from tests.servers.temporary_s3 import TemporaryRclone, running_rclone


class Servers:
    """What a deployment stands on; everything may be killed and started again."""

    def __init__(self, postgres: TemporaryPostgres, folder: Path, stack: ExitStack) -> None:
        self.postgres = postgres
        self._folder = folder
        self._stack = stack

    @cached_property
    def redis(self) -> TemporaryRedis:
        """The broker."""
        return self._stack.enter_context(running_redis())

    @cached_property
    def s3(self) -> TemporaryRclone:
        """An S3 server."""
        folder = self._folder / "s3"
        folder.mkdir()
        return self._stack.enter_context(running_rclone(folder))


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    """A PostgreSQL that writes to the disk as a real one does."""
    with running_postgres(durable=True) as server:
        yield server


@pytest.fixture
def servers(postgres: TemporaryPostgres, tmp_path: Path) -> Iterator[Servers]:
    """The servers of one test; PostgreSQL is shared, its databases are not."""
    with ExitStack() as stack:
        yield Servers(postgres, tmp_path, stack)
