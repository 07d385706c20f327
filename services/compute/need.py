"""What a worker for a plan takes: threads, and the share of a GPU that its networks fill."""

from __future__ import annotations

import math

from models.engines.devices import gpus
from pipelines.graph.plan import Plan
from pipelines.graph.validate import CheckedGraph
from pipelines.run.planning import network_memory_bytes
from services.compute.order import Need

LEAST_SHARE = 0.05
_GPU_CONTEXT_BYTES = 600 << 20
"""What a process takes of a GPU before its first network: kernels and the driver's own."""


def need_of(plan: Plan, checked: CheckedGraph) -> Need:
    """Tell what a worker for this plan takes. The plan's threads are a worker's threads."""
    is_gpu = any(str(facts["device_class"]) != "cpu" for facts in plan.networks)
    if not is_gpu:
        return Need(plan.threads)
    needed = plan.frames_at_once * network_memory_bytes(checked, plan.networks)
    whole = min((one.memory_bytes for one in gpus()), default=0)
    return Need(plan.threads, share(needed + _GPU_CONTEXT_BYTES, whole))


def share(needed_bytes: int, whole_bytes: int) -> float:
    """Part of a GPU in hundredths, rounded up; all of it where nothing is known."""
    if whole_bytes <= 0:
        return 1.0
    return min(1.0, max(LEAST_SHARE, math.ceil(100 * needed_bytes / whole_bytes) / 100))
