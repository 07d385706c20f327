"""A job that is claimed, entries of it on record, and sealers of each kind over one log."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import uvicorn
from fastapi import APIRouter

from pipelines.evidence.archive_writer import bytes_source
from pipelines.evidence.attestation import Statement, pae
from pipelines.evidence.bundle import build_bundle
from pipelines.evidence.bundle_layout import BundleFile, PlacedFile, Role, place
from pipelines.evidence.entry import JobProof
from pipelines.evidence.export_entry import EXPORT_KIND, export_body
from pipelines.evidence.signature import key_id
from services.auth.token_file import check_of
from services.gateway.provenance_app import provenance_app
from services.gateway.sealing_routes import sealing_routes
from services.jobs.in_force import ClaimsInForce
from services.jobs.values import Claim
from services.provenance.key_ring import KeyRing
from services.provenance.local_log import LocalLog
from services.provenance.local_sealer import LocalSealer
from services.provenance.pending import PendingEntries
from services.provenance.sealing import JobSealer, WorkRight
from services.provenance.sealing_client import SealingClient
from services.provenance.service_line import ServiceAddress, ServiceLine
from services.telemetry.breaker import Breaker
from tests.contract.jobs_kit import Desk, desk
from tests.unit.services.provenance.log_kit import open_log

TOKEN = "a-word-of-forty-letters-for-tests-alone"  # noqa: S105 - of tests alone

GATEWAY_TOKEN = "another-word-of-forty-letters-for-tests-"  # noqa: S105 - of tests alone
CHECKS = {"worker": check_of(TOKEN), "gateway": check_of(GATEWAY_TOKEN)}

FILES = (
    BundleFile(Role.RECEIVED, bytes_source(b"received"), "in.png"),
    BundleFile(Role.RESULT, bytes_source(b"result"), "enhanced.png"),
    BundleFile(Role.REPORT, bytes_source(b'{"report":1}')),
    BundleFile(Role.GRAPH, bytes_source(b'{"version":1}')),
    BundleFile(Role.PLAN, bytes_source(b'{"plan":1}')),
)


@contextmanager
def served(log: Path, sealing: APIRouter, port: int = 0) -> Iterator[str]:
    """Serve the log in a folder with routes for sealing; gives the address."""
    app = provenance_app(log, key=None, version="1", sealing=sealing)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def line_to(url: str, token: str = TOKEN, *, seconds: float = 30.0) -> ServiceLine:
    """A line to a service, with a breaker of its own."""
    address = ServiceAddress(url, token, timeout_seconds=seconds)
    return ServiceLine(address, Breaker("provenance service", time.monotonic))


@dataclass(frozen=True)
class Sealed:
    """A claimed job over a log, and the sealer that is tried."""

    desk: Desk
    claim: Claim
    log: LocalLog
    ring: KeyRing
    sealer: JobSealer

    @property
    def right(self) -> WorkRight:
        """The right of the claim."""
        return right_of(self.claim)

    def export(self) -> tuple[PlacedFile, ...]:
        """Place the job's files and record the entry that hands them over."""
        placed = place(FILES)
        self.desk.jobs.record(self.claim, EXPORT_KIND, export_body(placed))
        return placed


class ClaimSigner:
    """Signs what a bundle says through the sealer; `changed` may say something else instead."""

    def __init__(self, sealed: Sealed, proof: JobProof) -> None:
        self._sealed = sealed
        self._proof = proof
        self.public_key = sealed.sealer.public_key()
        self.key_id = key_id(self.public_key)
        self.message = b""

    def sign(self, message: bytes) -> bytes:
        """Sign, and keep what was signed."""
        self.message = message
        return self._sealed.sealer.sign(
            self._sealed.right,
            message,
            checkpoint=self._proof.checkpoint,
            public_key=self.public_key,
        )


def right_of(claim: Claim) -> WorkRight:
    """The right that a claim gives."""
    return WorkRight(claim.job, claim.stage, claim.attempt, claim.worker)


def bundled(sealed: Sealed) -> tuple[bytes, ClaimSigner, JobProof]:
    """Export, seal and bundle the job; also what signed it, and its proof."""
    placed = sealed.export()
    proof = sealed.sealer.seal(sealed.right)
    signer, out = ClaimSigner(sealed, proof), BytesIO()
    build_bundle(out, files=placed, proof=proof, signer=signer)
    return out.getvalue(), signer, proof


def message_of(statement: Statement) -> bytes:
    """What a signature of the statement is over."""
    return pae(statement.canonical())


@contextmanager
def sealed_job(kind: str, url: str, home: Path) -> Iterator[Sealed]:
    """A claimed job on the records at `url`, and a sealer of a kind: `local` or `service`."""
    with ExitStack() as rooms:
        jobs = rooms.enter_context(desk(url))
        ring = KeyRing(home / "keys")
        log = rooms.enter_context(open_log(home / "log", ring))
        local = LocalSealer(
            PendingEntries(jobs.database, log),
            log,
            ring,
            require=ClaimsInForce(jobs.database).require,
            history=lambda _sha256: (),
        )
        sealer: JobSealer = local
        if kind == "service":
            routes = sealing_routes(local, lambda _names: {}, **CHECKS)
            address = rooms.enter_context(served(home / "log", routes))
            sealer = SealingClient(line_to(address))
        jobs.submit()
        yield Sealed(jobs, jobs.claim(), log, ring, sealer)
