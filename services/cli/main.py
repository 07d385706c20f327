"""The command line's front door: verbs, their help, and exit codes.

Nothing heavy is imported here: each verb imports what it needs when it runs, so `--help` answers
at once. Exit code 0 is good, 1 a failed job or a negative verdict, 2 wrong use.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.spec import Precision
from services.cli import (
    api_keys_verbs,
    bundle_verbs,
    client_verbs,
    copy_verbs,
    fuse_verb,
    gate_verb,
    inspect_verb,
    keys_verbs,
    log_add_verbs,
    log_verbs,
    models_verbs,
    orchestrator_verb,
    provenance_verb,
    replay_verb,
    report_verb,
    rewrap_verb,
    serve_verb,
    stills_verb,
    trace_verb,
    watcher_verb,
)

app = typer.Typer(
    name="evident",
    help="Enhance photographs and video, and prove what was done to them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Exit codes: 0 good, 1 a failed job or a negative verdict, 2 wrong use. The signing key "
    "and the evidence log live under EVIDENT_HOME; EVIDENT_OPERATOR, EVIDENT_CASE, EVIDENT_ITEM, "
    "EVIDENT_EXHIBIT, EVIDENT_NOTE, EVIDENT_REQUESTED_BY and EVIDENT_REVIEWER are printed in "
    "reports, EVIDENT_LANGUAGE is theirs.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(models_verbs.app)
app.add_typer(bundle_verbs.app)
app.add_typer(copy_verbs.app)
log_verbs.app.add_typer(log_add_verbs.app)
log_verbs.app.command("import")(log_add_verbs.import_events)
app.add_typer(log_verbs.app)
app.command("gate")(gate_verb.gate)
keys_verbs.app.command("create")(api_keys_verbs.create)
keys_verbs.app.command("list")(api_keys_verbs.list_keys)
keys_verbs.app.command("revoke")(api_keys_verbs.revoke)
app.add_typer(keys_verbs.app)
app.command("inspect")(inspect_verb.inspect)
app.command("replay")(replay_verb.replay)
app.command("report")(report_verb.report)
app.command("rewrap")(rewrap_verb.rewrap)
app.command("stills")(stills_verb.stills)
app.command("fuse")(fuse_verb.fuse)
app.command("trace")(trace_verb.trace)
app.command("orchestrator")(orchestrator_verb.orchestrator)
app.command("serve")(serve_verb.serve)
for _verb in (client_verbs.submit, client_verbs.status, client_verbs.watch, client_verbs.cancel):
    app.command()(_verb)
app.command("provenance")(provenance_verb.provenance)
app.command("watcher")(watcher_verb.watcher)

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


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from services.cli.evidence_wiring import version  # noqa: PLC0415 - see the module docstring

        typer.echo(f"evident {version()}")
        raise typer.Exit


@app.callback()
def _evident(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _print_version(wanted=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    del show_version


@app.command()
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
        report_verb.ReportLanguage | None, typer.Option(help="The language of the report.")
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


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle.zip.")],
    *,
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="KEY",
            help="A file of public keys that you know by another way, as PEM or as signed-note "
            "verifier keys; any other key fails.",
        ),
    ] = None,
    supplement: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A supplement of the bundle, checked beside it."),
    ] = None,
    tsa_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Certificates (PEM) of time-stamping authorities that you know."
        ),
    ] = None,
    credential_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Certificates (PEM) of issuers of content credentials you know."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every digest, proof and signature of a bundle. Needs no network and no server.

    [dim]evident verify results/clip.mp4/bundle.zip --trust their-key.pem[/dim]
    """
    from services.cli import verify_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(
        verify_command.main(
            verify_command.Asked(
                bundle, tuple(trust or ()), tuple(supplement or ()), credential_ca, tsa_ca
            ),
            as_json=as_json,
        )
    )


@app.command()
def doctor(
    *,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Measure anew which engine is fastest for each network; kept."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what this machine has and lacks: engines, networks, codecs, keys, memory, disk."""
    from services.cli import doctor_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(doctor_command.main(as_json=as_json, measure=measure))


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="evident")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
