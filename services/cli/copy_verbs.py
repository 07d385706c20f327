"""`evident copy`: what its verbs may be asked. Light on purpose: help imports no decoder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson

app = typer.Typer(
    name="copy",
    help="Copies of a clip or of a finished bundle, each on record with a signed statement.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Source = Annotated[
    Path, typer.Argument(metavar="CLIP|BUNDLE", help="A video file, or a finished bundle.zip.")
]
Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="The copy, an .mp4 that is not there.")
]


class CoverName(StrEnum):
    """How a region is covered, spelt here so that help needs no import."""

    SOLID = "solid"
    MOSAIC = "mosaic"


@app.command()
def court(source: Source, *, out: Out, as_json: AsJson = False) -> None:
    """Make a copy that plays anywhere: H.264 baseline, 4:2:0, MP4; same frames, same times.

    [dim]evident copy court results/clip.mp4/bundle.zip --out clip-court.mp4[/dim]
    """
    from services.cli import copy_command as command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(command.court(source, out, as_json=as_json))


@app.command()
def redact(  # noqa: PLR0913 - one parameter per option of the verb
    source: Source,
    *,
    out: Out,
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,W,H", help="A rectangle to hide in all frames; several."),
    ] = None,
    regions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rectangles with their frames, as JSON.")
    ] = None,
    tracks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A tracks.json: hide what was followed.")
    ] = None,
    track: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Only this track of them; several.")
    ] = None,
    cover: Annotated[
        CoverName, typer.Option(help="solid, or a mosaic of random blocks.")
    ] = CoverName.SOLID,
    sound: Annotated[
        bool, typer.Option("--sound", help="Keep the sound, as AAC where players need it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make parts unrecognisable for good; no sound, metadata or other stream goes along.

    Detectors miss faces and mark what is none: look at the tracks before hiding along them, and
    at the copy before it leaves.

    [dim]evident copy redact clip.mp4 --box 320,180,96,120 --out clip-redacted.mp4[/dim]
    """
    from services.cli import copy_command as command  # noqa: PLC0415 - see the module docstring

    asked = command.Redaction(
        boxes=tuple(box or ()),
        regions=regions,
        tracks=tracks,
        numbers=tuple(track or ()),
        cover=cover.value,
        sound=sound,
    )
    raise typer.Exit(command.redact(source, out, asked, as_json=as_json))


@app.command("side-by-side")
def side_by_side(
    source: Source,
    *,
    out: Out,
    before: Annotated[
        Path | None,
        typer.Option(metavar="CLIP", help="The clip before; a bundle brings its own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show before and after in one picture, in sync by their times.

    [dim]evident copy side-by-side results/clip.mp4/bundle.zip --out compare.mp4[/dim]
    """
    from services.cli import copy_command as command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(command.side_by_side(source, out, before, as_json=as_json))


@app.command()
def demonstrative(
    source: Source,
    *,
    out: Out,
    marks: Annotated[
        Path, typer.Option(metavar="FILE", help="Captions and arrows with their frames, as JSON.")
    ],
    number: Annotated[
        str, typer.Option(metavar="MARK", help="The number of this copy, shown in every frame.")
    ],
    as_json: AsJson = False,
) -> None:
    """Point at things: captions and arrows, and in every frame that it is demonstrative.

    [dim]evident copy demonstrative clip.mp4 --marks marks.json --number D-1 --out d1.mp4[/dim]
    """
    from services.cli import copy_command as command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(command.demonstrative(source, out, marks, number, as_json=as_json))


@app.command()
def check(
    statement: Annotated[
        Path, typer.Argument(metavar="STATEMENT", help="A *.statement.json; files lie beside it.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Check a copy or stills against their statement: signature and every digest.

    [dim]evident copy check clip-court.statement.json[/dim]
    """
    from services.cli import copy_command as command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(command.check(statement, as_json=as_json))
