"""Opens the pool of workers that the settings name, if they name one."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import RequestError
from pipelines.run.job import Tools
from services.cli.capacity import available_memory_bytes
from services.cli.engine_wiring import warm_networks
from services.cli.networks_wiring import networks_of
from services.compute.pooled import PooledWork
from services.compute.ray_pool import RayPool
from services.compute.ray_settings import TOKEN_FILE, RaySettings, address_of, own_token
from services.compute.round import Rules
from services.settings.settings import Settings
from services.storage.port import ObjectStore

COMPUTE = "compute"


@contextmanager
def pooled_work(
    settings: Settings, store: ObjectStore, shared: Tools
) -> Iterator[PooledWork | None]:
    """Hold the pool while the block lasts; None where samples are computed in this process."""
    if settings.compute is None:
        yield None
        return
    require_ray()
    address = address_of(settings.compute)
    told = RaySettings(
        address=address,
        token=own_token(token_path(settings)) if address is None else token_path(settings),
        home=settings.home.absolute(),
        folder=settings.home.absolute() / COMPUTE,
        artifacts=settings.artifacts or str(settings.home.absolute() / "artifacts"),
        threads=settings.compute_threads,
        actors=settings.compute_actors,
        s3_endpoint=settings.s3_endpoint,
        s3_region=settings.s3_region,
    )
    warm = warm_networks(
        settings,
        shared.gates,
        networks_of(settings),
        threads=settings.compute_threads,
        available_memory_bytes=settings.memory_bytes or available_memory_bytes(),
    )
    pool = RayPool(told)
    try:
        yield PooledWork(
            pool,
            store,
            settings.compute_threads,
            warm.for_pictures,
            warm.for_frames,
            Rules(silent_seconds=settings.compute_silent_seconds),
        )
    finally:
        pool.close()


def token_path(settings: Settings) -> Path:
    """Where the pool's token lies on this machine."""
    return settings.compute_token or settings.home.absolute() / COMPUTE / TOKEN_FILE


def require_ray() -> None:
    """Raise RequestError where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise RequestError(
            "This installation has no pool of workers: ray is missing.",
            next_step="Install evident with its extra: cluster.",
        )
