"""How things die: at any moment, or at one that is waited for."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from tests.chaos.batch_kit import Death, TooLateError, moment
from tests.chaos.deployment_kit import LEASE_SECONDS, Deployment

_STORE_SECONDS = 20
_FULL_SECONDS = 8
_SWEPT_SECONDS = 3 * LEASE_SECONDS + 6

REMEMBERED = ("samples.json", "segments.json")
"""What is written in a job's work folder when its rendering is handed to the memory."""

RECALLED = ("recalled",)
"""Where what another job rendered lies until it is taken."""


def dies(*duties: str) -> Death:
    """A process that has one of the duties is killed."""

    def death(deployment: Deployment, chance: random.Random) -> None:
        deployment.kill_one(chance, *duties)

    return death


def redis_is_killed(deployment: Deployment, _chance: random.Random) -> None:
    """The broker crashes and comes back empty."""
    deployment.servers.redis.kill()
    deployment.servers.redis.start()


def redis_forgets(deployment: Deployment, _chance: random.Random) -> None:
    """The broker loses all that it holds."""
    deployment.servers.redis.flush()


def postgres_crashes(deployment: Deployment, _chance: random.Random) -> None:
    """The records' server dies and recovers."""
    deployment.servers.postgres.stop("immediate")
    deployment.servers.postgres.start()


def postgres_restarts(deployment: Deployment, _chance: random.Random) -> None:
    """The records' server is restarted, and cuts everybody off."""
    deployment.servers.postgres.stop("fast")
    deployment.servers.postgres.start()


def store_stops(deployment: Deployment, _chance: random.Random) -> None:
    """The S3 server is away for a while."""
    deployment.servers.s3.kill()
    time.sleep(_STORE_SECONDS)
    deployment.servers.s3.start()


def disk_fills(deployment: Deployment, _chance: random.Random) -> None:
    """No file can grow for a while."""
    with deployment.without_room():
        time.sleep(_FULL_SECONDS)


def two_hold_one_claim(deployment: Deployment, _chance: random.Random) -> None:
    """Freeze one that works until another took its stage, freeze that as well, thaw both.

    Where the rest is done by then, the one with its stale claim is all.
    """
    moment(deployment, lambda: deployment.holds_lease(0) or None)
    with deployment.frozen(0):
        time.sleep(_SWEPT_SECONDS)
        with suppress(TooLateError):
            moment(deployment, lambda: deployment.holds_lease(1) or None)
            with deployment.frozen(1):
                time.sleep(_SWEPT_SECONDS)


def actor_dies(deployment: Deployment, chance: random.Random) -> None:
    """A worker of the pool is killed while it renders."""
    one = chance.choice(moment(deployment, lambda: _rendering(deployment) or None))
    with suppress(ProcessLookupError):
        os.kill(one, signal.SIGKILL)


def node_dies(deployment: Deployment, chance: random.Random) -> None:
    """The second machine of the pool is lost while a worker on it renders."""
    moment(deployment, lambda: _rendering(deployment, "node") or None)
    deployment.kill_one(chance, "node")


def head_dies(deployment: Deployment, chance: random.Random) -> None:
    """The first machine of the pool is lost while workers render."""
    moment(deployment, lambda: _rendering(deployment) or None)
    deployment.kill_one(chance, "head")


def dies_remembering(deployment: Deployment, _chance: random.Random) -> None:
    """A process is killed that hands its rendering over to the memory."""
    _dies_with(deployment, REMEMBERED)


def dies_taking(deployment: Deployment, _chance: random.Random) -> None:
    """A process is killed that takes up what another job rendered."""
    _dies_with(deployment, RECALLED)


def _dies_with(deployment: Deployment, names: Sequence[str]) -> None:
    """Kill who works in the folder in which a file of such a name lies, while it lies there."""
    is_dead = False
    while not is_dead:
        seen = moment(deployment, lambda: deployment.in_work(names))
        with deployment.workers_frozen():
            is_dead = seen.exists() and deployment.kill_holder(deployment.job_of(seen))


def _rendering(deployment: Deployment, duty: str = "") -> list[int]:
    """The workers of the pool that have an order now, all or those of one node."""
    assert deployment.pool is not None
    busy = list(deployment.pool.at_work())
    return [one for one in busy if one in deployment.family_of(duty)] if duty else busy
