"""What tiles cost: `python -m benchmarks.tiling`.

One network over one plane, whole and in tiles of several sizes, alternating; the median of the
ratios counts. Tiles read `reach` samples more on each side, so smaller ones cost more.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.machine import describe
from models.engines.residency import WarmNetworks
from services.cli.engine_wiring import NETWORK_TILE_PIXELS

RESULT = Path(__file__).with_name("results") / "tiling.json"
MODEL = "evident-sr-x2"
HEIGHT, WIDTH = 1080, 1920
TILES = (128, 256, 512, NETWORK_TILE_PIXELS)
REPEATS = 5


def main() -> None:
    """Measure, write the result, print it."""
    plane = np.random.default_rng(3).random((HEIGHT, WIDTH), np.float32)
    whole = WarmNetworks(tile_pixels=4096).network(MODEL)
    tiled = {side: WarmNetworks(tile_pixels=side).network(MODEL) for side in TILES}
    expected = whole.run(plane)
    measured = []
    for side, network in tiled.items():
        worst = float(np.abs(network.run(plane) - expected).max()) * 255
        ratios = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            whole.run(plane)
            middle = time.perf_counter()
            network.run(plane)
            ratios.append((time.perf_counter() - middle) / (middle - begun))
        cut = network.plan(HEIGHT, WIDTH)
        measured.append({"tile_pixels": side, "tiles": len(cut), "ratio": round(median(ratios), 3),
                         "largest_difference_8_bit_steps": round(worst, 6)})  # fmt: skip
    found = {
        "machine": describe("onnxruntime", "numpy"),
        "plane": f"{WIDTH}x{HEIGHT}, {MODEL}, fp32",
        "in_use": NETWORK_TILE_PIXELS,
        "measured": measured,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
