"""Keeps loaded networks warm: each is read, verified and loaded once, then handed out."""

from __future__ import annotations

import threading
from functools import cached_property

from models import catalog, weights
from models.catalog import Catalog
from models.engines import choice
from models.engines.base import Engine, Session
from models.engines.devices import usable_cores
from models.engines.tiled import DEFAULT_TILE_PIXELS, TiledNetwork
from models.errors import PrecisionError
from models.spec import NetworkCard, Precision


class WarmNetworks:
    """Networks of one catalog on one engine, in one precision, with one tile size.

    `engine` is an engine, its name, or None for the best that is installed; it is looked for
    when the first network (or the first facts) are asked for, so building this costs nothing.
    `threads` None means as many as this process may use. Several threads may call.
    """

    def __init__(
        self,
        engine: Engine | str | None = None,
        *,
        threads: int | None = None,
        precision: Precision = Precision.FP32,
        tile_pixels: int = DEFAULT_TILE_PIXELS,
        networks: Catalog | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"{threads} threads cannot run anything")
        self.threads = threads or usable_cores()
        self.precision = precision
        self.tile_pixels = tile_pixels
        self._catalog = networks or catalog.current()
        self._asked = engine
        self._warm: dict[str, TiledNetwork] = {}
        self._lock = threading.RLock()

    @cached_property
    def engine(self) -> Engine:
        """The engine that runs. Raises EngineUnavailableError."""
        if self._asked is None or isinstance(self._asked, str):
            return choice.resolve(self._asked)
        return self._asked

    def network(self, model: str) -> TiledNetwork:
        """Return the network called `model`, loaded once and kept.

        Raises UnknownModelError, CardError, WeightsError, EngineUnavailableError, or
        EngineError; PrecisionError when the card does not list the precision as proven.
        """
        with self._lock:
            if model not in self._warm:
                self._warm[model] = self._load(self._catalog.card(model))
            return self._warm[model]

    def _load(self, card: NetworkCard) -> TiledNetwork:
        if self.precision not in card.precisions:
            proven = ", ".join(each.value for each in Precision if each in card.precisions)
            raise PrecisionError(
                f"{card.name} is not proven in {self.precision.value}",
                next_step=f"Choose one of: {proven}.",
            )
        content = weights.read_verified(card, self.engine.weights_format)

        def session(precision: Precision) -> Session:
            return self.engine.load(card, content, threads=self.threads, precision=precision)

        is_safe = self.precision is Precision.FP32
        return TiledNetwork(
            session(self.precision),
            card,
            tile_pixels=self.tile_pixels,
            safe=None if is_safe else lambda: session(Precision.FP32),
        )

    def facts(self, model: str) -> dict[str, str | int]:
        """State for a plan how `model` runs here. Loads the engine, not the network.

        Raises UnknownModelError, CardError, MissingWeightsError or EngineUnavailableError.
        """
        card = self._catalog.card(model)
        return {
            "model": card.name,
            "version": card.version,
            "class": card.network_class.value,
            "tiling": card.tiling.caption,
            "weights_format": self.engine.weights_format.value,
            "weights_sha256": weights.file_of(card, self.engine.weights_format).sha256,
            "engine": self.engine.name,
            "engine_version": self.engine.version,
            "precision": self.precision.value,
            "tile_pixels": self._tile_pixels_of(model),
            "threads": self.threads,
            "device_class": self.engine.device_class,
        }

    def _tile_pixels_of(self, model: str) -> int:
        """The tiles that would be used now: smaller than asked for where memory ran out before."""
        with self._lock:
            warm = self._warm.get(model)
            return self.tile_pixels if warm is None else warm.tile_pixels

    def replans(self) -> tuple[str, ...]:
        """Tell what had to be planned anew while running, over all networks, oldest first."""
        with self._lock:
            return tuple(line for each in self._warm.values() for line in each.replans)
