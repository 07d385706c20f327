"""Runs single cases of a golden set as jobs like any other, and decodes what they wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spec import NetworkCard, NetworkClass, Task
from pipelines.errors import EvidentError
from pipelines.gates.golden_set import Case, GoldenFile
from pipelines.graph.spec import Graph, parse_graph
from pipelines.media.index import index_video
from pipelines.media.photo import read_photo
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.ports import SilentProgress
from pipelines.quality.metrics.pictures import Picture, picture
from pipelines.run.job import Request, State, Tools
from pipelines.run.runner import run_job

_REASON = "this job is part of a gate"


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs single cases in a folder of its own."""

    card: NetworkCard
    tools: Tools
    folder: Path

    def enhanced(self, case: Case) -> tuple[Path, Path]:
        """Results of the conventional method and of the network."""
        source = self.folder / f"{case.name}{case.source.path.suffix}"
        source.write_bytes(case.source.read())
        return self._run(case, source, network=False), self._run(case, source, network=True)

    def _run(self, case: Case, source: Path, *, network: bool) -> Path:
        out = self.folder / ("network" if network else "conventional")
        graph = self._graph(case, network=network)
        outcome = run_job(
            Request(source, out, lambda _, name: graph(name)), self.tools, SilentProgress()
        )
        if outcome.state is not State.DONE:
            raise EvidentError(
                f"{case.name} could not be enhanced: {outcome.error}", next_step=outcome.next_step
            )
        return outcome.outputs[0].path

    def _graph(self, case: Case, *, network: bool) -> Callable[[str], Graph]:
        operations: list[dict[str, Any]] = []
        preset = "forensic-safe"
        if network:
            generative = self.card.network_class is NetworkClass.GENERATIVE
            preset = "presentation" if generative else "balanced"
            operations = [_operation(self.card)]
        elif case.scale > 1:
            operations = [{"op": "resize", "scale": case.scale}]

        def make(artifact: str) -> Graph:
            return parse_graph(_document(preset, artifact, operations))

        return make

    def picture(self, path: Path) -> Picture:
        """Decode a photo to (H, W, 3) code values."""
        photo = read_photo(self.tools.pool, path, scratch=self.folder, orientation="keep")
        planes = photo.planes[:3] if len(photo.planes) >= 3 else photo.planes[:1] * 3
        return picture(np.stack(planes, axis=-1), depth=photo.shape.layout.depth)

    def stored(self, file: GoldenFile) -> Picture:
        """Decode a file of the set."""
        path = self.folder / file.path.name
        path.write_bytes(file.read())
        return self.picture(path)

    def luma(self, path: Path) -> NDArray[np.float64]:
        """Decode a clip to (frames, H, W) luma code values."""
        return clip_luma(self.tools.pool, path)


def _operation(card: NetworkCard) -> dict[str, Any]:
    if card.task is Task.DENOISE:
        return {"op": "denoise_trained", "model": card.name}
    return {"op": "super_resolve", "scale": card.scale, "model": card.name}


def _document(preset: str, artifact: str, operations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": 1,
        "preset": preset,
        "inputs": {"source": {"artifact": artifact}},
        "stages": [
            {"name": "ingest", "kind": "ingest", "needs": ["source"]},
            {
                "name": "enhance",
                "kind": "enhance",
                "needs": ["ingest"],
                "params": {"operations": operations, "allow_ungated": _REASON},
            },
            {"name": "qa", "kind": "qa", "needs": ["enhance"], "params": {"maps": False}},
            {
                "name": "export",
                "kind": "export",
                "needs": ["enhance", "qa"],
                "params": {"formats": [], "credentials": "none"},
            },
        ],
    }


def clip_luma(pool: DecodePool, path: Path) -> NDArray[np.float64]:
    """Decode the luma of a short clip, (frames, H, W) in code values 0..255."""
    index = index_video(pool, path)
    peak = (1 << index.video.shape.layout.depth) - 1
    frames = []
    with FrameReader(pool, path, index, first=0, stop=index.frames) as reader:
        for frame in reader:
            frames.append(frame.planes[0].astype(np.float64) * (255.0 / peak))
            reader.release(frame)
    return np.array(frames)
