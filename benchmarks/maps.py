"""What the maps cost: `python -m benchmarks.maps`.

The same job with and without maps, in one process, alternating, for a clip and for a photograph,
with operations from the cheapest to a network. What counts is processor time of this process and
its children, the median of several runs each way: (with - without) / without. Bar: 0.05 of a clip
job. Every run is in the result, for the spread on a busy machine is as large as what is measured.
"""

from __future__ import annotations

import json
import resource
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.clips import make_clip
from benchmarks.machine import describe
from models import catalog
from models.engines.devices import usable_cores
from models.engines.residency import WarmNetworks
from pipelines.evidence.entry import Actor
from pipelines.gates.book import Book, shipped_shelf
from pipelines.graph.expand import bind
from pipelines.graph.spec import Graph
from pipelines.media.pool import DecodePool
from pipelines.ports import SilentProgress
from pipelines.run.job import Operator, Request, State, Tools
from pipelines.run.runner import run_job
from services.cli.engine_wiring import NETWORK_TILE_PIXELS
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog

RESULT = Path(__file__).with_name("results") / "maps.json"
FRAMES, WIDTH, HEIGHT = 150, 640, 360
BAR = 0.05
CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "gamma": (6, {"op": "gamma", "gamma": 1.2}),
    "resize by 2": (6, {"op": "resize", "scale": 2}),
    "evident-sr-x2": (1, {"op": "super_resolve"}),
}
"""How often each way, and the one operation of the job."""


def main() -> None:
    """Measure, write the result, print it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        clip = make_clip(home / "clip.mp4", frames=FRAMES, width=WIDTH, height=HEIGHT)
        photo = _photo(home / "photo.png")
        clips = {name: _pairs(clip, home, name) for name in CASES}
        photos = {name: _pairs(photo, home, name) for name in CASES}
    found = {
        "machine": describe("av", "numpy", "onnxruntime"),
        "clip": f"{WIDTH}x{HEIGHT}, {FRAMES} frames, preset balanced",
        "photo": "512x512, R, G, B, preset balanced",
        "measured": "processor seconds of the process and its children",
        "bar": BAR,
        "clips": clips,
        "photos": photos,
        "kept": all(case["ratio"] <= BAR for case in clips.values()),
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _photo(path: Path) -> Path:
    rows, columns = np.mgrid[0:512, 0:512]
    waves = 120 + 70 * np.sin(columns / 6) * np.cos(rows / 9)
    picture = np.stack([waves, waves.T, waves[::-1]], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(path)
    return path


def _pairs(path: Path, home: Path, name: str) -> dict[str, Any]:
    """Run both ways, alternating."""
    pairs = []
    for number in range(CASES[name][0]):
        without = _seconds(path, home, name, maps=False)
        pairs.append((without, _seconds(path, home, name, maps=True)))
        print(path.name, name, number, pairs[-1])
    return judged(pairs)


def judged(pairs: list[tuple[float, float]]) -> dict[str, Any]:
    """Sum up runs without and with maps."""
    without, with_maps = (round(median(side), 3) for side in zip(*pairs, strict=True))
    return {
        "without_seconds": without,
        "with_seconds": with_maps,
        "ratio": round((with_maps - without) / without, 4),
        "runs": pairs,
    }


def _seconds(path: Path, home: Path, name: str, *, maps: bool) -> float:
    signer = FileSigner(home / "keys")
    actor = Actor("benchmark", "session", "here", "evident")
    begun = _spent()
    with LocalLog(home / "log", signer, actor=actor) as log, DecodePool() as pool:
        tools = Tools(
            pool=pool,
            networks=WarmNetworks(tile_pixels=NETWORK_TILE_PIXELS),
            frame_networks=WarmNetworks(threads=1, tile_pixels=NETWORK_TILE_PIXELS),
            log=log,
            signer=signer,
            gates=Book([shipped_shelf()], shipped=frozenset(catalog.names()), state=lambda _: None),
            operator=Operator(name=actor.operator, host=actor.host, application=actor.application),
            threads=usable_cores(),
            available_memory_bytes=1 << 40,
        )
        with tempfile.TemporaryDirectory(dir=home) as out:
            request = Request(
                path, Path(out), lambda _, artifact: _graph(artifact, CASES[name][1], maps=maps)
            )
            outcome = run_job(request, tools, SilentProgress())
    if outcome.state is not State.DONE:
        raise SystemExit(outcome.error)
    return round(_spent() - begun, 3)


def _graph(artifact: str, operation: dict[str, Any], *, maps: bool) -> Graph:
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": [operation]},
        },
        {"name": "qa", "kind": "qa", "needs": ["enhance"], "params": {"maps": maps}},
        {"name": "export", "kind": "export", "needs": ["enhance", "qa"]},
    ]
    return bind({"version": 1, "preset": "balanced", "stages": stages}, artifact)


def _spent() -> float:
    """Processor seconds of this process and of its children that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


if __name__ == "__main__":
    main()
