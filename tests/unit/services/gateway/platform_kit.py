"""The gateway over small records and a folder, served on the loopback and asked over HTTP."""

from __future__ import annotations

import io
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from cryptography.fernet import Fernet
from PIL import Image

from pipelines.evidence.entry import Actor
from pipelines.media.glance import glance
from pipelines.media.pool import DecodePool
from pipelines.media.probe import PROBE_LIMITS, PROBE_TASKS, probe
from services.auth.api_keys import ApiKeys
from services.auth.doors import Doors
from services.auth.scopes import PROJECT_SCOPES, Scope
from services.console.ended_sessions import RecordedEnds
from services.console.sessions import Sessions
from services.database.database import Database
from services.database.migrate import upgrade
from services.gateway.app import GatewayLimits, Platform, gateway_app
from services.gateway.catalog_routes import CatalogView
from services.gateway.evidence_routes import evidence_routes
from services.gateway.log_view_opener import OpenedView
from services.jobs.artifacts import Artifacts
from services.jobs.holdings import Holdings
from services.jobs.jobs import Jobs
from services.provenance.public_log import PublicLog
from services.storage.opening import open_folder
from services.storage.port import Storage
from services.telemetry.metrics import Metrics

ACTOR = Actor("vera", "session", "host", "test")
NETWORKS = tuple({"name": f"net-{number}", "scale": 2} for number in range(3))
GATES = tuple({"sha256": f"{number:064x}", "network": f"net-{number % 2}"} for number in range(4))


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that is being served, with a key of project `p`."""

    client: httpx.Client
    database: Database
    jobs: Jobs
    storage: Storage
    keys: ApiKeys

    def key(self, *scopes: Scope, project: str = "p", name: str = "vera") -> dict[str, str]:
        """Return the header of a new key."""
        key, _ = self.keys.create(
            name, project=project, scopes=scopes or PROJECT_SCOPES, made_by="test"
        )
        return {"Authorization": f"Bearer {key}"}

    def stored(self) -> list[str]:
        """Return the keys of all objects."""
        return [one.key for one in self.storage.objects.list()]


@contextmanager
def serving(folder: Path, limits: GatewayLimits | None = None, **changes: Any) -> Iterator[Served]:
    """Serve a gateway over records and artifacts in `folder`."""
    (folder / "records.db").write_bytes(_migrated())
    database = Database(f"sqlite:///{folder}/records.db")
    jobs = Jobs(database, actor=ACTOR)
    storage = open_folder(folder / "artifacts")
    keys = ApiKeys(database)
    with DecodePool(limits=PROBE_LIMITS, ready=PROBE_TASKS) as pool:
        platform = Platform(
            doors=Doors(keys, None),
            sessions=Sessions(Fernet.generate_key(), time.time, RecordedEnds(database)),
            jobs=jobs,
            artifacts=Artifacts(database),
            holdings=Holdings(database, actor=ACTOR),
            storage=storage,
            probe=lambda path: probe(pool, path),
            glance=lambda path, side: glance(pool, path, side=side),
            catalog=CatalogView(lambda: NETWORKS, lambda: GATES),
            public=PublicLog(folder / "log" / "public"),
            evidence=partial(evidence_routes, OpenedView(folder / "log")),
            metrics=Metrics(),
            checks=changes.get("checks", {}),
            version="1",
            limits=limits or GatewayLimits(),
        )
        with (
            served_app(gateway_app(platform)) as address,
            httpx.Client(base_url=address, trust_env=False, timeout=30) as client,
        ):
            yield Served(client, database, jobs, storage, keys)
    database.close()


@cache
def _migrated() -> bytes:
    """Empty records, made once."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/records.db")
        upgrade(database)
        with database.writing() as connection:
            connection.exec_driver_sql("SELECT 1")
        database.close()
        return (Path(folder) / "records.db").read_bytes()


@contextmanager
def served_app(app: Any) -> Iterator[str]:
    """Serve an application on a free port; gives its address."""
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def picture(shade: int = 90, *, size: tuple[int, int] = (40, 30)) -> bytes:
    """A small PNG."""
    held = io.BytesIO()
    Image.new("RGB", size, (shade, 120, 30)).save(held, "PNG")
    return held.getvalue()
