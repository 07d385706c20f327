"""`evident gate`: runs networks over a golden set, judges them, and signs what was found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.engines import choice
from models.errors import ModelError
from models.spec import NetworkCard, Precision
from pipelines.errors import EvidentError, RequestError
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.entry import CLOCK_SYSTEM, instant
from pipelines.evidence.gate_record import sign_record
from pipelines.evidence.json_value import Json
from pipelines.evidence.signature import public_pem
from pipelines.gates.book import SUFFIX
from pipelines.gates.compare import contrasts
from pipelines.gates.golden_set import GoldenSet, read_set
from pipelines.gates.judge import Judgement, judge
from pipelines.gates.life import job_of
from pipelines.gates.measure import Measured, measure, require_cases
from pipelines.gates.pack import OwnRecords, write_pack
from pipelines.gates.report import report_html, report_json
from pipelines.gates.results import Results, from_json, to_json
from pipelines.gates.speed import measure_speed
from pipelines.gates.thresholds import Thresholds, read_thresholds
from pipelines.quality.metrics.face_drift import face_drift
from pipelines.quality.metrics.parameters import brisque, lpips, niqe
from pipelines.run.durable_file import write_whole
from pipelines.run.job import Tools
from services.cli.evidence_wiring import signing_key
from services.cli.gate_wiring import GATES
from services.cli.networks_wiring import networks_of
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.cli.progress import progress_on
from services.cli.wiring import tools
from services.settings.settings import Settings, read_settings

GOLDEN_SET = Path(__file__).resolve().parents[2] / "golden_set"
BASELINES = "baselines"
PAGE, FACTS, RECORD = "gate.html", "gate.json", "gate.dsse.json"
_CROP = 4
_MOST_BASELINE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. No engine means the one in the settings, else the first installed."""

    networks: tuple[str, ...]
    engines: tuple[str, ...]
    golden: Path | None
    out: Path
    baseline: Path | None
    write_baseline: bool
    compare: bool
    precision: Precision = Precision.FP32
    thresholds: Path | None = None


@dataclass(frozen=True, slots=True)
class _Gated:
    """One network on one engine, judged; `folder` holds page, facts and record."""

    results: Results
    judgement: Judgement
    folder: Path
    record_sha256: str


def main(asked: Asked, *, as_json: bool, settings: Settings | None = None) -> int:
    """Gate what was asked for, under `settings` or those in force; returns the exit code."""
    try:
        settings = settings or read_settings()
        folder = asked.golden or GOLDEN_SET
        golden, thresholds = read_set(folder), read_thresholds(folder, asked.thresholds)
        networks = networks_of(settings)
        cards = [networks.card(name) for name in dict.fromkeys(asked.networks)]
        for card in cards:  # before minutes are spent on one that nothing is asked of
            require_cases(card, golden)
            thresholds.asked_of(card)
        done = [
            _gated(card, golden, thresholds, asked, settings, engine)
            for engine in asked.engines or (settings.engine,)
            for card in cards
        ]
        compared = _compared(asked, done)
    except (EvidentError, ModelError) as error:
        return _refused(error, as_json=as_json)
    if as_json:
        pairs = [
            {**pair, "contrasts": [one.as_json() for one in pair["contrasts"]]} for pair in compared
        ]
        print_json({"gates": [_json(one) for one in done], "compared": pairs})
    else:
        _print(done, compared)
    return GOOD if all(one.judgement.passed for one in done) else FAILED


def write(asked: Asked, out: Path, *, as_json: bool) -> int:
    """Write the validation pack of the networks that were named; returns the exit code."""
    try:
        settings = read_settings()
        networks = networks_of(settings)
        cards = [networks.card(name) for name in dict.fromkeys(asked.networks)]
        own = OwnRecords(settings.home / GATES, public_pem(signing_key(settings).public_key))
        try:
            size = write_pack(out, cards, asked.golden or GOLDEN_SET, own)
        except OSError as error:
            raise RequestError(
                f"{error.filename or out}: {error.strerror}.", next_step="Name another file."
            ) from error
    except (EvidentError, ModelError) as error:
        return _refused(error, as_json=as_json)
    if as_json:
        print_json({"pack": str(out.resolve()), "bytes": size})
    else:
        print_text(f"{out}: {size:,} bytes for {', '.join(card.name for card in cards)}")
    return GOOD


def _refused(error: EvidentError | ModelError, *, as_json: bool) -> int:
    if as_json:
        print_json({"error": {"reason": str(error), "next_step": error.next_step}})
    print_error(console_on_stderr(), "", str(error), error.next_step)
    return WRONG_USE


def _gated(
    card: NetworkCard,
    golden: GoldenSet,
    thresholds: Thresholds,
    asked: Asked,
    settings: Settings,
    engine: str | None,
) -> _Gated:
    folders = [settings.home / "metrics"]
    limits, whose = thresholds.asked_of(card)
    # A gate judges one way of running, so nothing is left for the product to choose.
    engine = engine or choice.resolve().name
    own = settings.model_copy(update={"engine": engine, "precision": asked.precision})
    with tools(own) as made, progress_on(console_on_stderr()) as progress:
        learnt = [
            *(niqe(folders, crop=_CROP), brisque(folders), lpips(folders, crop=_CROP)),
            face_drift(made.face_embedding, boxes=golden.faces.sha256),
        ]
        progress.heading(f"{card.name} on {engine} in {asked.precision.value}")
        measured = measure(
            card,
            golden,
            made,
            progress,
            learnt=learnt,
            speedometer=lambda name: measure_speed(card, made.networks.network(name)),
        )
        results = measured.results
        folder = asked.golden or GOLDEN_SET
        path = asked.baseline or folder / BASELINES / f"{results.subject.key}.json"
        earlier, sha256 = _baseline(path, required=asked.baseline is not None)
        compare_with = None if asked.write_baseline else earlier
        judgement = judge(
            results,
            limits,
            baseline=compare_with,
            baseline_sha256=sha256 if compare_with else "",
            limits=whose,
        )
        if asked.write_baseline:
            _keep_baseline(path, results, judgement)
        return _kept(
            made,
            measured,
            judgement,
            out=asked.out / results.subject.key,
            thresholds_sha256=limits.sha256,
            shelf=settings.home / GATES,
        )


def _kept(
    made: Tools,
    measured: Measured,
    judgement: Judgement,
    *,
    out: Path,
    thresholds_sha256: str,
    shelf: Path,
) -> _Gated:
    """Write page, facts and the signed record, and put the gate into the log."""
    results = measured.results
    envelope = sign_record(
        to_json(results),
        tuple(line.as_json() for line in judgement.lines),
        passed=judgement.passed,
        said={
            "at": instant(datetime.now(UTC)),
            "clock": CLOCK_SYSTEM,
            "operator": made.operator.name,
            "application": made.operator.application,
            "thresholds_sha256": thresholds_sha256,
            "baseline_sha256": judgement.baseline_sha256,
        },
        signer=made.signer,
    )
    sha256 = hashlib.sha256(envelope).hexdigest()
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / FACTS, report_json(results, judgement))
        write_whole(out / PAGE, report_html(results, judgement, measured.pictures))
        write_whole(out / RECORD, envelope)
        shelf.mkdir(parents=True, exist_ok=True)
        write_whole(shelf / f"{results.subject.key}.{sha256[:16]}{SUFFIX}", envelope)
    except OSError as error:
        raise RequestError(
            f"{out} cannot be written: {error.strerror}.", next_step="Name another --out."
        ) from error
    body: dict[str, Json] = {
        "network": results.subject.network,
        "passed": judgement.passed,
        "gate_sha256": sha256,
        "inputs": [
            {"role": "weights", "sha256": results.subject.weights_sha256},
            {"role": "golden-set", "sha256": results.set_sha256},
        ],
        "engine": results.subject.engine,
        "engine_version": results.subject.engine_version,
        "precision": results.subject.precision,
        "device_class": results.subject.device_class,
    }
    made.log.record(job_of(results.subject.network), "gate", body)
    return _Gated(results, judgement, out, sha256)


def _baseline(path: Path, *, required: bool) -> tuple[Results | None, str]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BASELINE_BYTES)
    except OSError as error:
        if required:
            raise RequestError(
                f"The baseline {path} cannot be read: {error.strerror}.",
                next_step="Name the results of an earlier gate, or leave --baseline out.",
            ) from error
        return None, ""
    return from_json(parse_object(content)), hashlib.sha256(content).hexdigest()


def _keep_baseline(path: Path, results: Results, judgement: Judgement) -> None:
    if not judgement.passed:
        raise RequestError(
            f"{results.subject.network} does not keep its thresholds, so it is no baseline.",
            next_step="See the lines that failed with `evident gate` alone.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, canonical_bytes(to_json(results)))


def _compared(asked: Asked, done: list[_Gated]) -> list[dict[str, Any]]:
    if not asked.compare:
        return []
    if len(done) < 2:
        raise RequestError(
            "There is nothing to compare with.",
            next_step="Name two networks, or two engines with --engine.",
        )
    first = done[0].results
    return [
        {
            "a": first.subject.key,
            "b": one.results.subject.key,
            "contrasts": contrasts(first, one.results),
        }
        for one in done[1:]
    ]


def _json(one: _Gated) -> dict[str, Any]:
    return {
        "network": one.results.subject.network,
        "engine": one.results.subject.engine,
        "precision": one.results.subject.precision,
        "thresholds": one.judgement.limits,
        "passed": one.judgement.passed,
        "lines": [line.as_json() for line in one.judgement.lines],
        "report": str((one.folder / PAGE).resolve()),
        "facts": str((one.folder / FACTS).resolve()),
        "record": str((one.folder / RECORD).resolve()),
        "record_sha256": one.record_sha256,
    }


def _print(done: list[_Gated], compared: list[dict[str, Any]]) -> None:
    for one in done:
        subject = one.results.subject
        print_text(f"{subject.network} {subject.version} on {subject.engine}, {subject.precision}")
        for line in one.judgement.lines:
            print_text(f"  {line.words}")
        print_text(f"  thresholds: {one.judgement.limits}")
        for metric, reason in one.results.unavailable.items():
            print_text(f"  {metric}: unavailable, {reason}")
        state = "passed" if one.judgement.passed else "FAILED"
        print_text(f"  Gate {state}. -> {one.folder / PAGE}")
    for words in _compared_lines(compared):
        print_text(words)


def _compared_lines(compared: list[dict[str, Any]]) -> Iterator[str]:
    for pair in compared:
        yield f"A = {pair['a']}, B = {pair['b']}: what B gains over A, better is positive"
        for contrast in pair["contrasts"]:
            yield f"  {contrast.words}"
