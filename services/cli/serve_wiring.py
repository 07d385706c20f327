"""Builds the gateway over records that are open, and the work beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI

from models.spec import NetworkCard
from pipelines.errors import ResourceError
from pipelines.evidence.gate_record import GateRecord
from pipelines.gates.book import Book
from pipelines.media.glance import glance
from pipelines.media.pool import DecodePool
from pipelines.media.probe import PROBE_LIMITS, PROBE_TASKS, Probed, probe
from services.auth.api_keys import ApiKeys, ensure_project
from services.auth.credentials import key_check
from services.auth.doors import Doors
from services.auth.scopes import DEFAULT_PROJECT
from services.cli.evidence_wiring import actor, signing_key, version
from services.cli.gate_wiring import gate_book
from services.cli.limits_wiring import counting
from services.cli.models_command import card_json
from services.cli.networks_wiring import networks_of
from services.cli.orchestrator_wiring import Orchestra, dispatch_of, jobs_of, orchestrating
from services.cli.provenance_wiring import book_elsewhere, service_line
from services.cli.storage_wiring import storage
from services.console.ended_sessions import RecordedEnds
from services.console.sessions import Sessions, session_secret
from services.database.database import Database
from services.dispatch.port import Dispatch
from services.gateway.app import GatewayLimits, Platform, gateway_app
from services.gateway.catalog_routes import CatalogView
from services.gateway.evidence_routes import KeyAdmission, evidence_routes
from services.gateway.log_elsewhere import PublicLogElsewhere, evidence_elsewhere
from services.gateway.log_routes import PublicSide
from services.gateway.log_view_opener import OpenedView
from services.gateway.rate_limits import RateLimit
from services.gateway.records_facts import RecordsFacts
from services.jobs.artifacts import Artifacts
from services.jobs.holdings import Holdings
from services.provenance.public_log import PublicLog
from services.settings.settings import Settings
from services.storage.keys import artifact_key
from services.storage.port import ObjectStore
from services.telemetry.metrics import Metrics

__all__ = ["Metrics", "dispatch_of", "gateway", "working"]

PROBES_AT_ONCE = 4


@contextmanager
def working(
    settings: Settings, database: Database, dispatch: Dispatch, metrics: Metrics, *, works: bool
) -> Iterator[Orchestra | None]:
    """Run worker and keeper while the block lasts, where this process `works` at all."""
    if not works:
        yield None
        return
    store = storage(settings, metrics)
    with orchestrating(settings, database, store, dispatch, metrics) as orchestra:
        yield orchestra


@contextmanager
def gateway(
    settings: Settings,
    database: Database,
    dispatch: Dispatch,
    orchestra: Orchestra | None,
    metrics: Metrics,
    *,
    is_stopping: Callable[[], bool],
) -> Iterator[FastAPI]:
    """Give the application; files are looked at in children of a pool of its own."""
    ensure_project(database, DEFAULT_PROJECT)
    facts, store = RecordsFacts(database), storage(settings, metrics)
    metrics.watch_records(facts)
    with (
        _log_side(settings, metrics) as log,
        DecodePool(limits=PROBE_LIMITS, ready=PROBE_TASKS) as pool,
    ):
        look = _Looks(pool)
        yield gateway_app(
            Platform(
                doors=Doors(ApiKeys(database), key_check(settings.home)),
                sessions=Sessions(session_secret(settings.home), time.time, RecordedEnds(database)),
                jobs=jobs_of(settings, database, dispatch),
                artifacts=Artifacts(database),
                holdings=Holdings(database, actor=actor(settings)),
                storage=store,
                probe=look.probe,
                glance=look.glance,
                catalog=_catalog(settings, log.book),
                public=log.public,
                evidence=log.evidence,
                metrics=metrics,
                checks={
                    "records": facts.answer,
                    "artifacts": lambda: _store_answers(store.objects),
                    "work": lambda: _work_goes_on(orchestra),
                },
                shown={"work_path": lambda: _work_path(facts)},
                version=version(),
                limits=_limits(settings),
                counting=counting(settings, metrics),
                is_stopping=is_stopping,
            )
        )


@dataclass(frozen=True, slots=True)
class _LogSide:
    """What a gateway shows of the log, and the book of gates that goes with it."""

    public: PublicSide
    evidence: Callable[[KeyAdmission], APIRouter]
    book: Callable[[Iterable[str]], Book]


@contextmanager
def _log_side(settings: Settings, metrics: Metrics) -> Iterator[_LogSide]:
    """Give the log of this home, or that of another host."""
    line = service_line(settings, metrics.breakers)
    if line is not None:
        yield _LogSide(
            PublicLogElsewhere(line),
            partial(evidence_elsewhere, line),
            book_elsewhere(settings, line).book,
        )
        return

    def book(_names: Iterable[str]) -> Book:
        return gate_book(settings, signing_key(settings))

    view = OpenedView(settings.home / "log")
    try:
        public = PublicLog(settings.home / "log" / "public")
        yield _LogSide(public, partial(evidence_routes, view), book)
    finally:
        view.close()


class _Looks:
    """Looks at files, at most a few at once: each takes a process."""

    def __init__(self, pool: DecodePool) -> None:
        self._pool = pool
        self._turns = threading.BoundedSemaphore(PROBES_AT_ONCE)

    def probe(self, path: Path) -> Probed:
        """Say what a file is."""
        with self._turns:
            return probe(self._pool, path)

    def glance(self, path: Path, side: int) -> bytes:
        """Make a small picture of it."""
        with self._turns:
            return glance(self._pool, path, side=side)


def _store_answers(store: ObjectStore) -> None:
    store.stat(artifact_key("0" * 32))


def _limits(settings: Settings) -> GatewayLimits:
    return GatewayLimits(
        upload_bytes=settings.upload_bytes,
        requests=RateLimit(settings.requests_per_second, settings.requests_burst),
    )


def _work_path(facts: RecordsFacts) -> dict[str, float | None]:
    """Tell the age of the last good probe; None where nobody probes."""
    found = facts.probe()
    age = None if found is None else (datetime.now(UTC) - found.done_at).total_seconds()
    return {"probe_age_seconds": None if age is None else round(max(0.0, age), 1)}


def _work_goes_on(orchestra: Orchestra | None) -> None:
    if orchestra is not None and orchestra.fault is not None:
        raise ResourceError("Work has ended with a fault; the process is about to end.")


def _catalog(settings: Settings, book: Callable[[Iterable[str]], Book]) -> CatalogView:
    networks = networks_of(settings)

    def cards() -> list[NetworkCard]:
        return [networks.card(name) for name in networks.listed()]

    def models() -> list[dict[str, Any]]:
        known = book(networks.listed())
        return [{**card_json(one), "state": str(known.state(one.name))} for one in cards()]

    def gates() -> list[dict[str, Any]]:
        known = book(networks.listed())
        return [_gate(one) for card in cards() for one in known.records(card.name)]

    return CatalogView(models, gates)


def _gate(record: GateRecord) -> dict[str, Any]:
    judged = record.judged
    return {
        "sha256": record.sha256,
        "network": judged.network,
        "weights_sha256": judged.weights_sha256,
        "version": judged.version,
        "engine": judged.engine,
        "engine_version": judged.engine_version,
        "precision": judged.precision,
        "device_class": judged.device_class,
        "passed": record.passed,
        "set": record.set_name,
        "cases": record.cases,
        "at": record.at,
    }
