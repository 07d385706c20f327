"""What the benchmark writes down: one document of a run, or one that says that there was none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.gpu.ways import every_way
from benchmarks.gpu.work import Ceilings

LEAST_SHARE_OF_BARE = 0.95
LEAST_SHARE_OF_CEILING = 0.6
NOT_RUN = (
    "Not yet run: no CUDA GPU was at hand. `python -m benchmarks.gpu` in a PyTorch CUDA image "
    "writes this file."
)


def not_run() -> dict[str, Any]:
    """The document as long as nothing was measured: no number, and the ways that would be."""
    return {"run": False, "note": NOT_RUN, "ways": [one.facts for one in every_way()]}


def fastest(ways: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The way with the most frames per second. Raises RuntimeError where none ran."""
    ran = [one for one in ways if "frames_per_second" in one]
    if not ran:
        raise RuntimeError("; ".join(sorted({str(one.get("failed")) for one in ways})))
    return max(ran, key=lambda one: float(one["frames_per_second"]))


def is_kept(size: Mapping[str, Any]) -> bool:
    """Whether one size of picture kept both bars.

    The lower ceiling binds, so the larger of the two shares is held against the bar.
    """
    shares = size["share_of_ceilings"].values()
    whole = float(size["whole_way"]["share_of_bare"])
    return max(shares) >= LEAST_SHARE_OF_CEILING and whole >= LEAST_SHARE_OF_BARE


def document(
    machine: Mapping[str, Any],
    ceilings: Mapping[str, Ceilings],
    sizes: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The document of a run."""
    return {
        "run": True,
        "machine": dict(machine),
        "ceilings": {
            name: {
                "matrix_multiply_adds_per_second": each.multiply_adds_per_second,
                "memory_bytes_per_second": each.bytes_per_second,
            }
            for name, each in ceilings.items()
        },
        "sizes": {name: dict(one) for name, one in sizes.items()},
        "bars": {
            "share_of_bare": LEAST_SHARE_OF_BARE,
            "share_of_the_lower_ceiling": LEAST_SHARE_OF_CEILING,
        },
        "kept": all(map(is_kept, sizes.values())),
    }
