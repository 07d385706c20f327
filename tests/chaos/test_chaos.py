"""Everything dies at random moments of a batch; nothing is lost and nothing is twice.

The matrix has a line per kind of death: which processes run, how work comes in, what dies.
`EVIDENT_CHAOS_JOBS` is the size of a batch (12) and `EVIDENT_CHAOS_DEATHS` how many deaths it
sees (3). Every change runs the lines that are marked; `EVIDENT_CHAOS_ALL` and `make chaos` run
them all, with larger batches.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.batch_kit import Death, batch
from tests.chaos.conftest import Servers
from tests.chaos.deployment_kit import LEASE_SECONDS, Deployment, deployed
from tests.chaos.ways_kit import Way, as_files, into_the_records, over_http

JOBS = int(os.environ.get("EVIDENT_CHAOS_JOBS", "12"))
DEATHS = int(os.environ.get("EVIDENT_CHAOS_DEATHS", "3"))
ALL = bool(os.environ.get("EVIDENT_CHAOS_ALL"))

_STORE_SECONDS = 20
_FULL_SECONDS = 8
_SWEPT_SECONDS = 3 * LEASE_SECONDS + 6


def _dies(*duties: str) -> Death:
    def death(deployment: Deployment, chance: random.Random) -> None:
        deployment.kill_one(chance, *duties)

    return death


def _redis_is_killed(deployment: Deployment, _chance: random.Random) -> None:
    deployment.servers.redis.kill()
    deployment.servers.redis.start()


def _redis_forgets(deployment: Deployment, _chance: random.Random) -> None:
    deployment.servers.redis.flush()


def _postgres_crashes(deployment: Deployment, _chance: random.Random) -> None:
    deployment.servers.postgres.stop("immediate")
    deployment.servers.postgres.start()


def _postgres_restarts(deployment: Deployment, _chance: random.Random) -> None:
    deployment.servers.postgres.stop("fast")
    deployment.servers.postgres.start()


def _store_stops(deployment: Deployment, _chance: random.Random) -> None:
    deployment.servers.s3.kill()
    time.sleep(_STORE_SECONDS)
    deployment.servers.s3.start()


def _disk_fills(deployment: Deployment, _chance: random.Random) -> None:
    with deployment.without_room():
        time.sleep(_FULL_SECONDS)


def _two_hold_one_claim(deployment: Deployment, _chance: random.Random) -> None:
    """Freeze one that works until another took its stage, freeze that as well, thaw both."""
    with deployment.frozen(0):
        time.sleep(_SWEPT_SECONDS)
        with deployment.frozen(1):
            time.sleep(_SWEPT_SECONDS)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of death. `always` lines run with every change."""

    name: str
    duties: tuple[str, ...]
    deaths: Sequence[Death]
    way: Way = into_the_records
    s3: bool = False
    always: bool = False


WORKERS = ("keeper", "worker", "worker")
ENTRANCE = ("gateway", "all", "all")

MATRIX = (
    Line("orchestrators", ("all", "all"), [_dies("all")]),
    Line("celery", WORKERS, [_dies("worker")]),
    Line("sealer", ("keeper", "keeper", "worker"), [_dies("keeper")]),
    Line("log-server", (*WORKERS, "provenance"), [_dies("provenance", "keeper")]),
    Line("redis", WORKERS, [_redis_is_killed, _redis_forgets], always=True),
    Line("gateway", ENTRANCE, [_dies("gateway")], over_http),
    Line("everything", ENTRANCE, [_dies("gateway", "all")], over_http, always=True),
    Line("watcher", (*ENTRANCE, "watcher"), [_dies("watcher"), _dies("gateway")], as_files),
    Line("postgresql", ENTRANCE, [_postgres_crashes, _postgres_restarts], over_http, always=True),
    Line("store", ENTRANCE, [_store_stops], over_http, s3=True),
    Line("disk", ENTRANCE, [_disk_fills], over_http),
    Line("stale-claims", ("all", "all", "all"), [_two_hold_one_claim]),
)


@pytest.mark.parametrize(
    "line", [line for line in MATRIX if line.always or ALL], ids=lambda line: line.name
)
def test_nothing_is_lost_and_nothing_is_twice(line: Line, tmp_path: Path, servers: Servers) -> None:
    """Whatever dies, every job is done once, its proof is whole and nothing is left over."""
    deaths = [line.deaths[number % len(line.deaths)] for number in range(DEATHS)]
    with deployed(tmp_path / "home", servers, line.duties, s3=line.s3) as deployment:
        counts = batch(deployment, line.way, deaths, size=JOBS)
    sys.stdout.write(f"{line.name}: {counts}\n")
