"""Builds what the command line's jobs share, once, and closes it at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models.engines.devices import usable_cores
from pipelines.media.pool import DecodePool
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


@contextmanager
def tools(
    settings: Settings,
    *,
    people: tuple[PersonFacts, ...] = (),
    breakers: Breakers | None = None,
) -> Iterator[Tools]:
    """Open the evidence log, start the decode pool, and hand everything out.

    `people` are those besides the operator that reports name, `breakers` the process's own.
    """
    signer = signing_key(settings)
    gates = gate_book(settings, signer)
    networks = networks_of(settings)
    threads = settings.threads or usable_cores()
    by = actor(settings)
    available = settings.memory_bytes or available_memory_bytes()
    with evidence_log(settings, signer) as log, DecodePool() as pool:
        warm = warm_networks(
            settings, gates, networks, threads=threads, available_memory_bytes=available
        )
        yield Tools(
            pool=pool,
            networks=warm.for_pictures,
            frame_networks=warm.for_frames,
            log=log,
            signer=signer,
            gates=gates,
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
            witnessed=bool(settings.witnesses),
            history=_history(settings),
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


def _history(settings: Settings) -> History:
    """Return what asks this home's log for everything that happened to a file."""

    def ask(sha256: str) -> tuple[CustodyLine, ...]:
        with LogView(settings.home / "log") as view:
            return history(view, sha256)

    return ask
