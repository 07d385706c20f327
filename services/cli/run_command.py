"""`evident run`: the whole job in this process, one input after another."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from models.errors import ModelError
from models.spec import Precision
from pipelines.errors import EvidentError, GraphError, RequestError
from pipelines.graph.expand import Pipeline, Wish, bind, expand
from pipelines.graph.expected import ExpectedDigest
from pipelines.graph.spec import Graph, Preset, parse_strict
from pipelines.graph.tracking import Edit, parse_edits
from pipelines.run.job import GraphMaker, Outcome, Request, State, Tools
from pipelines.run.runner import RESUME, explain, run_job
from pipelines.stages.export.report_text import bundle_line
from pipelines.stages.export.words import Language
from pipelines.stages.hash_list import read_hash_list
from services.cli.explanation import explanation, explanation_json
from services.cli.interrupt import stop_on_signals
from services.cli.matter import Matter, language_of
from services.cli.overrides_given import overrides_given
from services.cli.printing import (
    FAILED,
    GOOD,
    WRONG_USE,
    console_on_stderr,
    print_error,
    print_json,
    print_text,
)
from services.cli.progress import JobProgress, progress_on
from services.cli.wiring import tools
from services.settings.settings import Settings, read_settings

_MOST_GRAPH_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Tracking:
    """What was typed about tracks; None and empty where an option was not given."""

    targets: tuple[str, ...] = ()
    detector: str | None = None
    every: int | None = None
    edits: Path | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed; None where an option was not given."""

    inputs: tuple[Path, ...]
    out: Path
    preset: str | None
    scale: int | None
    model: str | None
    denoise: float | None
    graph: Path | None
    image_kind: str | None
    previews: tuple[str, ...]
    pyramid: bool
    region: str | None
    video_stream: int | None
    drop_streams: tuple[int, ...]
    credentials: bool
    override: tuple[str, ...]
    because: str | None
    overrides: Path | None
    hashes: Path | None
    allow_ungated: str | None
    allow_licence: str | None
    resume: bool
    engine: str | None = None
    precision: Precision | None = None
    tile: int | None = None
    tracking: Tracking = field(default_factory=Tracking)
    matter: Matter = field(default_factory=Matter)


def main(asked: Asked, *, explain_only: bool, as_json: bool) -> int:
    """Do what was asked; returns the exit code."""
    console = console_on_stderr()
    stop_on_signals(f"Stopped. {RESUME}")
    try:
        maker = graph_maker(asked)
        settings = _over(asked, asked.matter.over(read_settings()))
        people, language = asked.matter.people(settings), language_of(settings)
        makers = [_about(asked, settings, one) for one in makers_by_input(asked, maker)]
        with tools(settings, people=people) as shared, progress_on(console) as progress:
            if explain_only:
                return _explain(asked, makers, shared, progress, as_json=as_json)
            make = partial(Request, resume=asked.resume, language=language)
            outcomes = _run_all(asked, make, makers, shared, progress, console, as_json=as_json)
    except (EvidentError, ModelError) as error:
        if as_json:
            print_json(_refusal(error))
        print_error(console, "", str(error), error.next_step)
        return WRONG_USE if isinstance(error, RequestError) else FAILED
    if as_json:
        print_json({"jobs": [outcome_json(outcome) for outcome in outcomes]})
    return exit_code(outcomes)


def _over(asked: Asked, settings: Settings) -> Settings:
    """Return the settings with what was asked for about engines in place of theirs."""
    given = {"engine": asked.engine, "precision": asked.precision, "tile_pixels": asked.tile}
    return settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )


def _about(asked: Asked, settings: Settings, maker: GraphMaker) -> GraphMaker:
    """What makes the same graph, with the matter in it."""

    def make(pipeline: Pipeline, artifact: str) -> Graph:
        return asked.matter.over_graph(maker(pipeline, artifact), settings)

    return make


def makers_by_input(asked: Asked, maker: GraphMaker) -> list[GraphMaker]:
    """What makes the graph of each input: `maker`, or one that expects the listed digests.

    Raises RequestError where the list says nothing of an input.
    """
    if asked.hashes is None:
        return [maker] * len(asked.inputs)
    listed = read_hash_list(asked.hashes)
    alone = len(asked.inputs) == 1
    return [
        graph_maker(asked, expected=listed.for_file(path.name, alone=alone))
        for path in asked.inputs
    ]


def graph_maker(asked: Asked, *, expected: tuple[ExpectedDigest, ...] = ()) -> GraphMaker:
    """Turn the options into what makes a graph for each input. Raises GraphError."""
    if asked.graph is not None:
        return _from_file(asked, asked.graph)
    preset = Preset(asked.preset or Preset.FORENSIC_SAFE)
    given = {
        "scale": asked.scale,
        "model": asked.model,
        "denoise": asked.denoise,
        "video_stream": asked.video_stream,
        "image_kind": asked.image_kind,
        "previews": asked.previews or None,
        "pyramid": asked.pyramid or None,
        "region": asked.region,
        "drop_streams": asked.drop_streams or None,
        "credentials": None if asked.credentials else "none",
        "allow_ungated": asked.allow_ungated,
        "allow_licence": asked.allow_licence,
        "overrides": overrides_given(asked.override, asked.because, asked.overrides),
        "expected": expected or None,
        "track": asked.tracking.targets or None,
        "track_detector": asked.tracking.detector,
        "track_every": asked.tracking.every,
        "track_edits": _edits(asked.tracking.edits),
    }
    wish = parse_strict(
        Wish, {name: value for name, value in given.items() if value is not None}, field=""
    )

    def make(pipeline: Pipeline, artifact: str) -> Graph:
        return expand(pipeline, preset, artifact, wish)

    return make


def _from_file(asked: Asked, path: Path) -> GraphMaker:
    clashing = {
        "--scale": asked.scale,
        "--model": asked.model,
        "--denoise": asked.denoise,
        "--output": asked.image_kind,
        "--preview": asked.previews or None,
        "--pyramid": asked.pyramid or None,
        "--region": asked.region,
        "--video-stream": asked.video_stream,
        "--drop-stream": asked.drop_streams or None,
        "--no-credentials": None if asked.credentials else True,
        "--allow-ungated": asked.allow_ungated,
        "--allow-licence": asked.allow_licence,
        "--override": asked.override or None,
        "--overrides": asked.overrides,
        "--hashes": asked.hashes,
        "--track": asked.tracking.targets or None,
        "--detector": asked.tracking.detector,
        "--track-every": asked.tracking.every,
        "--tracks-edit": asked.tracking.edits,
    }
    for option, value in clashing.items():
        if value is not None:
            raise RequestError(
                f"{option} and --graph contradict each other: the graph says it all.",
                next_step=f"Leave {option} out, or write it into the graph.",
            )
    document = _document(path, "graph")
    stated = document.get("preset") if isinstance(document, dict) else None
    if asked.preset is not None and stated != asked.preset:
        if stated is not None or not isinstance(document, dict):
            raise RequestError(
                f"--preset {asked.preset} contradicts the graph, whose preset is {stated}.",
                next_step="Leave --preset out, or change the graph.",
            )
        document = {**document, "preset": asked.preset}

    def make(_pipeline: Pipeline, artifact: str) -> Graph:
        return bind(document, artifact)

    return make


def _edits(path: Path | None) -> tuple[Edit, ...] | None:
    """Read a file of corrections. Raises GraphError."""
    return None if path is None else parse_edits(_document(path, "file of corrections"))


def _document(path: Path, what: str) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_GRAPH_BYTES + 1)
    except OSError as error:
        raise GraphError(
            f"The {what} {path} cannot be read: {error.strerror}.", next_step="Check the path."
        ) from error
    if len(data) > _MOST_GRAPH_BYTES:
        raise GraphError(f"The {what} {path} is larger than {_MOST_GRAPH_BYTES} bytes.")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GraphError(
            f"The {what} {path} is not JSON: {error}.",
            next_step="`evident run --explain --json` prints a graph to start from."
            if what == "graph"
            else "docs/tracks.md shows one.",
        ) from error


def _run_all(
    asked: Asked,
    make: Callable[..., Request],
    makers: Sequence[GraphMaker],
    shared: Tools,
    progress: JobProgress,
    console: Console,
    *,
    as_json: bool,
) -> list[Outcome]:
    """Run the inputs in turn; a request to stop ends the call, a failure only its own input."""
    outcomes: list[Outcome] = []
    out = Path.cwd() / asked.out
    for path, maker in zip(asked.inputs, makers, strict=True):
        progress.heading(path.name or str(path))
        request = make(path=path, out=out, graph_maker=maker)
        outcome = run_job(request, shared, progress)
        outcomes.append(outcome)
        if outcome.state is not State.DONE:
            progress.finish()
            about = "" if path.name in outcome.error else path.name
            print_error(console, about, outcome.error, outcome.next_step)
        if outcome.state is State.CANCELED:
            break
        if outcome.state is State.DONE and not as_json:
            progress.finish()
            print_text(_said(outcome, request.language))
    return outcomes


def _said(outcome: Outcome, language: Language) -> str:
    lines = [outcome.summary]
    if outcome.verdict is not None:
        lines.append(bundle_line(outcome.verdict, language))
    return "\n".join(lines)


def _explain(
    asked: Asked,
    makers: Sequence[GraphMaker],
    shared: Tools,
    progress: JobProgress,
    *,
    as_json: bool,
) -> int:
    explained = []
    for path, maker in zip(asked.inputs, makers, strict=True):
        progress.heading(path.name or str(path))
        request = Request(path, Path.cwd() / asked.out, maker)
        explained.append((path, *explain(request, shared, progress)))
        progress.finish()
    if as_json:
        print_json({"jobs": [explanation_json(*one) for one in explained]})
    else:
        print_text("\n\n".join(explanation(*one) for one in explained))
    return GOOD


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 where all is done; 2 where every failure was wrong use; else 1."""
    failed = [outcome for outcome in outcomes if outcome.state is not State.DONE]
    if not failed:
        return GOOD
    return WRONG_USE if all(outcome.wrong_use for outcome in failed) else FAILED


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """One member of `jobs`, as the command line's users hold on to it."""
    error = None
    if outcome.error:
        error = {"reason": outcome.error, "next_step": outcome.next_step}
    return {
        "job_id": outcome.job or None,
        "input": str(outcome.path),
        "state": outcome.state.value,
        "outputs": [
            {
                "path": str(output.path),
                "sha256": output.sha256,
                "bytes": output.bytes,
                "media_type": output.media_type,
            }
            for output in outcome.outputs
        ],
        "bundle": None if outcome.bundle is None else str(outcome.bundle),
        "report": None if outcome.report is None else str(outcome.report),
        "metrics": dict(outcome.metrics),
        "warnings": list(outcome.warnings),
        "error": error,
    }


def _refusal(error: EvidentError | ModelError) -> dict[str, Any]:
    return {"jobs": [], "error": {"reason": str(error), "next_step": error.next_step}}
