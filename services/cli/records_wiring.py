"""Opens the records of a home for whoever works with them, brought up to this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.errors import RequestError, ResourceError
from services.settings.settings import Settings

if TYPE_CHECKING:
    from services.database.database import Database


@contextmanager
def server_extra() -> Iterator[None]:
    """Say what to install where a library of the `server` extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise RequestError(
            f"This installation has no server: {error.name} is missing.",
            next_step="Install evident with its extra: server.",
        ) from error


@contextmanager
def records(settings: Settings) -> Iterator[Database]:
    """Open the records' database; it is made, or brought up to this version, where need be."""
    with server_extra():
        from services.database.database import Database  # noqa: PLC0415 - an extra
        from services.database.migrate import upgrade  # noqa: PLC0415 - the same
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(
            f"The home folder cannot be made: {error.strerror or error}.",
            next_step="Name a home folder that you can write to.",
        ) from error
    database = Database(settings.records_url)
    try:
        upgrade(database)
        yield database
    finally:
        database.close()
