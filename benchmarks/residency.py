"""How much memory comes back when networks leave: `python -m benchmarks.residency`.

Each engine in a process of its own: the network runs on a full tile, leaves, and comes again, five
times. Told is the resident memory before, while it is warm, and after it left, in MiB. It does not
depend on how busy the machine is. The ceiling is what plans reckon with for this tile.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

ENGINES = ("onnxruntime", "torch", "openvino")
RESULT = Path(__file__).with_name("results") / "residency.json"
ROOT = Path(__file__).resolve().parents[1]
MODEL, SIDE, ROUNDS = "evident-sr-x2", 640, 5
_MIB = 1 << 20


def resident_mib() -> float:
    """Return the memory of this process that lies in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * 4096 / _MIB, 1)


def one(engine: str) -> dict[str, Any]:
    """Let one network come and go in this process."""
    import numpy as np  # noqa: PLC0415 - what the parent does not need

    from models import catalog  # noqa: PLC0415 - what the parent does not need
    from models.engines.choice import need_bytes  # noqa: PLC0415
    from models.engines.residency import WarmNetworks  # noqa: PLC0415 - heavy

    ceiling = need_bytes(catalog.card(MODEL), engine, pixels=SIDE * SIDE)
    plane = np.random.default_rng(1).random((SIDE, SIDE), dtype=np.float32)
    warm = WarmNetworks(engine, threads=1, tile_pixels=SIDE)
    network = warm.network(MODEL)
    network.run(plane)
    warm.room.empty()
    before, rounds = resident_mib(), []
    for _ in range(ROUNDS):
        network.run(plane)
        held = resident_mib()
        warm.room.empty()
        rounds.append((held, resident_mib()))
    return {
        "engine": engine,
        "before_mib": before,
        "warm_mib": max(held for held, _ in rounds),
        "after_mib": [after for _, after in rounds],
        "ceiling_mib": round(ceiling / _MIB, 1),
    }


def main() -> int:
    """Measure, write the result, print it; 1 where less than three quarters come back."""
    if len(sys.argv) == 2:
        print(json.dumps(one(sys.argv[1])))
        return 0
    measured = []
    for engine in ENGINES:
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.residency", engine],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        measured.append(json.loads(told.stdout))
        print(told.stdout.strip())
    document = {
        "machine": describe("numpy", "onnxruntime", "openvino", "torch"),
        "network": MODEL,
        "input": f"{SIDE}x{SIDE} luma, one tile",
        "measured": measured,
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    lost = [
        line["after_mib"][-1] - line["before_mib"] > (line["warm_mib"] - line["before_mib"]) / 4
        for line in measured
    ]
    return int(any(lost))


if __name__ == "__main__":
    sys.exit(main())
