"""Keeps networks warm: each is read, verified and loaded once, then handed out.

`WarmNetworks` is what a process holds. A job asks it for its own view, `for_work`, in which the
way of running each network is decided; what is loaded is shared by all views, and leaves memory
again when the room gets short.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import cached_property

from models import catalog, weights
from models.catalog import Catalog
from models.engines import choice
from models.engines.base import Engine, Session
from models.engines.devices import usable_cores
from models.engines.plan_cache import PlanCache
from models.engines.resident import ResidentSession, Room
from models.engines.selection import Choice, Selector, Workload
from models.engines.tiled import DEFAULT_TILE_PIXELS, TiledNetwork
from models.errors import PrecisionError
from models.spec import NetworkCard, Precision

Facts = dict[str, str | int]


class WarmNetworks:
    """Networks of one catalog, with one thread count and one tile size.

    `engine` is an engine, its name, or None for the best that is installed; it is looked for
    when the first network (or the first facts) are asked for, so building this costs nothing.
    `threads` None means as many as this process may use. With a `selector` every job's view
    decides engine and precision for itself. `tile_is_fixed` says that a person set the tile.
    `batch` tiles go through at once. `room` may be shared by several; `cache` keeps what engines
    build. Several threads may call.
    """

    def __init__(  # noqa: PLR0913 - what decides how networks run, each with a default
        self,
        engine: Engine | str | None = None,
        *,
        threads: int | None = None,
        precision: Precision = Precision.FP32,
        tile_pixels: int = DEFAULT_TILE_PIXELS,
        tile_is_fixed: bool = False,
        batch: int = 1,
        networks: Catalog | None = None,
        selector: Selector | None = None,
        room: Room | None = None,
        cache: PlanCache | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"{threads} threads cannot run anything")
        self.threads = threads or usable_cores()
        self.precision = precision
        self.tile_pixels = tile_pixels
        self.batch = batch
        self.room = room or Room()
        self._tile_is_fixed = tile_is_fixed
        self._catalog = networks or catalog.current()
        self._selector = selector
        self._cache = cache
        self._asked = engine
        self._engines: dict[str, Engine] = {}
        self._warm: dict[tuple[str, str, Precision, int], TiledNetwork] = {}
        self._replans: list[str] = []
        self._lock = threading.RLock()

    @cached_property
    def engine(self) -> Engine:
        """The engine that runs where no job decided otherwise. Raises EngineUnavailableError."""
        if self._asked is None or isinstance(self._asked, str):
            return choice.resolve(self._asked, cache=self._cache)
        return self._asked

    def network(self, model: str) -> TiledNetwork:
        """Return the network called `model`, loaded once and kept.

        Raises UnknownModelError, CardError, WeightsError, EngineUnavailableError, or
        EngineError; PrecisionError when the card does not list the precision as proven.
        """
        return self.running(model, self.engine, self.precision, self.batch)

    def facts(self, model: str) -> Facts:
        """State for a plan how `model` runs here. Loads the engine, not the network.

        Raises UnknownModelError, CardError, MissingWeightsError or EngineUnavailableError.
        """
        return self.stated(model, self.engine, self.precision, self.batch)

    def fallback(self, model: str) -> TiledNetwork:
        """Return `model` in fp32 on the same engine. Raises as `network` does."""
        return self.running(model, self.engine, Precision.FP32, self.batch)

    def replans(self) -> tuple[str, ...]:
        """Tell what had to be planned anew while running, over all networks, oldest first."""
        with self._lock:
            return tuple(self._replans)

    def reasons(self) -> Mapping[str, str]:
        """Tell why each network runs as it does; nothing where nobody had to decide."""
        return {}

    def for_work(self, models: Iterable[str], work: Workload) -> WarmNetworks | ChosenNetworks:
        """Decide how `models` run for one job, and return the view of that job.

        Raises as `network` does.
        """
        if self._selector is None:
            return self
        ways = {
            model: self._selector.choose(self._catalog.card(model), work, threads=self.threads)
            for model in models
        }
        return ChosenNetworks(self, ways)

    def preload(self, models: Iterable[str]) -> None:
        """Load networks before the first job wants them. Raises as `network` does."""
        wanted = tuple(models)
        view = self.for_work(wanted, Workload(self.tile_pixels, self.tile_pixels))
        for model in wanted:
            view.network(model)

    def engine_called(self, name: str) -> Engine:
        """Return the engine of this name, made once. Raises EngineUnavailableError."""
        with self._lock:
            if name not in self._engines:
                own = self._asked is not None and self.engine.name == name
                self._engines[name] = (
                    self.engine if own else choice.resolve(name, cache=self._cache)
                )
            return self._engines[name]

    def running(self, model: str, engine: Engine, precision: Precision, batch: int) -> TiledNetwork:
        """Return a network on an engine in a precision, loaded once and kept."""
        with self._lock:
            key = (model, engine.name, precision, batch)
            if key not in self._warm:
                self._warm[key] = self._load(self._catalog.card(model), engine, precision, batch)
            return self._warm[key]

    def stated(self, model: str, engine: Engine, precision: Precision, batch: int) -> Facts:
        """State how a network runs on an engine in a precision."""
        card = self._catalog.card(model)
        with self._lock:
            warm = self._warm.get((model, engine.name, precision, batch))
        return {
            "model": card.name,
            "version": card.version,
            "class": card.network_class.value,
            "tiling": card.tiling.caption,
            "weights_format": engine.weights_format.value,
            "weights_sha256": weights.file_of(card, engine.weights_format).sha256,
            "engine": engine.name,
            "engine_version": engine.version,
            "precision": precision.value,
            # Smaller than asked for where memory ran out before.
            "tile_pixels": self.tile_pixels if warm is None else warm.tile_pixels,
            "batch": batch if warm is None else warm.batch,
            "threads": self.threads,
            "device_class": engine.device_class,
        }

    def _load(
        self, card: NetworkCard, engine: Engine, precision: Precision, batch: int
    ) -> TiledNetwork:
        if precision not in card.precisions:
            proven = ", ".join(each.value for each in Precision if each in card.precisions)
            raise PrecisionError(
                f"{card.name} is not proven in {precision.value}",
                next_step=f"Choose one of: {proven}.",
            )
        content = weights.read_verified(card, engine.weights_format)
        session = self._resident(card, engine, content, precision, batch)
        session.warm_up()
        is_safe = precision is Precision.FP32
        return TiledNetwork(
            session,
            card,
            tile_pixels=self.tile_pixels,
            tile_is_fixed=self._tile_is_fixed,
            batch=batch,
            safe=None
            if is_safe
            else lambda: self._resident(card, engine, content, Precision.FP32, 1),
            note=self._note,
        )

    def _resident(
        self, card: NetworkCard, engine: Engine, content: bytes, precision: Precision, batch: int
    ) -> ResidentSession:
        side = self.tile_pixels + 2 * card.tiling.halo

        def load() -> Session:
            return engine.load(card, content, threads=self.threads, precision=precision)

        return ResidentSession(
            f"{card.name} on {engine.name} in {precision.value}",
            load,
            self.room,
            need_bytes=choice.need_bytes(card, engine.name, pixels=batch * side * side),
            afterwards=getattr(engine, "give_back", None),
        )

    def _note(self, line: str) -> None:
        with self._lock:
            self._replans.append(line)


class ChosenNetworks:
    """One job's view of warm networks: every network in the way that was decided for this job."""

    def __init__(self, warm: WarmNetworks, ways: Mapping[str, Choice]) -> None:
        self.threads = warm.threads
        self._warm = warm
        self._ways = dict(ways)

    def network(self, model: str) -> TiledNetwork:
        """Return a network of the job. Raises as `WarmNetworks.network` does."""
        way = self._ways[model]
        engine = self._warm.engine_called(way.engine)
        return self._warm.running(model, engine, way.precision, way.batch)

    def facts(self, model: str) -> Facts:
        """State for a plan how a network of the job runs here."""
        way = self._ways[model]
        engine = self._warm.engine_called(way.engine)
        return self._warm.stated(model, engine, way.precision, way.batch)

    def fallback(self, model: str) -> TiledNetwork:
        """Return a network of the job in fp32 on its engine. Raises as `network` does."""
        way = self._ways[model]
        engine = self._warm.engine_called(way.engine)
        return self._warm.running(model, engine, Precision.FP32, way.batch)

    def replans(self) -> tuple[str, ...]:
        """Tell what had to be planned anew, in every job of the process, oldest first."""
        return self._warm.replans()

    def reasons(self) -> Mapping[str, str]:
        """Tell why each network of the job runs as it does."""
        return {model: way.reason for model, way in self._ways.items()}

    def for_work(self, models: Iterable[str], work: Workload) -> WarmNetworks | ChosenNetworks:
        """Decide anew for other work."""
        return self._warm.for_work(models, work)
