"""What the product costs beside the work itself: `python -m benchmarks.pipeline`.

On one clip, in one process: the whole job (read, hash, index, enhance, encode, decode again, join,
check, report, bundle, verify) against the sum of its bare parts on the same frames, one after
another: decoding, the network, hashing what comes in and goes out, encoding. Each is given the
whole machine. The median of `REPEATS` alternating pairs counts. Bar: 1.05.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np

from benchmarks.clips import make_clip
from benchmarks.machine import describe
from models import catalog
from models.engines.devices import usable_cores
from models.engines.residency import WarmNetworks
from pipelines.evidence.entry import Actor
from pipelines.gates.book import Book, shipped_shelf
from pipelines.graph.expand import Wish, expand
from pipelines.graph.spec import Preset
from pipelines.media.delivery import choose_delivery
from pipelines.media.index import index_video
from pipelines.media.picture import FrameShape
from pipelines.media.pool import DecodePool
from pipelines.media.segment_writer import SegmentWriter
from pipelines.media.video import VideoIndex
from pipelines.ports import SilentProgress
from pipelines.run.job import Operator, Request, State, Tools
from pipelines.run.runner import run_job
from services.cli.engine_wiring import NETWORK_TILE_PIXELS
from services.provenance.keys import FileSigner
from services.provenance.local_log import LocalLog

RESULT = Path(__file__).with_name("results") / "pipeline.json"
MODEL = "evident-sr-x2"
FRAMES, WIDTH, HEIGHT = 300, 640, 360
REPEATS = 3
BAR = 1.05


def main() -> None:
    """Measure, write the result, print it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        clip = make_clip(home / "clip.mp4", frames=FRAMES, width=WIDTH, height=HEIGHT)
        networks = WarmNetworks(tile_pixels=NETWORK_TILE_PIXELS)
        networks.network(MODEL).run(np.zeros((HEIGHT, WIDTH), np.float32))
        pairs = []
        for repeat in range(REPEATS):
            bare = _bare_parts(clip, home, networks)
            whole = _whole_job(clip, home / f"out-{repeat}", networks)
            pairs.append({"whole_seconds": whole, "bare_seconds": bare,
                          "ratio": round(whole / sum(bare.values()), 4)})  # fmt: skip
            print(json.dumps(pairs[-1]))
    ratio = median(pair["ratio"] for pair in pairs)
    found = {
        "machine": describe("av", "numpy", "onnxruntime"),
        "clip": f"{WIDTH}x{HEIGHT}, {FRAMES} frames, x2 by {MODEL}, preset balanced",
        "bar": BAR,
        "ratio": ratio,
        "kept": ratio <= BAR,
        "pairs": pairs,
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(f"whole / bare parts: {ratio:.3f} (bar {BAR})")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    made = work()
    return round(time.perf_counter() - begun, 3), made


def _bare_parts(clip: Path, home: Path, networks: WarmNetworks) -> dict[str, float]:
    """Seconds of each part alone, on the frames of the clip."""
    decode, frames = _timed(lambda: _decoded(clip))
    network = networks.network(MODEL)
    lumas = [np.multiply(frame[0], np.float32(1 / 255), dtype=np.float32) for frame in frames]
    run, _ = _timed(lambda: [network.run(luma).shape for luma in lumas])
    enlarged = [_enlarged(frame) for frame in frames]
    hashing, _ = _timed(lambda: [_hashed(frame) for frame in (*frames, *enlarged)])
    with DecodePool() as pool:
        index = index_video(pool, clip)
    encode, _ = _timed(lambda: _encoded(home / "bare.nut", index, enlarged))
    return {"decode": decode, "network": run, "hash": hashing, "encode": encode}


def _decoded(clip: Path) -> list[list[np.ndarray]]:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return [
            [np.array(np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width])
             for plane in frame.planes]
            for frame in container.decode(stream)
        ]  # fmt: skip


def _enlarged(frame: list[np.ndarray]) -> list[np.ndarray]:
    return [plane.repeat(2, axis=0).repeat(2, axis=1) for plane in frame]


def _hashed(frame: list[np.ndarray]) -> bytes:
    digest = hashlib.sha256()
    for plane in frame:
        digest.update(np.ascontiguousarray(plane).data)
    return digest.digest()


def _encoded(path: Path, index: VideoIndex, frames: list[list[np.ndarray]]) -> None:
    shape = index.video.shape
    result = FrameShape(2 * shape.height, 2 * shape.width, shape.layout)
    delivery = choose_delivery(index, result, lossless=False, untouched=False)
    with SegmentWriter(path, index, result, delivery, first=0) as writer:
        for frame in frames:
            writer.write(tuple(frame))
        writer.finish()


def _whole_job(clip: Path, out: Path, networks: WarmNetworks) -> float:
    signer = FileSigner(out.parent / "keys")
    actor = Actor("benchmark", "session", "here", "evident")
    with LocalLog(out.parent / "log", signer, actor=actor) as log, DecodePool() as pool:
        tools = Tools(
            pool=pool,
            networks=networks,
            frame_networks=WarmNetworks(threads=1, tile_pixels=NETWORK_TILE_PIXELS),
            log=log,
            signer=signer,
            gates=Book([shipped_shelf()], shipped=frozenset(catalog.names()), state=lambda _: None),
            operator=Operator(name=actor.operator, host=actor.host, application=actor.application),
            threads=usable_cores(),
            available_memory_bytes=1 << 40,
        )
        request = Request(
            clip, out, lambda pipeline, artifact: expand(
                pipeline, Preset.BALANCED, artifact, Wish(model=MODEL)
            )
        )  # fmt: skip
        seconds, outcome = _timed(lambda: run_job(request, tools, SilentProgress()))
    if outcome.state is not State.DONE:
        raise SystemExit(outcome.error)
    return seconds


if __name__ == "__main__":
    main()
