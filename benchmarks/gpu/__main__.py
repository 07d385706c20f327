"""`python -m benchmarks.gpu [--clip FILE] [--seconds S]`: frames per second on one GPU.

For 720p and 1080p: the bare network on frames that are on the device, by torch (plain, as a CUDA
graph, compiled) and by TensorRT where it is installed, over precision and batch; then the whole way
from decoder to nowhere with the fastest of them; against the matrix rate and the memory rate that
the same GPU reached in the same run. Writes
`benchmarks/results/gpu.json`. Needs torch with CUDA and numpy; PyAV for real decoding.
Bars: 0.95 of the bare network for the whole way, 0.6 of the lower of the two ceilings.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.enhance import DTYPES, SHAPE
from benchmarks.gpu.flow import Flow
from benchmarks.gpu.frames import decoded, drawn
from benchmarks.gpu.result import document, fastest
from benchmarks.gpu.ways import Runner, Way, every_way, luma_of, repeated, step_of
from benchmarks.gpu.work import Ceilings, Work, shares
from models.errors import ModelError

RESULT = Path(__file__).resolve().parents[1] / "results" / "gpu.json"
SIZES = {"720p": (720, 1280), "1080p": (1080, 1920)}
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
    for way in every_way():
        facts = way.facts
        try:
            plane = torch.rand((way.batch, 1, height, width), device=device)
            again = repeated(way, luma_of(way, (height, width), device), plane)
            facts["frames_per_second"] = way.batch * per_second(again, seconds=seconds)
        except (RuntimeError, ImportError, ModelError) as error:
            facts["failed"] = (str(error).splitlines() or [type(error).__name__])[0]
        torch.cuda.empty_cache()
        yield facts


def whole(
    best: Mapping[str, Any], height: int, width: int, device: torch.device, clip: Path | None
) -> dict[str, Any]:
    """Frames per second of the whole way, with the way that was fastest bare."""
    batch = best["batch"]
    way = Way(Runner(best["runner"]), best["precision"], batch)
    step = step_of(way, (height, width), device)
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
    sizes = {}
    for size, (height, width) in SIZES.items():
        work = Work(height, width, SHAPE.features, SHAPE.depth, SHAPE.scale)
        ways = list(bare(height, width, device, asked.seconds))
        best = fastest(ways)
        name = best["precision"]
        sizes[size] = {
            "ways": ways,
            "best": best,
            "share_of_ceilings": shares(
                best["frames_per_second"], most[name], work, DTYPES[name].itemsize
            ),
            "whole_way": whole(best, height, width, device, asked.clip),
        }
    made = document(described(device), most, sizes)
    RESULT.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(made["sizes"], indent=1))
    return int(not made["kept"])


if __name__ == "__main__":
    sys.exit(main())
