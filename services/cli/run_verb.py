"""`evident run`: what the verb may be asked. Light on purpose: help imports no engine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.spec import Precision
from services.cli.report_verb import ReportLanguage

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


class PresetName(StrEnum):
    """The presets, spelt here so that help needs no import."""

    FORENSIC_SAFE = "forensic-safe"
    BALANCED = "balanced"
    PRESENTATION = "presentation"


class ResultKind(StrEnum):
    """What kind of file an enhanced photograph becomes."""

    PNG = "png"
    SOURCE = "source"


def run(  # noqa: PLR0913 - one parameter per option of the verb
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Photographs and video files.")
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where results go; one folder each.")
    ],
    preset: Annotated[
        PresetName | None,
        typer.Option(
            help="The policy. forensic-safe (the default) admits conventional operations with "
            "given parameters; balanced adds trained networks; presentation adds generative ones."
        ),
    ] = None,
    scale: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4,
            help="New size over old size, 2 unless given; 1 keeps it and removes noise.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A network by name; see `evident models list`."),
    ] = None,
    denoise: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="S",
            help="Mix it with its twin that takes out less noise: 1 is itself, 0 the twin.",
        ),
    ] = None,
    graph: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A graph (JSON) instead of --preset and --scale."),
    ] = None,
    output: Annotated[
        ResultKind | None,
        typer.Option(help="File kind of enhanced photographs: png, or that of the source."),
    ] = None,
    video_stream: Annotated[
        int | None,
        typer.Option(
            "--video-stream",
            "--stream",
            min=0,
            metavar="N",
            help="Which video stream, where there are several; each is an item.",
        ),
    ] = None,
    drop_stream: Annotated[
        list[int] | None,
        typer.Option(min=0, metavar="N", help="Leave stream N out of the result; on record."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What runs networks; `evident doctor` lists them. The fastest that gates admit, "
            "unless given.",
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(help="What networks compute in; their cards say what is proven."),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=16,
            max=65536,
            metavar="PIXELS",
            help="The side of a network's tiles; one that is given never gets smaller.",
        ),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Decide otherwise than the file states: range, matrix, display_aspect, "
            "field_order, frame_rate, clock, stream, trim, region; see docs/intake.md.",
        ),
    ] = None,
    because: Annotated[
        str | None, typer.Option(metavar="REASON", help="Why; on record for every override.")
    ] = None,
    overrides: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Overrides with reasons, TOML or JSON.")
    ] = None,
    hashes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A supplier's list of digests; every input must be as it says."
        ),
    ] = None,
    allow_ungated: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Why a network may run that no gate has passed; on record, and in the report.",
        ),
    ] = None,
    allow_licence: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Why a network may be used whose licence is not open to every use; on record.",
        ),
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help="Follow what is named, such as face; it is reported."),
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What looks for it: yunet, lbp-cascade, plugin:NAME ..."),
    ] = None,
    track_every: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Look at every N-th frame of a clip.")
    ] = None,
    tracks_edit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Corrections of tracks (JSON); each is on record."),
    ] = None,
    no_credentials: Annotated[
        bool,
        typer.Option("--no-credentials", help="Put no content credentials (C2PA) into results."),
    ] = False,
    case: Annotated[
        str | None, typer.Option(metavar="C", help="The case; printed in the report.")
    ] = None,
    item: Annotated[str | None, typer.Option(metavar="N", help="The item of the case.")] = None,
    exhibit: Annotated[
        str | None, typer.Option(metavar="MARK", help="The mark that it carries in proceedings.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="A note for the report.")] = None,
    requested_by: Annotated[
        str | None,
        typer.Option(metavar="WHO", help='Who asked for it: "Name; function; organisation".'),
    ] = None,
    reviewer: Annotated[
        list[str] | None,
        typer.Option(metavar="WHO", help="Who reviews and signs it, written likewise; several."),
    ] = None,
    language: Annotated[
        ReportLanguage | None, typer.Option(help="The language of the report.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier run was stopped.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the graph and the plan, and do nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Enhance files and prove what was done: result, report and bundle per input.

    [dim]evident run photo.jpg clip.mp4 --preset balanced --scale 2 --out results[/dim]
    """
    from services.cli import run_command  # noqa: PLC0415 - see the module docstring
    from services.cli.matter import Matter  # noqa: PLC0415 - see the module docstring

    asked = run_command.Asked(
        inputs=tuple(inputs),
        out=out,
        preset=None if preset is None else preset.value,
        scale=scale,
        model=model,
        denoise=denoise,
        graph=graph,
        image_kind=None if output is None else output.value,
        video_stream=video_stream,
        drop_streams=tuple(drop_stream or ()),
        credentials=not no_credentials,
        override=tuple(override or ()),
        because=because,
        overrides=overrides,
        hashes=hashes,
        allow_ungated=allow_ungated,
        allow_licence=allow_licence,
        tracking=run_command.Tracking(tuple(track or ()), detector, track_every, tracks_edit),
        resume=resume,
        engine=engine,
        precision=precision,
        tile=tile,
        matter=Matter(
            case=case,
            item=item,
            exhibit=exhibit,
            note=note,
            requested_by=requested_by,
            reviewers=tuple(reviewer or ()),
            language=None if language is None else language.value,
        ),
    )
    raise typer.Exit(run_command.main(asked, explain_only=explain, as_json=as_json))
