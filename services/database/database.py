"""One database, SQLite or PostgreSQL: transactions that mean the same on both.

Promised:
- a transaction is durable when its block is left, and leaves nothing when an error leaves it
  (SQLite: WAL, `synchronous=FULL`, the write lock taken at the start; PostgreSQL: its own);
- `alone` lets one transaction at a time past, of all processes;
- moments are the database's own (`now`), so that processes on several machines need not agree;
- what the database cannot do now is `ResourceError`, never a driver's exception.

Refused: other databases, SQLite in memory (it would be another for every thread).
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from pipelines.errors import RequestError, ResourceError
from services.database.write_ahead import write_ahead

BUSY_SECONDS = 30.0
POOL_SIZE = 8

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READS = "evident_reads"
_MICROSECONDS = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}

Clock = Callable[[], datetime]


class Database:
    """The database at `url`. `clock` None asks the database itself for the time.

    Safe for threads; a process that forks opens another one.
    """

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self._clock = clock
        self._engine = _engine(url)
        self._writer = threading.Lock()

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL."""
        return self._engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write; it commits when the block ends well."""
        with _translated(), self._turn(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Only reads, and waits for no writer.

        On PostgreSQL every statement sees what is committed when it begins, in a transaction or
        not, so none is opened: that would be two more ways to the server.
        """
        with _translated(), self._engine.connect() as plain:
            connection = plain.execution_options(**{_READS: True})
            with connection.begin():
                yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the threads of this process write to SQLite one after another.

        SQLite lets one write anyhow, and has the others sleep and look again, longer each time.
        """
        if self.is_postgresql:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise ResourceError("The records' database is busy.", next_step="Try again later.")
        try:
            yield
        finally:
            self._writer.release()

    def now(self, connection: Connection) -> datetime:
        """Return the time, in UTC, at this statement."""
        if self._clock is not None:
            return self._clock()
        if not self.is_postgresql:
            return datetime.now(UTC)
        asked = connection.exec_driver_sql(f"SELECT {_MICROSECONDS}")
        return _EPOCH + timedelta(microseconds=asked.scalar_one())

    def alone(self, connection: Connection, purpose: str) -> datetime:
        """Wait until no other transaction holds `purpose`, until this one ends; return the time.

        On SQLite every writing transaction is alone already.
        """
        if not self.is_postgresql:
            return self.now(connection)
        asked = text(f"SELECT pg_advisory_xact_lock(:n), {_MICROSECONDS}")
        row = connection.execute(asked, {"n": zlib.crc32(purpose.encode())}).one()
        return self._clock() if self._clock else _EPOCH + timedelta(microseconds=row[1])


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _no_database() from error
    kind = parsed.get_backend_name()
    if kind not in _DRIVERS or (kind == "sqlite" and parsed.database in (None, "", ":memory:")):
        raise _no_database()
    parsed = parsed.set(drivername=_DRIVERS[kind])
    if kind == "postgresql":
        try:
            from services.database.planned import plan_by_index  # noqa: PLC0415 - an extra
            from services.database.rested import ask_the_rested  # noqa: PLC0415

            # The driver begins nothing by itself: `_begin` does.
            engine = create_engine(parsed, pool_size=POOL_SIZE, connect_args={"autocommit": True})
        except ModuleNotFoundError as error:
            raise RequestError(
                "This installation cannot speak to PostgreSQL.",
                next_step="Install the extra `postgres`.",
            ) from error
        ask_the_rested(engine)
        plan_by_index(engine)
        event.listen(engine, "begin", _begin)
        return engine
    engine = create_engine(
        parsed,
        pool_size=POOL_SIZE,
        # The driver begins nothing by itself: `_begin` does.
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    write_ahead(connection, wait_seconds=BUSY_SECONDS)
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
    elif not reads:
        connection.exec_driver_sql("BEGIN")


def _no_database() -> RequestError:
    return RequestError(
        "The address of the records names no SQLite file and no PostgreSQL database.",
        next_step="Write sqlite:////path/to/records.db or postgresql://user@host/name.",
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what a driver says about the machine into `ResourceError`; broken rules pass as is."""
    try:
        yield
    except IntegrityError:
        raise
    except (OperationalError, DBAPIError) as error:
        # The driver's first line alone: what follows may quote the statement and its values.
        said = str(error.orig).strip().splitlines()
        raise ResourceError(
            f"The records' database does not do its work: {said[0] if said else 'no reason'}.",
            next_step="Nothing is lost; work goes on when it answers again.",
        ) from error
