"""Builds what the command line's jobs share, once, and closes it at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from models.engines.devices import usable_cores
from pipelines.media.pool import DecodePool
from pipelines.ports import EvidenceLog, GateBook, Signer
from pipelines.quality.drift import FaceEmbedding
from pipelines.run.job import History, Operator, Tools
from pipelines.stages.export.facts_custody import CustodyLine, PersonFacts
from services.cli.capacity import available_memory_bytes
from services.cli.engine_wiring import warm_networks
from services.cli.evidence_wiring import actor, evidence_log, signing_key
from services.cli.gate_wiring import gate_book
from services.cli.networks_wiring import networks_of
from services.cli.outside_checks import time_stamps
from services.provenance.certificates import credential_signer
from services.provenance.custody import history
from services.provenance.log_view import LogView
from services.settings.settings import Settings
from services.telemetry.breakers import Breakers


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a process records and who signs for it, as `Tools` have them."""

    log: EvidenceLog
    signer: Signer
    gates: GateBook
    witnessed: bool
    history: History | None = None


@contextmanager
def tools(
    settings: Settings,
    *,
    people: tuple[PersonFacts, ...] = (),
    breakers: Breakers | None = None,
    evidence: Evidence | None = None,
) -> Iterator[Tools]:
    """Open the evidence log, start the decode pool, and hand everything out.

    `people` are those besides the operator that reports name, `breakers` the process's own,
    `evidence` what is open already.
    """
    networks = networks_of(settings)
    threads = settings.threads or usable_cores()
    by = actor(settings)
    available = settings.memory_bytes or available_memory_bytes()
    with _given_or_own(settings, evidence) as found, DecodePool() as pool:
        warm = warm_networks(
            settings, found.gates, networks, threads=threads, available_memory_bytes=available
        )
        yield Tools(
            pool=pool,
            networks=warm.for_pictures,
            frame_networks=warm.for_frames,
            log=found.log,
            signer=found.signer,
            gates=found.gates,
            operator=Operator(
                name=by.operator,
                host=by.host,
                application=by.application,
                case=settings.case,
                item=settings.item,
                exhibit=settings.exhibit,
                note=settings.note,
                people=people,
            ),
            witnessed=found.witnessed,
            history=found.history,
            threads=threads,
            available_memory_bytes=available,
            face_embedding=_embedding(settings, threads=threads),
            time_stamps=time_stamps(settings, breakers or Breakers()),
            credentials=credential_signer(
                settings.home / "keys" / "credentials",
                key=settings.credentials_key,
                chain=settings.credentials_chain,
            ),
        )


@contextmanager
def _given_or_own(settings: Settings, given: Evidence | None) -> Iterator[Evidence]:
    """Give what is open already, or open the home's own log."""
    if given is not None:
        yield given
        return
    signer = signing_key(settings)
    with evidence_log(settings, signer) as log:
        yield Evidence(
            log=log,
            signer=signer,
            gates=gate_book(settings, signer),
            witnessed=bool(settings.witnesses),
            history=history_of(settings),
        )


def _embedding(settings: Settings, *, threads: int) -> FaceEmbedding | None:
    """Load the embedding network that an operator named; None where none is. Raises ModelError."""
    if settings.face_embedding is None:
        return None
    from pipelines.analysis.embedding import load_embedding  # noqa: PLC0415 - an engine is heavy

    return load_embedding(
        settings.face_embedding,
        side=settings.face_embedding_side,
        least_side=settings.face_embedding_least_side,
        threads=threads,
    )


def history_of(settings: Settings) -> History:
    """Return what asks this home's log for everything that happened to a file."""

    def ask(sha256: str) -> tuple[CustodyLine, ...]:
        with LogView(settings.home / "log") as view:
            return history(view, sha256)

    return ask
