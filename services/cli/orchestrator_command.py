"""`evident orchestrator`: worker and keeper of one process, until a signal drains them."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import EvidentError, RequestError
from services.cli.evidence_wiring import settings_for
from services.cli.printing import FAILED, GOOD, console_on_stderr, wrong_use
from services.cli.records_wiring import records, server_extra
from services.jobs.values import LANES

if TYPE_CHECKING:
    from services.cli.orchestrator_wiring import Duty
    from services.settings.settings import Settings

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for; None leaves it to the settings."""

    only: str | None
    lanes: tuple[str, ...]
    slots: int | None
    metrics_port: int | None


def main(asked: Asked, *, home: Path | None) -> int:
    """Work until stopped; returns the exit code."""
    try:
        given = {"slots": asked.slots, "metrics_port": asked.metrics_port}
        changes = {name: value for name, value in given.items() if value is not None}
        settings = settings_for(home).model_copy(update=changes)
        only = asked.only
        with server_extra():
            from services.cli.orchestrator_wiring import Duty  # noqa: PLC0415 - an extra
        duties = {duty.value: duty for duty in Duty}
        if only is not None and only not in (Duty.KEEPER, Duty.WORKER):
            raise RequestError("--only takes keeper or worker.")
        return _work(settings, duties[only or Duty.ALL], asked.lanes or LANES)
    except EvidentError as error:
        return wrong_use(error, as_json=False)


def _work(settings: Settings, duty: Duty, lanes: tuple[str, ...]) -> int:
    from services.cli.metrics_wiring import showing  # noqa: PLC0415 - an extra
    from services.cli.orchestrator_wiring import dispatch_of, orchestrating  # noqa: PLC0415 - extra
    from services.cli.storage_wiring import storage  # noqa: PLC0415 - an extra
    from services.telemetry.metrics import Metrics  # noqa: PLC0415 - an extra

    metrics = Metrics()
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: asked.set())
    say = console_on_stderr().print
    with records(settings) as database, dispatch_of(settings, metrics) as dispatch:
        store = storage(settings, metrics)
        with (
            orchestrating(
                settings, database, store, dispatch, metrics, duty=duty, lanes=lanes
            ) as running,
            showing(settings, metrics, fault=lambda: running.fault),
        ):
            say(f"Working: {duty.value}, lanes {', '.join(lanes)}. SIGTERM drains.", markup=False)
            while not asked.wait(_LOOK_SECONDS):
                if (fault := running.fault) is not None:
                    say(f"Ended by a fault: {type(fault).__name__}: {fault}", markup=False)
                    return FAILED
    return GOOD
