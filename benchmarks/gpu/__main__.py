"""`python -m benchmarks.gpu [--clip FILE] [--seconds S]`: frames per second on one GPU.

For 720p and 1080p: the bare network on frames that are on the device, over precision, batch and
compilation; then the whole way from decoder to nowhere with the fastest of them; against the
matrix rate and the memory rate that the same GPU reached in the same run. Writes
`benchmarks/results/gpu.json`. Needs torch with CUDA and numpy; PyAV for real decoding.
Bars: 0.95 of the bare network for the whole way, 0.6 of the lower of the two ceilings.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.enhance import DTYPES, SHAPE, Enhance
from benchmarks.gpu.flow import Flow, captured
from benchmarks.gpu.frames import decoded, drawn
from benchmarks.gpu.work import Ceilings, Work, shares

RESULT = Path(__file__).resolve().parents[1] / "results" / "gpu.json"
SIZES = {"720p": (720, 1280), "1080p": (1080, 1920)}
BATCHES = (1, 2, 4, 8)
_SIDE = 8192
_COPIED_BYTES = 1 << 30


def per_second(run: Callable[[], object], *, seconds: float, settle: int = 5) -> float:
    """Return how often `run` is done per second, over at least `seconds`, in five parts' best."""
    for _ in range(settle):
        run()
    torch.cuda.synchronize()
    best = 0.0
    for _ in range(5):
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < seconds / 5:
            for _ in range(10):
                run()
            done += 10
            torch.cuda.synchronize()
        best = max(best, done / (time.perf_counter() - started))
    return best


def ceilings(dtype: torch.dtype, device: torch.device, seconds: float) -> Ceilings:
    """Measure the matrix rate in `dtype` and the rate of a copy within the device's memory."""
    a, b = (torch.randn(_SIDE, _SIDE, device=device).to(dtype) for _ in range(2))
    products = per_second(partial(torch.mm, a, b), seconds=seconds)
    del a, b
    source = torch.empty(_COPIED_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copies = per_second(lambda: target.copy_(source), seconds=seconds)
    return Ceilings(products * _SIDE**3, copies * 2 * _COPIED_BYTES)


def bare(height: int, width: int, device: torch.device, seconds: float) -> Iterator[dict[str, Any]]:
    """Frames per second of the network alone, in every way; one that does not run says why."""
    for name, batch, compiled in product(DTYPES, BATCHES, (False, True)):
        way: dict[str, Any] = {"precision": name, "batch": batch, "compiled": compiled}
        try:
            step = step_of(name, device, compiled=compiled)
            plane = torch.rand((batch, 1, height, width), device=device)
            luma = torch.compile(step.luma) if compiled else step.luma
            graph, _ = captured(luma, plane, torch.cuda.Stream(device))
            way["frames_per_second"] = batch * per_second(graph.replay, seconds=seconds)
        except (RuntimeError, ImportError) as error:
            way["failed"] = (str(error).splitlines() or [type(error).__name__])[0]
        torch.cuda.empty_cache()
        yield way


def step_of(name: str, device: torch.device, *, compiled: bool) -> Enhance:
    """Return the step in a precision; `compiled` has torch write its kernels."""
    step = Enhance(DTYPES[name], device)
    if compiled:
        step.compile()
    return step


def whole(
    best: dict[str, Any], height: int, width: int, device: torch.device, clip: Path | None
) -> dict[str, Any]:
    """Frames per second of the whole way, with the way that was fastest bare."""
    batch = best["batch"]
    step: Callable[[Tensor], Tensor] = step_of(best["precision"], device, compiled=best["compiled"])
    flow = Flow(step, (batch, height * 3 // 2, width), device)
    frames = max(200, int(5 * best["frames_per_second"]))
    source = drawn if clip is None else partial(decoded, clip)
    for _ in flow.run(source(height, width, batch=batch, frames=8 * batch)):
        pass
    started, done = time.perf_counter(), 0
    for made in flow.run(source(height, width, batch=batch, frames=frames)):
        done += len(made)
    taken = time.perf_counter() - started
    return {
        "frames": done,
        "frames_per_second": done / taken,
        "share_of_bare": round(done / taken / best["frames_per_second"], 4),
        "source": "noise in host memory; nothing was decoded" if clip is None else clip.name,
    }


def described(device: torch.device) -> dict[str, Any]:
    """Describe GPU and software. No names of machines, no paths."""
    facts = torch.cuda.get_device_properties(device)
    return {
        "gpu": facts.name,
        "compute": f"{facts.major}.{facts.minor}",
        "memory_gib": round(facts.total_memory / 2**30, 1),
        "multiprocessors": facts.multi_processor_count,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }


def main() -> int:
    """Measure, write the result, print it; 1 where a bar is missed, 2 without a GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, default=None, help="decoded with PyAV, over and over")
    parser.add_argument("--seconds", type=float, default=2.0, help="per measurement")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no CUDA GPU here; nothing was measured, and the result stays as it is.")
        return 2
    device = torch.device("cuda", 0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    most = {name: ceilings(dtype, device, asked.seconds) for name, dtype in DTYPES.items()}
    sizes, kept = {}, []
    for size, (height, width) in SIZES.items():
        work = Work(height, width, SHAPE.features, SHAPE.depth, SHAPE.scale)
        ways = list(bare(height, width, device, asked.seconds))
        best = max(ways, key=lambda way: float(way.get("frames_per_second", 0.0)))
        sample_bytes = DTYPES[best["precision"]].itemsize
        reached = shares(best["frames_per_second"], most[best["precision"]], work, sample_bytes)
        through = whole(best, height, width, device, asked.clip)
        kept += [max(reached.values()) >= 0.6, through["share_of_bare"] >= 0.95]
        sizes[size] = {
            "ways": ways,
            "best": best,
            "share_of_ceilings": reached,
            "whole_way": through,
        }
    document = {
        "run": True,
        "machine": described(device),
        "ceilings": {
            name: {
                "matrix_multiply_adds_per_second": each.multiply_adds_per_second,
                "memory_bytes_per_second": each.bytes_per_second,
            }
            for name, each in most.items()
        },
        "sizes": sizes,
        "bars": {"share_of_bare": 0.95, "share_of_the_lower_ceiling": 0.6},
        "kept": all(kept),
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(document["sizes"], indent=1))
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
