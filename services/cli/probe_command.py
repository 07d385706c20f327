"""`evident probe`: makes a key for itself, sends probes through, and tidies away old ones.

The key belongs to the project `probe` alone, is known to this process alone, and is revoked when
it ends; one that a killed process left is revoked by the next on this host.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import EvidentError
from services.cli.evidence_wiring import settings_for
from services.cli.gateway_client import GatewayClient
from services.cli.printing import (
    FAILED,
    GOOD,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
    wrong_use,
)
from services.cli.records_wiring import records
from services.cli.work_path_probe import probe_work_path

if TYPE_CHECKING:
    from services.database.database import Database
    from services.settings.settings import Settings

KEPT = timedelta(hours=24)
"""How long the records of good probes are kept; what they left in the evidence log stays."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for; `every_seconds` None is one probe."""

    gateway: str
    every_seconds: float | None
    limit_seconds: float


def main(asked: Asked, *, home: Path | None, as_json: bool) -> int:
    """Probe once, or until stopped; returns the exit code."""
    try:
        settings = settings_for(home)
        with records(settings) as database, _key(settings, database) as key:
            client = GatewayClient(asked.gateway, key)
            if asked.every_seconds is None:
                return GOOD if _probe(client, asked, as_json=as_json) else FAILED
            return _again(client, asked, database, asked.every_seconds, as_json=as_json)
    except EvidentError as error:
        return wrong_use(error, as_json=as_json)


def _again(
    client: GatewayClient, asked: Asked, database: Database, seconds: float, *, as_json: bool
) -> int:
    from services.jobs.forget import Forgetting  # noqa: PLC0415 - an extra

    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ending.set())
    forgetting = Forgetting(database)
    while not ending.is_set():
        _probe(client, asked, as_json=as_json)
        try:
            forgetting.probes(older_than=KEPT)
        except EvidentError as error:
            print_error(console_on_stderr(), "", str(error), error.next_step)
        ending.wait(seconds)
    return GOOD


def _probe(client: GatewayClient, asked: Asked, *, as_json: bool) -> bool:
    try:
        found = probe_work_path(client, limit_seconds=asked.limit_seconds)
    except EvidentError as error:
        if as_json:
            print_json({"ok": False, "error": {"reason": str(error), "next_step": error.next_step}})
        print_error(console_on_stderr(), "probe", str(error), error.next_step)
        return False
    if as_json:
        print_json({"ok": True, "job_id": found.job, "seconds": round(found.seconds, 3)})
    else:
        print_text(f"The work path holds: job {found.job}, {found.seconds:.2f} s.")
    return True


@contextmanager
def _key(settings: Settings, database: Database) -> Iterator[str]:
    from services.auth.api_keys import ApiKeys  # noqa: PLC0415 - an extra
    from services.auth.scopes import PROBE_PROJECT, Scope  # noqa: PLC0415 - the same

    keys = ApiKeys(database)
    name = f"probe on {settings.host}"[:100]
    for left in keys.list():
        if (left.name, left.project, left.revoked_at) == (name, PROBE_PROJECT, None):
            keys.revoke(left.id)
    scopes = (
        Scope.ARTIFACTS_READ,
        Scope.ARTIFACTS_WRITE,
        Scope.ARTIFACTS_KEEP,
        Scope.JOBS_READ,
        Scope.JOBS_WRITE,
    )
    key, known = keys.create(name, project=PROBE_PROJECT, scopes=scopes, made_by=settings.operator)
    try:
        yield key
    finally:
        keys.revoke(known.id)
