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

from models.spec import NetworkCard, Precision, Task
from pipelines.errors import RequestError
from pipelines.gates.agreement import agreement
from pipelines.gates.bench import Bench
from pipelines.gates.characters import read_sheet
from pipelines.gates.faces import Faces
from pipelines.gates.golden_set import Case, CharacterCase, GoldenSet
from pipelines.gates.results import Agreement, CaseScore, Misread, Results, Speed, Subject
from pipelines.ports import Progress
from pipelines.quality.metrics.brisque import Brisque
from pipelines.quality.metrics.calibration import calibrate
from pipelines.quality.metrics.consistency import Consistency
from pipelines.quality.metrics.face_drift import METRIC, FaceDrift
from pipelines.quality.metrics.fingerprint import Fingerprint, Unavailable
from pipelines.quality.metrics.full_reference import MsSsim, Psnr, Ssim
from pipelines.quality.metrics.lpips import Lpips
from pipelines.quality.metrics.niqe import Niqe
from pipelines.quality.metrics.pictures import Colour, Picture
from pipelines.quality.metrics.temporal import Flicker
from pipelines.run.job import Tools

FULL_REFERENCE: tuple[Psnr | Ssim | MsSsim, ...] = (Psnr(crop=4), Ssim(crop=4), MsSsim(crop=4))
CONSISTENCY = Consistency()
TASKS = (Task.SUPER_RESOLVE, Task.DENOISE)

Learnt = Niqe | Brisque | Lpips | FaceDrift
"""Metrics that need files or a network; they are reported where these are, and judge only where
somebody states a limit."""
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
    require_cases(card, golden)
    found = _Found()
    metrics = _usable(learnt, found)
    facts = tools.networks.facts(card.name)
    reduced = facts["precision"] != Precision.FP32
    progress.start("judging", len(photos) + len(sheets) + len(clips))
    with tempfile.TemporaryDirectory(prefix="evident-gate-") as folder:
        bench = Bench(card, tools, Path(folder))
        for case in photos:
            _photo(case, bench, metrics, found)
            found.scores.extend(_drifts(case, bench, golden.faces, metrics, found))
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


def require_cases(card: NetworkCard, golden: GoldenSet) -> None:
    """Refuse a network whose task has no photographs of its scale in the set."""
    if card.task in TASKS and any(case.scale == card.scale for case in golden.photos):
        return
    raise RequestError(
        f"The golden set {golden.name} has no cases for {card.name} "
        f"({card.task.value} x{card.scale}).",
        next_step="Gate it on a set that has, with --set.",
    )


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
    for one in (*FULL_REFERENCE, CONSISTENCY, Flicker(), *usable):
        wrong = [known for known in calibrate(one) if not known.holds]
        if wrong:
            raise RequestError(
                f"{one.fingerprint.metric} does not hold on its known pairs: it says "
                f"{wrong[0].found} of {wrong[0].pair}, not {wrong[0].expected}.",
                next_step="Nothing may be judged with it; report this as a fault.",
            )
    for one in (*FULL_REFERENCE, *usable):
        _note(found, one.fingerprint)
    return usable


def _note(found: _Found, fingerprint: Fingerprint) -> None:
    found.fingerprints[fingerprint.metric] = fingerprint.digest()


def _photo(case: Case, bench: Bench, learnt: Sequence[Learnt], found: _Found) -> None:
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
    if case.scale > 1:
        _note(found, CONSISTENCY.fingerprint)
        source = bench.stored(case.source)
        pair = [CONSISTENCY.score(one, source).value for one in (network, conventional)]
        add(CONSISTENCY.fingerprint.metric, *pair)
    for one in learnt:
        if isinstance(one, FaceDrift):
            continue
        if isinstance(one, Lpips):
            pair = [one.score(made, truth).value for made in (network, conventional)]
        else:
            pair = [one.score(made).value for made in (network, conventional)]
        add(one.fingerprint.metric, *pair)


def _drifts(
    case: Case, bench: Bench, faces: Faces, learnt: Sequence[Learnt], found: _Found
) -> Iterator[CaseScore]:
    """Score every face of a case that is large enough, input against result."""
    boxes = faces.boxes.get(case.truth.sha256, ())
    conventional, network, _ = found.pictures[case.name]
    for metric in (one for one in learnt if isinstance(one, FaceDrift)):
        source = bench.stored(case.source)
        for number, box in enumerate(boxes):
            before = box.of(source, reduced_by=case.scale)
            if not metric.sees(before):
                continue
            pair = [metric.score(box.of(one), before).value for one in (network, conventional)]
            name = case.name if len(boxes) == 1 else f"{case.name}, face {number + 1}"
            yield CaseScore(name, case.degradation, case.scale, METRIC, pair[0], pair[1])


def _beside_fp32(case: Case, bench: Bench) -> Agreement:
    """Run the network on a case's input in the precision that is judged, and in fp32."""
    networks, name = bench.tools.networks, bench.card.name
    return agreement(
        case.name, networks.network(name), networks.fallback(name), bench.stored(case.source)
    )


def _sheet(case: CharacterCase, bench: Bench) -> Misread:
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


def _clip(case: Case, bench: Bench, found: _Found) -> Iterator[CaseScore]:
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
