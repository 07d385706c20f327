"""Which way of running a network is taken: engine and precision, decided once per job.

The rule, in this order:
1. What a person named is taken.
2. Otherwise only ways count that a gate has passed for exactly these weights on this build, in
   this precision, on this kind of device, and that the card lists; for a reduced precision fp32
   on the same engine as well, for that is what a tile falls back to. Where there is none, the
   first installed engine runs in fp32, and the gate decides what becomes of it.
3. One such way is taken as it is. Of several, the first stays unless another was measured here,
   for this network, thread count and size of plane, to be faster by a tenth at least.
4. Measuring costs seconds, so it is done where the job is long enough to earn them back, or when
   it is asked for. What was measured is kept.

A measurement decides which way a plan names, never what a plan gives: the plan states the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models import weights
from models.engines import choice
from models.engines.choice import EngineListing
from models.engines.measured import MeasuredFile, Timing, timing_key
from models.errors import PrecisionError
from models.spec import NetworkCard, Precision, WeightsFormat

WORTH_SAMPLES = 200_000_000
"""Input samples from which a job earns back what measuring costs: minutes against seconds."""
LEAST_GAIN = 0.9
"""A way replaces the first one when it takes no more than this share of its time."""
_ONLY = "It is the only way here that a gate has passed."
_CPU_BATCHES, _GPU_BATCHES = (1,), (1, 4)
"""A processor is full with one tile; a GPU may not be."""
_LEAST_SIDE, _MOST_SIDE = 64, 1024

Facts = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Workload:
    """What a job asks of a network: planes of `height` x `width` input samples, so many of them.

    `precision` is the one that the job's graph names; None leaves it open.
    """

    height: int
    width: int
    planes: int = 1
    precision: Precision | None = None

    @property
    def samples(self) -> int:
        """All input samples of the job."""
        return self.height * self.width * self.planes


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run a network."""

    engine: EngineListing
    precision: Precision
    batch: int = 1

    @property
    def caption(self) -> str:
        """As people read it, for example `torch bf16`."""
        together = f", {self.batch} at once" if self.batch > 1 else ""
        return f"{self.engine.name} {self.precision.value}{together}"

    def facts(self, card: NetworkCard) -> dict[str, str | int]:
        """State what a gate asks about, without importing the engine."""
        return {
            "model": card.name,
            "version": card.version,
            "weights_sha256": card.files[self.engine.weights_format].sha256,
            "engine": self.engine.name,
            "engine_version": self.engine.version or "",
            "precision": self.precision.value,
            "device_class": self.engine.device_class,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """The way that was taken and why, in a sentence for a person."""

    engine: str
    precision: Precision
    reason: str
    batch: int = 1


Runs = Callable[[Any], Any]
"""Runs a network on one plane (H, W)."""
Admits = Callable[[Facts, Runs], bool]
"""Whether a gate passed for a way of running, as `Way.facts` states it; it may ask for a run."""
RunOn = Callable[[NetworkCard, Way], Runs]
"""Returns what runs a network in a way; nothing is loaded before it is called."""
Measure = Callable[[NetworkCard, Sequence[Way], int, int], Mapping[str, float]]
"""(card, ways, side, threads) to seconds per plane by caption; what does not run is left out."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Decides; `engine` and `precision` are what a person named, None where nobody did.

    A precision that the job's own graph names goes before `precision`, which is this process's.
    """

    admits: Admits
    runs: RunOn
    measure: Measure
    kept: MeasuredFile
    engine: str | None = None
    precision: Precision | None = None

    def choose(
        self, card: NetworkCard, work: Workload, *, threads: int, measure: bool = False
    ) -> Choice:
        """Decide for one network and one job; `measure` asks for a measurement in any case.

        Raises EngineUnavailableError, PrecisionError or MissingWeightsError.
        """
        wish = work.precision or self.precision
        if self.engine is not None:
            return Choice(self.engine, wish or Precision.FP32, "It was asked for.")
        ways = [way for way in _installed(card, wish) if self._is_admitted(card, way)]
        if not ways:
            return _first_installed(card, wish or Precision.FP32)
        if len(ways) == 1:
            return _taken(ways[0], _ONLY)
        return self._fastest(card, ways, work, threads=threads, measure=measure)

    def _is_admitted(self, card: NetworkCard, way: Way) -> bool:
        """Whether gates passed for a way and for what it falls back to."""
        exact = replace(way, precision=Precision.FP32)
        both = (way,) if way == exact else (way, exact)
        return all(self.admits(each.facts(card), self.runs(card, each)) for each in both)

    def _fastest(
        self, card: NetworkCard, ways: list[Way], work: Workload, *, threads: int, measure: bool
    ) -> Choice:
        side = side_of(work)
        key = timing_key([way.facts(card) for way in ways], side=side, threads=threads)
        known = self.kept.read(key)
        if known is None or measure:
            if not measure and work.samples < WORTH_SAMPLES:
                return _taken(
                    ways[0],
                    "It comes first; others have not been measured here for work of this size.",
                )
            known = Timing(side, threads, dict(self.measure(card, ways, side, threads)))
            self.kept.write(key, known)
        return _by_timing(ways, known)


def _installed(card: NetworkCard, wish: Precision | None) -> list[Way]:
    """Every way that is installed and on the card, best first."""
    wanted = [each for each in Precision if each in card.precisions and wish in (None, each)]
    return [
        Way(engine, precision, batch)
        for engine in choice.listing()
        if engine.is_available and engine.weights_format in card.files
        for precision in wanted
        if precision in engine.precisions
        for batch in (_CPU_BATCHES if engine.device_class == "cpu" else _GPU_BATCHES)
    ]


def _first_installed(card: NetworkCard, asked: Precision) -> Choice:
    """Take what the product would run without any gate."""
    if not card.is_installed:
        weights.file_of(card, WeightsFormat.SAFETENSORS)  # it says how to get the network
    found = _installed(card, asked)
    if found:
        return _taken(found[0], "No gate has passed any; it is the first that is installed.")
    if asked not in card.precisions:
        proven = ", ".join(each.value for each in Precision if each in card.precisions)
        raise PrecisionError(
            f"{card.name} is not proven in {asked.value}",
            next_step=f"Choose one of: {proven}.",
        )
    if not any(each.is_available for each in choice.listing()):
        raise choice.unavailable()
    raise PrecisionError(
        f"no engine that is installed runs {card.name} in {asked.value}",
        next_step="Choose fp32, or install another engine; see `evident doctor`.",
    )


def side_of(work: Workload) -> int:
    """Return the side of the square plane that stands for a job: a power of two near its size.

    Jobs of like sizes share a measurement; beyond 1024 the work is done in tiles anyway.
    """
    side = _LEAST_SIDE
    while side < _MOST_SIDE and 2 * side * side <= work.height * work.width:
        side *= 2
    return side


def _by_timing(ways: Sequence[Way], known: Timing) -> Choice:
    first = ways[0]
    ran = [way for way in ways if way.caption in known.seconds]
    told = ", ".join(f"{way.caption} {1000 * known.seconds[way.caption]:.1f} ms" for way in ran)
    said = f"Measured on {known.side} x {known.side} samples, {known.threads} threads: {told}."
    if not ran:
        return _taken(first, "It comes first; nothing ran when it was measured.")
    best = min(ran, key=lambda way: known.seconds[way.caption])
    before = known.seconds.get(first.caption)
    if before is not None and known.seconds[best.caption] > LEAST_GAIN * before:
        best = first
    return _taken(best, said)


def _taken(way: Way, reason: str) -> Choice:
    return Choice(way.engine.name, way.precision, reason, way.batch)
