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


class PreviewKind(StrEnum):
    """What a copy to look at is coded as."""

    WEBP = "webp"
    AVIF = "avif"


class ResultKind(StrEnum):
    """What kind of file an enhanced photograph becomes."""

    PNG = "png"
    SOURCE = "source"


_DONE = "What is done"
_FILE = "The file, and what is decided about it"
_MADE = "What comes out"
_NETS = "Networks"
_TRACKS = "Tracks"
_PAPER = "Case and report"
_RUN = "How it runs"


def run(  # noqa: PLR0913 - one parameter per option of the verb
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Photographs and video files.")
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Where results go, one folder per file: --out results.",
            rich_help_panel=_MADE,
        ),
    ],
    preset: Annotated[
        PresetName | None,
        typer.Option(
            help="The policy. forensic-safe (the default) admits conventional operations with "
            "given parameters; balanced adds trained networks; presentation adds "
            "generative ones: --preset balanced.",
            rich_help_panel=_DONE,
        ),
    ] = None,
    scale: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4,
            help="New size over old size, 2 unless given; 1 keeps it and removes noise: --scale 1.",
            rich_help_panel=_DONE,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A network by name, see `evident models list`: --model evident-sr-x4.",
            rich_help_panel=_DONE,
        ),
    ] = None,
    denoise: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="S",
            help="Mix it with its twin that takes out less noise, from 1 (itself) to 0 (the "
            "twin): --model realesr-general-x4v3 --denoise 0.5.",
            rich_help_panel=_DONE,
        ),
    ] = None,
    graph: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A graph (JSON) that says everything, instead of --preset and --scale; "
            "`--explain --json` prints one to start from: --graph graph.json.",
            rich_help_panel=_DONE,
        ),
    ] = None,
    output: Annotated[
        ResultKind | None,
        typer.Option(
            help="File kind of enhanced photographs, png or that of the source: --output source.",
            rich_help_panel=_MADE,
        ),
    ] = None,
    preview: Annotated[
        list[PreviewKind] | None,
        typer.Option(
            help="Also make a small lossy copy of an enhanced photograph to look at; may be "
            "repeated: --preview webp.",
            rich_help_panel=_MADE,
        ),
    ] = None,
    pyramid: Annotated[
        bool,
        typer.Option(
            "--pyramid",
            help="Also make a pyramid of tiles of an enhanced photograph for a zooming viewer "
            "(Deep Zoom Image, in a ZIP): --pyramid.",
            rich_help_panel=_MADE,
        ),
    ] = False,
    video_stream: Annotated[
        int | None,
        typer.Option(
            "--video-stream",
            "--stream",
            min=0,
            metavar="N",
            help="Which video stream, where there are several; each is an item: --stream 2.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    drop_stream: Annotated[
        list[int] | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Leave stream N out of the result; on record; may be repeated: --drop-stream 3.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What runs networks; `evident doctor` lists them. The fastest that gates "
            "admit, unless given: --engine onnxruntime.",
            rich_help_panel=_NETS,
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            help="What networks compute in; their cards say what is proven: --precision fp32.",
            rich_help_panel=_NETS,
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=16,
            max=65536,
            metavar="PIXELS",
            help="The side of a network's tiles; one that is given never gets smaller: --tile 256.",
            rich_help_panel=_NETS,
        ),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Decide otherwise than the file states: range, matrix, display_aspect, "
            "field_order, frame_rate, clock, stream, trim, region (docs/intake.md); may "
            "be repeated: --override trim=250-499, --override region=plate:120,80,60,24.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Work only in this region, drawn with --override region=...: --scale 1 "
            "--region plate.",
            rich_help_panel=_DONE,
        ),
    ] = None,
    because: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help='Why; on record for every override: --because "test chart at 00:12".',
            rich_help_panel=_FILE,
        ),
    ] = None,
    overrides: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Overrides, each with its own reason, TOML or JSON: --overrides decided.toml.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    hashes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A supplier's list of digests; every input must be as it says: --hashes "
            "export.md5.",
            rich_help_panel=_FILE,
        ),
    ] = None,
    allow_ungated: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Why a network may run that no gate has passed; on record, and in the report: "
            '--allow-ungated "trial on request".',
            rich_help_panel=_NETS,
        ),
    ] = None,
    allow_licence: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Why a network may be used whose licence is not open to every use; on record: "
            '--allow-licence "research".',
            rich_help_panel=_NETS,
        ),
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help="Follow what is named; it is reported; may be repeated: --track face.",
            rich_help_panel=_TRACKS,
        ),
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What looks for it: yunet, lbp-cascade, plugin:NAME ...: --detector yunet.",
            rich_help_panel=_TRACKS,
        ),
    ] = None,
    track_every: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Look at every N-th frame of a clip: --track-every 5.",
            rich_help_panel=_TRACKS,
        ),
    ] = None,
    tracks_edit: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Corrections of tracks (JSON, docs/tracks.md); each is on record: "
            "--tracks-edit edits.json.",
            rich_help_panel=_TRACKS,
        ),
    ] = None,
    no_credentials: Annotated[
        bool,
        typer.Option(
            "--no-credentials",
            help="Put no content credentials (C2PA) into results: --no-credentials.",
            rich_help_panel=_MADE,
        ),
    ] = False,
    case: Annotated[
        str | None,
        typer.Option(
            metavar="C",
            help="The case; in graph, report and bundle: --case 2026/114.",
            rich_help_panel=_PAPER,
        ),
    ] = None,
    item: Annotated[
        str | None,
        typer.Option(metavar="N", help="The item of the case: --item 3.", rich_help_panel=_PAPER),
    ] = None,
    exhibit: Annotated[
        str | None,
        typer.Option(
            metavar="MARK",
            help='The mark that it carries in proceedings: --exhibit "K 3".',
            rich_help_panel=_PAPER,
        ),
    ] = None,
    note: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help='A note for the report: --note "handed over by unit 4".',
            rich_help_panel=_PAPER,
        ),
    ] = None,
    requested_by: Annotated[
        str | None,
        typer.Option(
            metavar="WHO",
            help='Who asked for it, "Name; function; organisation": --requested-by "R. Ortiz; '
            'examiner; Lab 3".',
            rich_help_panel=_PAPER,
        ),
    ] = None,
    reviewer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHO",
            help='Who reviews and signs it, written likewise; may be repeated: --reviewer "A. '
            'Berg".',
            rich_help_panel=_PAPER,
        ),
    ] = None,
    language: Annotated[
        ReportLanguage | None,
        typer.Option(help="The language of the report: --language ru.", rich_help_panel=_PAPER),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on where an earlier run was stopped; the same command with --resume.",
            rich_help_panel=_RUN,
        ),
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Print the graph and the plan, and do nothing: --explain.",
            rich_help_panel=_RUN,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Enhance files and prove what was done: result, report and bundle per input.

    [dim]evident run photo.jpg clip.mp4 --preset balanced --scale 2 --out results[/dim]

    [dim]evident run door.png --scale 1 --override region=plate:120,80,60,24
    --because "the plate" --region plate --case 2026/114 --out results[/dim]
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
        previews=tuple(one.value for one in preview or ()),
        pyramid=pyramid,
        region=region,
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
