"""Who seals for a process that works: its home's log, or the service on the host of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from models.errors import ModelError
from pipelines.errors import RequestError
from pipelines.gates.book import Book
from services.auth.token_file import read_token
from services.cli.evidence_wiring import evidence_log, signing_key
from services.cli.gate_wiring import GATES, gate_book
from services.cli.networks_wiring import networks_of
from services.cli.printing import console_on_stderr
from services.cli.wiring import Evidence, history_of
from services.database.database import Database
from services.jobs.in_force import ClaimsInForce
from services.orchestrator.job_ports import NoClaim
from services.provenance.key_ring import KeyRing
from services.provenance.local_log import LocalLog
from services.provenance.local_sealer import LocalSealer
from services.provenance.networks_known import BookElsewhere, NetworksKnown
from services.provenance.pending import PendingEntries
from services.provenance.sealing import JobSealer
from services.provenance.sealing_client import SealingClient
from services.provenance.service_line import (
    SERVICE,
    SealerAwayError,
    ServiceAddress,
    ServiceLine,
    TokenRefusedError,
)
from services.settings.settings import Settings
from services.telemetry.breakers import Breakers


@dataclass(frozen=True, slots=True)
class HomeLog:
    """The log of this home, and who seals it here."""

    log: LocalLog
    signer: KeyRing
    pending: PendingEntries
    sealer: LocalSealer
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Sealing:
    """Who seals for this process; `home` is None where another host has the log."""

    sealer: JobSealer
    evidence: Evidence
    home: HomeLog | None


@contextmanager
def sealing_of(settings: Settings, database: Database, breakers: Breakers) -> Iterator[Sealing]:
    """Give whoever seals for this process. RequestError where its token is not admitted."""
    line = service_line(settings, breakers)
    if line is None:
        with home_log(settings, database) as home:
            yield Sealing(home.sealer, home.evidence, home)
        return
    client = SealingClient(line)
    _require_admitted(client)
    nobody = NoClaim()
    elsewhere = Evidence(
        log=nobody, signer=nobody, gates=book_elsewhere(settings, line), witnessed=False
    )
    yield Sealing(client, elsewhere, None)


@contextmanager
def home_log(settings: Settings, database: Database) -> Iterator[HomeLog]:
    """Open the log of this home for sealing what the records hold."""
    signer = signing_key(settings)
    with evidence_log(settings, signer) as log:
        pending = PendingEntries(database, log)
        ask = history_of(settings)
        yield HomeLog(
            log,
            signer,
            pending,
            LocalSealer(pending, log, signer, require=ClaimsInForce(database).require, history=ask),
            Evidence(
                log=log,
                signer=signer,
                gates=gate_book(settings, signer),
                witnessed=bool(settings.witnesses),
                history=ask,
            ),
        )


def service_line(settings: Settings, breakers: Breakers) -> ServiceLine | None:
    """Return the line to the provenance service; None where this home has the log."""
    if settings.provenance is None:
        return None
    if settings.provenance_token is None:
        raise RequestError(
            "EVIDENT_PROVENANCE is set, and EVIDENT_PROVENANCE_TOKEN is not.",
            next_step="Name the file with the token that the service made.",
        )
    address = ServiceAddress(
        settings.provenance, read_token(settings.provenance_token), settings.provenance_ca
    )
    return ServiceLine(address, breakers.of(SERVICE, counts=(SealerAwayError,)))


def refuse_elsewhere(settings: Settings, what: str) -> None:
    """Raise RequestError where the log is another host's, and `what` is done beside it."""
    if settings.provenance is not None:
        raise RequestError(
            f"{what} is done on the host of the log, and EVIDENT_PROVENANCE names another.",
            next_step="Do it there, or unset the variable.",
        )


def book_elsewhere(settings: Settings, line: ServiceLine) -> BookElsewhere:
    """Return the book of gates of a host without a log."""
    shipped = frozenset(networks_of(settings).names())
    return BookElsewhere(NetworksKnown(line), settings.home / GATES, shipped)


def networks_here(settings: Settings, signer: KeyRing) -> Callable[[Sequence[str]], dict[str, Any]]:
    """Return what tells other hosts of the networks of this home."""

    def tell(names: Sequence[str]) -> dict[str, Any]:
        signer.head_keys()
        book = gate_book(settings, signer)
        keys = [key.hex() for key in (signer.public_key, *signer.retired)]
        return {"keys": keys, "networks": {name: _network(settings, book, name) for name in names}}

    return tell


def _network(settings: Settings, book: Book, name: str) -> Mapping[str, Any]:
    try:
        files = networks_of(settings).card(name).files.values()
    except ModelError:
        return {"state": None, "weights": []}
    return {"state": str(book.state(name)), "weights": sorted({one.sha256 for one in files})}


def _require_admitted(client: SealingClient) -> None:
    """Raise where the token is wrong; a service that is away now may be back when it is needed."""
    try:
        client.check()
    except TokenRefusedError as error:
        raise RequestError(str(error), next_step=error.next_step) from error
    except SealerAwayError as error:
        console_on_stderr().print(f"warning: {error}", markup=False, soft_wrap=True)
