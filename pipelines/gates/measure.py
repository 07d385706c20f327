"""Runs a network over a golden set through the real pipeline, and scores what comes out.

Every case is a job like any other: the same decode child, the same operations, tiles and writer,
and the finished file is what is decoded and scored. The conventional method (`resize`, or the
input itself where the size stays) goes the same way, so that a gain is a gain of the network.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spec import NetworkCard, NetworkClass, Precision, Task
from pipelines.errors import EvidentError, RequestError
from pipelines.gates.agreement import agreement
from pipelines.gates.characters import read_sheet
from pipelines.gates.golden_set import Case, CharacterCase, GoldenFile, GoldenSet
from pipelines.gates.results import Agreement, CaseScore, Misread, Results, Speed, Subject
from pipelines.graph.spec import Graph, parse_graph
from pipelines.media.index import index_video
from pipelines.media.photo import read_photo
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.ports import Progress, SilentProgress
from pipelines.quality.metrics.brisque import Brisque
from pipelines.quality.metrics.calibration import calibrate
from pipelines.quality.metrics.fingerprint import Fingerprint, Unavailable
from pipelines.quality.metrics.full_reference import MsSsim, Psnr, Ssim
from pipelines.quality.metrics.lpips import Lpips
from pipelines.quality.metrics.niqe import Niqe
from pipelines.quality.metrics.pictures import Colour, Picture, picture
from pipelines.quality.metrics.temporal import Flicker
from pipelines.run.job import Request, State, Tools
from pipelines.run.runner import run_job

_REASON = "this job is part of a gate"
FULL_REFERENCE = (Psnr(crop=4), Ssim(crop=4), MsSsim(crop=4))
TASKS = (Task.SUPER_RESOLVE, Task.DENOISE)

Learnt = Niqe | Brisque | Lpips
"""Metrics that need files; they are reported where these are, and judge nothing."""
Speedometer = Callable[[str], Speed]


@dataclass(frozen=True, slots=True)
class Measured:
    """Results with the pictures of every photo case, for the report."""

    results: Results
    pictures: Mapping[str, tuple[Picture, Picture, Picture]]
    """By case: the conventional result, the network's, the truth."""


@dataclass(slots=True)
class _Found:
    scores: list[CaseScore] = field(default_factory=list)
    misread: list[Misread] = field(default_factory=list)
    fingerprints: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    agreement: list[Agreement] = field(default_factory=list)
    pictures: dict[str, tuple[Picture, Picture, Picture]] = field(default_factory=dict)


def measure(
    card: NetworkCard,
    golden: GoldenSet,
    tools: Tools,
    progress: Progress,
    *,
    learnt: Sequence[Learnt | Unavailable],
    speedometer: Speedometer,
) -> Measured:
    """Run `card`'s network over every case of its task and scale.

    Raises RequestError where the network's task has no cases, a metric does not calibrate or a
    job fails.
    """
    photos = [case for case in golden.photos if case.scale == card.scale]
    sheets = [case for case in golden.characters if case.scale == card.scale]
    clips = [case for case in golden.clips if case.scale == card.scale]
    if card.task not in TASKS or not photos:
        raise RequestError(
            f"The golden set {golden.name} has no cases for {card.name} "
            f"({card.task.value} x{card.scale}).",
            next_step="Gate it on a set that has, with --set.",
        )
    found = _Found()
    metrics = _usable(learnt, found)
    facts = tools.networks.facts(card.name)
    reduced = facts["precision"] != Precision.FP32
    progress.start("judging", len(photos) + len(sheets) + len(clips))
    with tempfile.TemporaryDirectory(prefix="evident-gate-") as folder:
        bench = _Bench(card, tools, Path(folder))
        for case in photos:
            _photo(case, bench, metrics, found)
            if reduced:
                found.agreement.append(_beside_fp32(case, bench))
            progress.advance()
        for sheet in sheets:
            found.misread.append(_sheet(sheet, bench))
            progress.advance()
        for case in clips:
            found.scores.extend(_clip(case, bench, found))
            progress.advance()
    subject = Subject(
        network=card.name,
        version=card.version,
        weights_sha256=str(facts["weights_sha256"]),
        engine=str(facts["engine"]),
        engine_version=major_minor(str(facts["engine_version"])),
        precision=str(facts["precision"]),
        device_class=str(facts["device_class"]),
    )
    results = Results(
        subject=subject,
        set_name=golden.name,
        set_sha256=golden.sha256,
        scores=tuple(found.scores),
        misread=tuple(found.misread),
        speed=speedometer(card.name),
        fingerprints=found.fingerprints,
        unavailable=found.unavailable,
        agreement=tuple(found.agreement),
    )
    return Measured(results, found.pictures)


def major_minor(version: str) -> str:
    """The part of an engine's version that a gate binds."""
    return ".".join(version.split(".")[:2])


def _usable(learnt: Sequence[Learnt | Unavailable], found: _Found) -> list[Learnt]:
    """Calibrate every metric; what is not here is said, what does not hold is an error."""
    usable: list[Learnt] = []
    for metric in learnt:
        if isinstance(metric, Unavailable):
            found.unavailable[metric.metric] = metric.reason
        else:
            usable.append(metric)
    for one in (*FULL_REFERENCE, *usable):
        wrong = [known for known in calibrate(one) if not known.holds]
        if wrong:
            raise RequestError(
                f"{one.fingerprint.metric} does not hold on its known pairs: it says "
                f"{wrong[0].found} of {wrong[0].pair}, not {wrong[0].expected}.",
                next_step="Nothing may be judged with it; report this as a fault.",
            )
        _note(found, one.fingerprint)
    return usable


def _note(found: _Found, fingerprint: Fingerprint) -> None:
    found.fingerprints[fingerprint.metric] = fingerprint.digest()


@dataclass(frozen=True, slots=True)
class _Bench:
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


def _photo(case: Case, bench: _Bench, learnt: Sequence[Learnt], found: _Found) -> None:
    conventional, network = (bench.picture(path) for path in bench.enhanced(case))
    truth = bench.stored(case.truth)
    found.pictures[case.name] = (conventional, network, truth)

    def add(metric: str, value: float, reference: float) -> None:
        score = CaseScore(case.name, case.degradation, case.scale, metric, value, reference)
        if not (math.isfinite(value) and math.isfinite(reference)):
            raise RequestError(f"{metric} of {case.name} is no finite number.")
        found.scores.append(score)

    for full in FULL_REFERENCE:
        pair = [full.score(one, truth).value for one in (network, conventional)]
        add(full.fingerprint.metric, *pair)
    for one in learnt:
        if isinstance(one, Lpips):
            pair = [one.score(made, truth).value for made in (network, conventional)]
        else:
            pair = [one.score(made).value for made in (network, conventional)]
        add(one.fingerprint.metric, *pair)


def _beside_fp32(case: Case, bench: _Bench) -> Agreement:
    """Run the network on a case's input in the precision that is judged, and in fp32."""
    networks, name = bench.tools.networks, bench.card.name
    return agreement(
        case.name, networks.network(name), networks.fallback(name), bench.stored(case.source)
    )


def _sheet(case: CharacterCase, bench: _Bench) -> Misread:
    conventional, network = (bench.picture(path) for path in bench.enhanced(case))
    glyphs = Colour.Y_FULL.of(bench.stored(case.glyphs))

    def misread(shown: Picture) -> int:
        sheet = Colour.Y_FULL.of(shown)
        reading = read_sheet(sheet, glyphs, text=case.text, alphabet=case.alphabet, cell=case.cell)
        return reading.misread

    return Misread(
        case=case.name,
        degradation=case.degradation,
        scale=case.scale,
        pixels_per_character=case.pixels_per_character,
        characters=len(case.text),
        misread=misread(network),
        interpolated=misread(conventional),
        truth=misread(bench.stored(case.truth)),
    )


def _clip(case: Case, bench: _Bench, found: _Found) -> Iterator[CaseScore]:
    conventional, network = (bench.luma(path) for path in bench.enhanced(case))
    path = bench.folder / case.truth.path.name
    path.write_bytes(case.truth.read())
    truth = bench.luma(path)
    flicker = Flicker()
    _note(found, flicker.fingerprint)
    values = [flicker.score(one, truth).value for one in (network, conventional)]
    yield CaseScore(
        case.name, case.degradation, case.scale, flicker.fingerprint.metric, values[0], values[1]
    )


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
