"""Builds what the command line's jobs share, once, and closes it at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from uuid import uuid4

from models.engines.residency import WarmNetworks, usable_cores
from pipelines.evidence.entry import Actor
from pipelines.media.pool import DecodePool
from pipelines.run.job import Operator, Tools
from services.cli.capacity import available_memory_bytes
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog
from services.settings.settings import Settings

NETWORK_TILE_PIXELS = 640


@contextmanager
def tools(settings: Settings) -> Iterator[Tools]:
    """Open the evidence log, start the decode pool, and hand everything out."""
    signer = FileSigner(settings.home / "keys")
    threads = settings.threads or usable_cores()
    by = actor(settings)
    with LocalLog(settings.home / "log", signer, actor=by) as log, DecodePool() as pool:
        yield Tools(
            pool=pool,
            networks=WarmNetworks(
                settings.engine, threads=threads, tile_pixels=NETWORK_TILE_PIXELS
            ),
            frame_networks=WarmNetworks(
                settings.engine, threads=1, tile_pixels=NETWORK_TILE_PIXELS
            ),
            log=log,
            signer=signer,
            operator=Operator(
                name=by.operator,
                host=by.host,
                application=by.application,
                case=settings.case,
                item=settings.item,
            ),
            threads=threads,
            available_memory_bytes=settings.memory_bytes or available_memory_bytes(),
        )


def actor(settings: Settings) -> Actor:
    """Say who acts in this process: one session from its start to its end."""
    return Actor(
        operator=settings.operator,
        session=_session(),
        host=settings.host or "not stated",
        application=f"evident {version()}",
    )


@cache
def _session() -> str:
    return str(uuid4())


def version() -> str:
    """The product's version; `unknown` where it runs without having been installed."""
    try:
        return metadata.version("evident")
    except metadata.PackageNotFoundError:
        return "unknown"
