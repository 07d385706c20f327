"""One replay that can run: what is on record, what runs it here, and how the two compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from models.catalog import Catalog
from pipelines.graph.plan import Plan
from pipelines.graph.validate import CheckedGraph
from pipelines.media.picture import FrameShape
from pipelines.ports import Progress
from pipelines.run.job import Tools
from pipelines.run.planning import planned_picture
from pipelines.run.replay_bounds import NotReplayableError
from pipelines.run.replay_bundle import ReplayBundle
from pipelines.run.replay_compare import Worst
from pipelines.run.replay_networks import PlannedNetworks
from pipelines.run.replay_plan import Logged, Tiles, plan_differences
from pipelines.run.replay_verdict import Compared, Condition
from pipelines.stages.enhance import Chain
from pipelines.stages.export.gathered import hardware_facts, software_facts
from pipelines.stages.ingest import Received

_DECIDING = ("numpy", "av", "onnxruntime", "pyvips", "pillow")
"""Libraries that decode or compute samples; together with the engine they are its build."""

NOT_LOOKED = "nothing was looked for here"
_NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants it replayed; None and empty mean as it is on record.

    `frames` is (first, one past the last). `trusted` are raw Ed25519 keys. `picture` asks for a
    drawing of the largest difference.
    """

    trusted: tuple[bytes, ...] = ()
    threads: int | None = None
    engine: str | None = None
    frames: tuple[int, int] | None = None
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a replay of one photograph or clip needs.

    `tools` hold the networks under the logged conditions, or those wished for instead.
    """

    bundle: ReplayBundle
    logged: Logged
    checked: CheckedGraph
    received: Received
    scratch: Path
    tools: Tools
    progress: Progress
    wish: Wish
    catalogs: Mapping[str, Catalog]

    @property
    def is_wished_otherwise(self) -> bool:
        """Whether other conditions than those on record were asked for."""
        return self.wish.threads is not None or self.wish.engine is not None

    @property
    def as_on_record(self) -> Case:
        """The same replay under the conditions on record."""
        return replace(self, wish=replace(self.wish, threads=None, engine=None))

    def networks(self, tiles: Tiles, *, side_by_side: bool) -> PlannedNetworks:
        """The plan's networks with these tiles, for one frame or for several at once."""
        threads = self.wish.threads
        return PlannedNetworks(
            self.logged.plan.networks,
            self.catalogs,
            engine=self.wish.engine,
            threads=1 if side_by_side and threads is not None else threads,
            tiles=tiles,
        )


@dataclass(frozen=True, slots=True)
class Ran:
    """A replay that came to its end. `here` is the plan that this machine would have made."""

    here: Plan
    compared: Compared
    worst: Worst | None


def require_shapes(logged: Plan, source: FrameShape, chain: Chain) -> None:
    """Refuse to go on where a step makes a picture of another shape than is on record."""
    if planned_picture(source) != logged.source.picture:
        raise NotReplayableError(
            "a decoder that reads the file as received in the shape on record: here it is "
            f"{source.width} x {source.height} in {source.layout.depth} bits"
        )
    for planned, operation in zip(logged.steps, chain.operations, strict=True):
        if planned_picture(operation.result) != planned.result:
            raise NotReplayableError(
                f"a version whose {planned.op} gives {planned.result.width} x "
                f"{planned.result.height}: here it gives {operation.result.width} x "
                f"{operation.result.height}"
            )


def conditions(case: Case, here: Plan) -> tuple[Condition, ...]:
    """Compare the circumstances of the run on record with those of this one."""
    logged = case.logged
    return (
        *_plan_conditions(logged, here),
        *_engine_conditions(logged.plan, here),
        *_tile_conditions(case),
        *_environment_conditions(logged, case.tools.operator.application),
    )


def _plan_conditions(logged: Logged, here: Plan) -> Iterator[Condition]:
    other = [one for one in plan_differences(logged.plan, here) if not _is_shown_apart(one[0])]
    digest = logged.plan_sha256
    found = digest if not other else f"resolved otherwise in {len(other)} fields"
    yield Condition("plan", digest, found, promised=True)
    for name, was, now in other:
        yield Condition(f"plan: {name}", was, now)
    yield from _track_conditions(logged.plan, here)
    yield from _fusion_conditions(logged.plan, here)
    yield Condition("threads", str(logged.plan.threads), str(here.threads), promised=True)
    yield Condition(
        "frames at once",
        str(logged.plan.frames_at_once),
        str(here.frames_at_once),
        promised=True,
    )


def _track_conditions(logged: Plan, here: Plan) -> Iterator[Condition]:
    """Whether the same things are found and followed here."""
    was, now = logged.tracking, here.tracking
    if was is None:
        return
    found = NOT_LOOKED if now is None or now.tracks_sha256 is None else now.tracks_sha256
    yield Condition("tracks", was.tracks_sha256 or _NOT_STATED, found, promised=True)
    if now is not None:
        then, today = (
            f"{one.detector} {one.detector_version} ({one.engine})" for one in (was, now)
        )
        yield Condition("detector", then, today, promised=True)


def _fusion_conditions(logged: Plan, here: Plan) -> Iterator[Condition]:
    """Whether the same came of every fusion; no frame of the result depends on it."""
    for number, (was, now) in enumerate(zip(logged.fusions, here.fusions, strict=True), start=1):
        then, today = (one.list_sha256 or _NOT_STATED for one in (was, now))
        yield Condition(f"fusion {number}", then, today)


def _is_shown_apart(name: str) -> bool:
    if name.startswith(("tracking.", "fusions.")):
        return True
    shown = ("engine", "engine_version", "device_class", "threads", "weights_format")
    if name.startswith("networks."):
        last = name.rpartition(".")[2]
        return last in (*shown, "weights_sha256", "tile_pixels") or last.startswith("gate")
    return name in ("threads", "frames_at_once")


def _engine_conditions(logged: Plan, here: Plan) -> Iterator[Condition]:
    present = {facts["model"]: facts for facts in here.networks}
    for was in logged.networks:
        name = str(was["model"])
        now = present[name]
        yield Condition(
            f"weights of {name}",
            str(was["weights_sha256"]),
            str(now["weights_sha256"]),
            promised=True,
        )
        for field_name, fields in (
            ("engine", ("engine", "engine_version")),
            ("device class", ("device_class",)),
            ("threads", ("threads",)),
        ):
            then = " ".join(str(was[one]) for one in fields)
            today = " ".join(str(now[one]) for one in fields)
            yield Condition(f"{field_name} of {name}", then, today, promised=True)
        # What was thought of a network since then decides no sample.
        yield Condition(f"gate of {name}", str(was["gate"]), str(now["gate"]))


def _tile_conditions(case: Case) -> Iterator[Condition]:
    for part in case.logged.parts:
        for name, side in sorted(part.tiles.items()):
            said = f"{side}, planned anew when memory ran out"
            where = f"frames {part.first} to {part.stop - 1}"
            yield Condition(f"tile of {name} in {where}", said, said)


def _environment_conditions(logged: Logged, application: str) -> Iterator[Condition]:
    yield Condition("application", logged.application, application)
    software = software_here()
    for name in sorted(logged.software.keys() | software.keys()):
        yield Condition(
            name,
            logged.software.get(name, _NOT_STATED),
            software.get(name, _NOT_STATED),
            promised=name in _DECIDING,
        )
    hardware = hardware_here()
    for name in sorted(logged.hardware.keys() | hardware.keys()):
        yield Condition(
            name,
            logged.hardware.get(name, _NOT_STATED),
            hardware.get(name, _NOT_STATED),
            promised=name == "processor",
        )


def software_here() -> dict[str, str]:
    """Versions of the software that would do the work here."""
    return {fact.name: fact.value for fact in software_facts()}


def hardware_here() -> dict[str, str]:
    """What this machine is."""
    return {fact.name: fact.value for fact in hardware_facts()}
