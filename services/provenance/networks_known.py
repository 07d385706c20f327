"""Networks as the host of the log knows them, for a machine that has no log of their life.

Whether a network may run is what its moves in the log say, so it is asked where the log is. A
network whose weights here are not those there would make one job's result depend on the machine
that took it: that is an error that says so, never a difference that nobody sees.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.errors import RequestError
from pipelines.gates.book import Book, Facts, Shelf, shipped_shelf
from pipelines.gates.life import LifeState
from pipelines.ports import GateStanding
from services.provenance.service_line import SealerAwayError, ServiceLine, document, refused

FRESH_SECONDS = 30.0
NETWORKS_PATH = "/v1/sealing/networks"


class NetworkThere(BaseModel):
    """One network as the host of the log has it; without weights it is not installed there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: LifeState | None
    weights: frozenset[str]


class Told(BaseModel):
    """What the service tells: networks by name, and the keys whose gate records count there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    keys: tuple[str, ...]
    networks: Mapping[str, NetworkThere]


class NetworksKnown:
    """Asks the service at the end of `line`; an answer counts for `FRESH_SECONDS`."""

    def __init__(self, line: ServiceLine, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[tuple[str, ...], tuple[float, Told]] = {}

    def of(self, names: Iterable[str]) -> Told:
        """Return what is known there of networks. Raises SealerAwayError."""
        asked = tuple(sorted(set(names)))
        with self._lock:
            at, told = self._told.get(asked, (0.0, None))
            if told is None or self._clock() - at > FRESH_SECONDS:
                told = self._asked(asked)
                self._told[asked] = (self._clock(), told)
            return told

    def _asked(self, names: tuple[str, ...]) -> Told:
        query = urlencode([("name", name) for name in names])
        answer = self._line.ask("GET", f"{NETWORKS_PATH}?{query}")
        if answer.status != HTTPStatus.OK:
            raise refused(answer)
        try:
            return Told.model_validate(document(answer))
        except ValidationError as error:
            raise SealerAwayError(
                "What the provenance service tells of networks is not in its form.",
                next_step="See that both hosts run one version.",
            ) from error


@dataclass(frozen=True, slots=True)
class BookElsewhere:
    """A `GateBook` of a machine without a log: records in `folder`, life as `known` tells it.

    `shipped` are the networks that come with the product.
    """

    known: NetworksKnown
    folder: Path
    shipped: frozenset[str]

    def book(self, names: Iterable[str]) -> Book:
        """Return the book as it stands for networks."""
        told = self.known.of(names)
        keys = tuple(bytes.fromhex(key) for key in told.keys)

        def state(name: str) -> LifeState | None:
            found = told.networks.get(name)
            return None if found is None else found.state

        return Book((shipped_shelf(), Shelf(self.folder, keys)), shipped=self.shipped, state=state)

    def standing(self, facts: Facts, run: Callable[[Any], Any]) -> GateStanding:
        """Tell what is known of a network. RequestError where both hosts have not the same one."""
        name, weights = str(facts["model"]), str(facts["weights_sha256"])
        there = self.known.of([name]).networks.get(name)
        if there is None or weights not in there.weights:
            said = "is not installed" if there is None or not there.weights else "has other weights"
            raise RequestError(
                f"The network {name} that is installed here ({weights[:16]}…) {said} on the host "
                "of the log.",
                next_step="Install the same networks on every host: copy the folders models and "
                "gates of the home there into the home here.",
            )
        return self.book([name]).standing(facts, run)
