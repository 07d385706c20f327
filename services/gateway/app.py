"""The gateway as an application: every route of the platform, over values that it is given.

Built by whoever starts a process; importing it opens nothing, and building it neither. It knows
no engine, no decoder and no cluster: files are looked at in children, work is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import Response

from services.auth.doors import Doors
from services.auth.scopes import Principal, Scope
from services.console.sessions import Sessions
from services.gateway.admission import Admission, EvidenceDoor
from services.gateway.allowed_methods import install_allowed
from services.gateway.artifact_routes import download_routes, upload_routes
from services.gateway.catalog_routes import CatalogView, catalog_routes
from services.gateway.console_routes import console_routes, key_of
from services.gateway.envelope import install
from services.gateway.event_desk import EventDesk
from services.gateway.event_routes import event_routes
from services.gateway.evidence_routes import KeyAdmission
from services.gateway.health import Check, Shown, health_routes
from services.gateway.interface import describe
from services.gateway.job_routes import job_routes
from services.gateway.keeping_routes import keeping_routes
from services.gateway.log_routes import PublicSide, log_routes
from services.gateway.observed import Observed
from services.gateway.preview_routes import Glancer, preview_routes
from services.gateway.rate_limits import Counting, RateLimit, own_counts
from services.gateway.request_body import IDLE_SECONDS
from services.gateway.uploads import Prober, Uploads
from services.jobs.artifacts import Artifacts
from services.jobs.holdings import Holdings
from services.jobs.jobs import Jobs
from services.storage.port import Storage
from services.telemetry.metrics import TEXT_TYPE, Metrics

MOST_UPLOAD_BYTES = 200 << 30


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """How much anybody may send, and how often ask; wrong keys are counted by address."""

    upload_bytes: int = MOST_UPLOAD_BYTES
    requests: RateLimit = field(default_factory=RateLimit)
    wrong_keys: RateLimit = field(default_factory=lambda: RateLimit(per_second=0.5, burst=20))
    heartbeat_seconds: float = 15.0
    idle_seconds: float = IDLE_SECONDS


@dataclass(frozen=True, slots=True)
class Platform:
    """What the gateway stands on; built once per process.

    `public` is the log's public side, `evidence` gives the routes that ask of it, `probe` looks
    at a file in a bounded child, `glance` makes a small picture of it there, `checks` are asked
    by `/readyz`, which tells what is `shown` beside them, `counting` makes the counts that limits
    are held against, `is_stopping` ends streams of events.
    """

    doors: Doors
    sessions: Sessions
    jobs: Jobs
    artifacts: Artifacts
    holdings: Holdings
    storage: Storage
    probe: Prober
    glance: Glancer
    catalog: CatalogView
    public: PublicSide
    evidence: Callable[[KeyAdmission], APIRouter]
    metrics: Metrics
    checks: Mapping[str, Check]
    version: str
    shown: Mapping[str, Shown] = field(default_factory=dict)
    limits: GatewayLimits = field(default_factory=GatewayLimits)
    counting: Counting = own_counts
    is_stopping: Callable[[], bool] = lambda: False


def gateway_app(platform: Platform) -> FastAPI:
    """Return the application over a platform."""
    limits = platform.limits
    sessions = platform.sessions
    admission = Admission(
        platform.doors,
        platform.counting("requests", limits.requests),
        platform.counting("wrong-keys", limits.wrong_keys),
        session_key=partial(key_of, sessions),
    )
    app = FastAPI(
        title="Evident",
        description="Enhances photographs and video, and proves what was done to them.",
        version=platform.version,
        openapi_url="/v1/openapi.json",
        # The pages that show the interface load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    # What is added last stands outermost: a request has its id before anything is logged.
    app.add_middleware(Observed, metrics=platform.metrics)
    install(app)
    uploads = Uploads(
        platform.storage, platform.holdings, platform.probe, most_bytes=limits.upload_bytes
    )
    desk = EventDesk(platform.jobs.stands)
    routers = [
        upload_routes(uploads, admission, platform.metrics, idle_seconds=limits.idle_seconds),
        download_routes(
            platform.storage.objects,
            platform.artifacts,
            platform.holdings,
            admission,
            platform.metrics,
        ),
        keeping_routes(platform.holdings, admission),
        event_routes(
            platform.jobs,
            admission,
            desk,
            heartbeat_seconds=limits.heartbeat_seconds,
            is_stopping=platform.is_stopping,
        ),
        job_routes(platform.jobs, platform.artifacts, admission, desk),
        preview_routes(
            platform.jobs,
            platform.holdings,
            platform.storage.objects,
            platform.glance,
            admission,
        ),
        catalog_routes(platform.catalog, admission),
        log_routes(platform.public),
        platform.evidence(EvidenceDoor(platform.doors)),
        health_routes(platform.checks, platform.shown, breakers=platform.metrics.breakers.states),
        console_routes(sessions, admission.who),
    ]
    for router in routers:
        app.include_router(router)
    install_allowed(app, routers)
    _metrics_route(app, platform.metrics, admission)
    describe(app)
    return app


def _metrics_route(app: FastAPI, metrics: Metrics, admission: Admission) -> None:
    may_read = Depends(admission.requires(Scope.METRICS_READ))

    @app.get("/metrics", tags=["health"], summary="Counts, for Prometheus", response_class=Response)
    def counts(principal: Principal = may_read) -> Response:
        del principal
        return Response(metrics.text(), media_type=TEXT_TYPE)
