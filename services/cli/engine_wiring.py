"""Builds warm networks that decide how they run: by gates, by what was measured, by settings."""

from __future__ import annotations

from dataclasses import dataclass

from models.catalog import Catalog
from models.engines.measured import MeasuredFile
from models.engines.plan_cache import PlanCache
from models.engines.residency import WarmNetworks
from models.engines.resident import Room
from models.engines.selection import Facts, Runs, Selector
from models.engines.trial import measure_with, run_on
from models.errors import ModelError
from models.spec import Precision
from pipelines.ports import GateBook, GateState
from services.settings.settings import Settings

NETWORK_TILE_PIXELS = 640
ENGINES = "engines"


@dataclass(frozen=True, slots=True)
class Warm:
    """Networks for one picture on all threads, and for several frames on one thread each."""

    for_pictures: WarmNetworks
    for_frames: WarmNetworks


def selector(settings: Settings, gates: GateBook) -> Selector:
    """Return what decides engine and precision under these settings and gates."""
    cache = plan_cache(settings)

    def admits(facts: Facts, runs: Runs) -> bool:
        try:
            return gates.standing(facts, runs).state is GateState.PASSED
        except ModelError:  # it has no answers to give here
            return False

    return Selector(
        admits=admits,
        runs=run_on(cache),
        measure=measure_with(cache),
        kept=MeasuredFile(settings.home / ENGINES / "measured.json"),
        engine=settings.engine,
        precision=settings.precision,
    )


def plan_cache(settings: Settings) -> PlanCache:
    """Return where engines keep what they build."""
    return PlanCache(settings.home / ENGINES / "plans")


def warm_networks(
    settings: Settings,
    gates: GateBook,
    networks: Catalog,
    *,
    threads: int,
    available_memory_bytes: int,
) -> Warm:
    """Return the networks of this process; both kinds share one room of memory."""
    budget = settings.network_memory_bytes
    room = Room(available_memory_bytes // 2 if budget is None else budget)
    decides = selector(settings, gates)

    def warm(count: int) -> WarmNetworks:
        return WarmNetworks(
            settings.engine,
            threads=count,
            precision=settings.precision or Precision.FP32,
            tile_pixels=settings.tile_pixels or NETWORK_TILE_PIXELS,
            tile_is_fixed=settings.tile_pixels is not None,
            networks=networks,
            selector=decides,
            room=room,
            cache=plan_cache(settings),
        )

    made = Warm(warm(threads), warm(1))
    made.for_pictures.preload(settings.preload)
    return made
