"""Builds the worker and the keeper over records that are open, and ends them in order."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pipelines.errors import RequestError
from services.cli.compute_wiring import pooled_work
from services.cli.evidence_wiring import actor
from services.cli.log_copy_command import log_copy
from services.cli.printing import console_on_stderr
from services.cli.provenance_wiring import refuse_elsewhere, sealing_of
from services.cli.storage_wiring import STORE
from services.cli.wiring import tools
from services.compute.work_objects import sweep
from services.database.database import Database
from services.dispatch.counted import CountedDispatch
from services.dispatch.in_process import InProcessDispatch
from services.dispatch.port import Dispatch
from services.jobs.artifacts import Artifacts
from services.jobs.holdings import Holdings
from services.jobs.jobs import Jobs, QueueRules
from services.jobs.outbox import Outbox
from services.jobs.renderings import Renderings
from services.jobs.values import LANES
from services.orchestrator.housekeeping import Housekeeping
from services.orchestrator.keeper import Chore, Keeper, Told
from services.orchestrator.rendered import Memories, MemoryRules
from services.orchestrator.this_process import ThisProcess
from services.orchestrator.worker import Worker
from services.provenance.local_log import system_clock
from services.provenance.log_copy import can_keep_log
from services.settings.settings import Settings
from services.storage.port import Storage
from services.telemetry.metrics import Metrics

_TIDY_SECONDS = 3600.0
_STRAY_AGE = timedelta(hours=24)


class Duty(StrEnum):
    """What a process does of the orchestrator's work."""

    ALL = "all"
    KEEPER = "keeper"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Orchestra:
    """What runs; `fault` tells what ended a part of it that should not have ended."""

    worker: Worker | None
    keeper: Keeper | None

    @property
    def fault(self) -> Exception | None:
        """The first fault of a part, None while all are well."""
        parts = (self.worker, self.keeper)
        return next((one.fault for one in parts if one is not None and one.fault is not None), None)


@contextmanager
def orchestrating(
    settings: Settings,
    database: Database,
    storage: Storage,
    dispatch: Dispatch,
    metrics: Metrics,
    *,
    duty: Duty = Duty.ALL,
    lanes: Collection[str] = LANES,
) -> Iterator[Orchestra]:
    """Run worker and keeper while the block lasts; then drain, which gives all work back."""
    with ExitStack() as parts:
        if duty is not Duty.WORKER:
            refuse_elsewhere(settings, "A keeper's work")
        sealing = parts.enter_context(sealing_of(settings, database, metrics.breakers))
        jobs = jobs_of(settings, database, dispatch)
        memories = _memories(settings, database, storage)
        worker = keeper = None
        if duty is not Duty.KEEPER:
            shared = parts.enter_context(
                tools(settings, breakers=metrics.breakers, evidence=sealing.evidence)
            )
            executor = ThisProcess(
                shared,
                artifacts=Artifacts(database),
                store=storage.objects,
                sealer=sealing.sealer,
                folder=settings.home / "work",
                is_over=jobs.is_over,
                metrics=metrics.work,
                memories=memories,
                pooled=parts.enter_context(pooled_work(settings, storage.objects, shared)),
            )
            worker = Worker(
                jobs,
                executor,
                lanes=lanes,
                slots=settings.slots,
                metrics=metrics.work,
                is_able=lambda: metrics.breakers.of(STORE).admits,
            )
            metrics.watch_gpus()
            parts.enter_context(dispatch.listening(lanes, worker.wake))
            worker.start()
            parts.callback(worker.drain)
        if duty is not Duty.WORKER and sealing.home is not None:
            holdings = Holdings(database, actor=actor(settings))
            keeper = Keeper(
                jobs,
                Outbox(database),
                dispatch,
                sealing.home.pending,
                sealing.home.log,
                told=Told(_say, metrics.work),
                also=(
                    *_duties(settings, storage, holdings, jobs),
                    Chore(
                        "renderings",
                        lambda: memories.tidy(system_clock, grace=_STRAY_AGE),
                        _TIDY_SECONDS,
                    ),
                ),
            )
            keeper.start()
            parts.callback(keeper.stop)
        yield Orchestra(worker, keeper)


def jobs_of(settings: Settings, database: Database, dispatch: Dispatch) -> Jobs:
    """Return the port of jobs as this process speaks through it; new jobs wake their lanes."""
    rules = QueueRules(
        lease_seconds=settings.lease_seconds, stage_seconds=settings.stage_hours * 3600
    )
    return Jobs(database, actor=actor(settings), rules=rules, hint=dispatch.wake)


@contextmanager
def dispatch_of(settings: Settings, metrics: Metrics) -> Iterator[Dispatch]:
    """Open what wakes lanes: the broker, or this process alone where none is set."""
    if settings.broker is None:
        yield InProcessDispatch()
        return
    try:
        from services.dispatch.celery_broker import CeleryDispatch  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise RequestError(
            f"This installation speaks to no broker: {error.name} is missing.",
            next_step="Install evident with its extra: queue.",
        ) from error
    dispatch = CeleryDispatch(settings.broker)
    try:
        yield CountedDispatch(dispatch, metrics.services, metrics.breakers.of("broker"))
    finally:
        dispatch.close()


def _memories(settings: Settings, database: Database, storage: Storage) -> Memories:
    rules = MemoryRules(settings.reuse_bytes, timedelta(days=settings.reuse_days))
    return Memories(storage.objects, Renderings(database), rules)


def _duties(
    settings: Settings, storage: Storage, holdings: Holdings, jobs: Jobs
) -> Iterator[Chore]:
    """Say what a keeper does besides the queue: a tidy store, and the log's copy in it."""
    grace = timedelta(hours=settings.grace_hours)
    yield Chore(
        "tidy", Housekeeping(storage, holdings, system_clock, grace=grace).tidy, _TIDY_SECONDS
    )
    yield Chore("sweep", lambda: sweep(storage.objects, jobs.is_over), _TIDY_SECONDS)
    if settings.artifacts is None or not settings.log_copy_seconds:
        return
    if can_keep_log(storage.objects):
        yield Chore("copy-log", log_copy(settings, storage.objects).copy, settings.log_copy_seconds)
    else:
        _say(
            "The store of artifacts can neither refuse a second writer nor lock: it gets no copy"
            " of the log."
        )


def _say(trouble: str) -> None:
    # A log that cannot be written, as on a full disk, is no reason to end the work.
    with suppress(OSError):
        console_on_stderr().print(f"warning: {trouble}", markup=False, soft_wrap=True)
