"""Processes and brokers die at random moments of a batch; nothing is lost and nothing is twice.

`EVIDENT_CHAOS_JOBS` is the size of a batch (20) and `EVIDENT_CHAOS_KILLS` how many deaths it
sees (3); `make chaos` asks for more of both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.chaos.deployment_kit import batch, deployed, dice
from tests.servers.temporary_postgres import TemporaryPostgres
from tests.servers.temporary_redis import TemporaryRedis

JOBS = int(os.environ.get("EVIDENT_CHAOS_JOBS", "20"))
KILLS = int(os.environ.get("EVIDENT_CHAOS_KILLS", "3"))

Murder = Callable[[], None]


def test_orchestrators_die(
    tmp_path: Path, postgres: TemporaryPostgres, redis_server: TemporaryRedis
) -> None:
    """Two orchestrators that keep and work are killed in turn; every job is done once."""
    with deployed(tmp_path, postgres, redis_server, ("all", "all")) as deployment:
        chance = dice(1)
        murders = [lambda: deployment.kill_one(chance, "all")] * KILLS
        told(batch(deployment, JOBS, murders, seed=1))


def test_celery_workers_die(
    tmp_path: Path, postgres: TemporaryPostgres, redis_server: TemporaryRedis
) -> None:
    """The processes whose Celery workers hear wake-ups are killed; every job is done once."""
    with deployed(tmp_path, postgres, redis_server, ("keeper", "worker", "worker")) as deployment:
        chance = dice(2)
        murders = [lambda: deployment.kill_one(chance, "worker")] * KILLS
        told(batch(deployment, JOBS, murders, seed=2))


def test_redis_dies_and_forgets(
    tmp_path: Path, postgres: TemporaryPostgres, redis_server: TemporaryRedis
) -> None:
    """Redis is killed, started empty, and flushed; workers are not deaf afterwards."""

    def restart() -> None:
        redis_server.kill()
        redis_server.start()

    with deployed(tmp_path, postgres, redis_server, ("keeper", "worker", "worker")) as deployment:
        murders: list[Murder] = [restart, redis_server.flush] * ((KILLS + 1) // 2)
        told(batch(deployment, JOBS, murders, seed=3))


def told(counts: object) -> None:
    """Print what a batch came to, for whoever asks with `-rP`."""
    sys.stdout.write(f"{counts}\n")
