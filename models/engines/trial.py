"""Times ways of running one network against each other, for `models.engines.selection`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from models import weights
from models.engines import choice, devices
from models.engines.base import Batch, Session
from models.engines.measured import time_runs
from models.engines.plan_cache import PlanCache
from models.engines.selection import Measure, RunOn, Runs, Way
from models.engines.tiled import Plane, TiledNetwork
from models.errors import ModelError
from models.spec import NetworkCard


def measure_with(cache: PlanCache | None = None) -> Measure:
    """Return what measures; engines keep what they build in `cache`."""

    def measure(
        card: NetworkCard, ways: Sequence[Way], side: int, threads: int
    ) -> Mapping[str, float]:
        """Seconds per plane by caption; a way that does not load or run here is left out."""
        runs: dict[str, Callable[[], object]] = {}
        for way in ways:
            batch = _planes(card, way.batch, side)
            try:
                run = partial(_session(card, way, threads, cache).run, batch)
                run()
            except ModelError:
                continue
            runs[way.caption] = run
        seconds = time_runs(runs)
        return {
            way.caption: seconds[way.caption] / way.batch for way in ways if way.caption in runs
        }

    return measure


def run_on(cache: PlanCache | None = None) -> RunOn:
    """Return what runs single planes in a way of running, loading the network when it is called."""

    def on(card: NetworkCard, way: Way) -> Runs:
        def run(plane: Plane) -> Plane:
            session = _session(card, way, devices.usable_cores(), cache)
            return TiledNetwork(session, card).run(plane)

        return run

    return on


def _session(card: NetworkCard, way: Way, threads: int, cache: PlanCache | None) -> Session:
    engine = choice.resolve(way.engine.name, cache=cache)
    content = weights.read_verified(card, engine.weights_format)
    return engine.load(card, content, threads=threads, precision=way.precision)


def _planes(card: NetworkCard, count: int, side: int) -> Batch:
    """Draw planes to run: what they hold makes no difference to the time."""
    return np.random.default_rng(1).random(
        (count, card.channels.planes, side, side), dtype=np.float32
    )
