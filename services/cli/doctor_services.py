"""What `evident doctor` finds out about services: records, artifacts, broker, log, authority.

Each is asked once and briefly, as far as it can be asked without changing anything: records are
not made or migrated, an authority is not made to sign.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipelines.errors import EvidentError, ResourceError
from services.settings.settings import Settings

ANSWER_SECONDS = 5.0
_PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}

Asked = tuple[str, str, EvidentError | None]
"""A service, what is said of it, and why it is not well."""


def services(settings: Settings) -> Iterator[Asked]:
    """Ask every service that the settings name."""
    for name, ask in (
        ("records", _records),
        ("artifacts", _artifacts),
        ("broker", _broker),
        ("log", _log),
    ):
        try:
            yield name, ask(settings), None
        except EvidentError as error:
            yield name, str(error), error
    stamps = settings.tsa_url
    yield (
        "time-stamping authority",
        "none is set" if stamps is None else f"{stamps}, not asked",
        None,
    )


def _records(settings: Settings) -> str:
    is_file = settings.records is None
    if is_file and not (settings.home / "records.db").exists():
        return "SQLite in the home, made at the first start of a service"
    try:
        from services.database.database import Database  # noqa: PLC0415 - an extra
        from services.database.migrate import revision, revisions  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        return f"not looked at: {error.name} is missing, of the extra `server`"
    database = Database(settings.records_url)
    try:
        stands = revision(database)
    finally:
        database.close()
    kind = "SQLite in the home" if is_file else urlsplit(settings.records_url).scheme
    newest = revisions()[-1]
    if stands == newest:
        return f"{kind}, as this version has them ({stands})"
    return f"{kind}, at {stands or 'nothing'}; the next start of a service brings them to {newest}"


def _artifacts(settings: Settings) -> str:
    if settings.artifacts is None and not (settings.home / "artifacts").exists():
        return "a folder of the home, made at the first start of a service"
    try:
        from services.cli.storage_wiring import storage  # noqa: PLC0415 - an extra
        from services.storage.keys import artifact_key  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        return f"not looked at: {error.name} is missing, of the extra `server`"
    objects = storage(settings).objects
    objects.stat(artifact_key("0" * 32))
    lock = "locks objects until a date" if objects.can_lock else "cannot lock objects"
    return f"{settings.artifacts or 'a folder of the home'}, answers; {lock}"


def _broker(settings: Settings) -> str:
    """Ask whether somebody listens; the address may hold a password and is not shown."""
    if settings.broker is None:
        return "none is set: wake-ups stay in one process"
    parts = urlsplit(settings.broker)
    address = (parts.hostname or "localhost", parts.port or _PORTS.get(parts.scheme, 0))
    shown = f"{parts.scheme}://{address[0]}:{address[1]}"
    try:
        socket.create_connection(address, timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise ResourceError(
            f"{shown} does not answer: {error.strerror or error}.",
            next_step="Start the broker, or correct EVIDENT_BROKER.",
        ) from error
    return f"{shown}, somebody listens there"


def _log(settings: Settings) -> str:
    """Ask the host of the log for nothing but an answer; its token is not shown."""
    if settings.provenance is None:
        return "sealed in this home"
    try:
        from services.cli.provenance_wiring import service_line  # noqa: PLC0415 - an extra
        from services.provenance.networks_known import NetworksKnown  # noqa: PLC0415 - the same
        from services.telemetry.breakers import Breakers  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        return f"not looked at: {error.name} is missing, of the extra `server`"
    line = service_line(settings, Breakers())
    if line is not None:
        NetworksKnown(line).of(())
    return f"{settings.provenance} seals, and admits this host"
