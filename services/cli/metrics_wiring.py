"""Shows a process's counts where the settings say, for those that serve nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.cli.printing import console_on_stderr
from services.settings.settings import Settings
from services.telemetry.listener import metrics_listener
from services.telemetry.metrics import Metrics


@contextmanager
def showing(
    settings: Settings,
    metrics: Metrics,
    *,
    fault: Callable[[], Exception | None] = lambda: None,
) -> Iterator[None]:
    """Answer `/metrics` and `/healthz` while the block lasts, where a port is set."""
    if settings.metrics_port is None:
        yield
        return
    host = settings.metrics_host
    with metrics_listener(metrics, host=host, port=settings.metrics_port, fault=fault) as port:
        console_on_stderr().print(
            f"Counts: http://{host}:{port}/metrics", markup=False, soft_wrap=True
        )
        yield
