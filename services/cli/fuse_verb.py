"""`evident fuse`: its options and its help. Nothing heavy is imported before it runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson
from services.cli.report_verb import ReportLanguage


class FusePreset(StrEnum):
    """The presets, spelt here so that help needs no import."""

    FORENSIC_SAFE = "forensic-safe"
    BALANCED = "balanced"
    PRESENTATION = "presentation"


def fuse(  # noqa: PLR0913 - one parameter per option of the verb
    source: Annotated[
        Path, typer.Argument(metavar="CLIP|BUNDLE", help="A video file, or a finished bundle.zip.")
    ],
    *,
    frame: Annotated[int, typer.Option(min=0, metavar="N", help="The frame it is about, from 0.")],
    box: Annotated[str, typer.Option(metavar="X,Y,W,H", help="The region, 16 to 256 a side.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where it goes; a new folder.")
    ],
    radius: Annotated[
        int, typer.Option(min=1, max=15, metavar="R", help="Frames before, and as many after.")
    ] = 7,
    scale: Annotated[int, typer.Option(min=2, max=3, help="How much finer the grid is.")] = 2,
    preset: Annotated[
        FusePreset, typer.Option(help="The policy; forensic-safe refuses estimated parameters.")
    ] = FusePreset.BALANCED,
    despite_fields: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Why woven frames may be fused; on record."),
    ] = None,
    language: Annotated[
        ReportLanguage, typer.Option(help="The language of fusion.pdf: --language ru.")
    ] = ReportLanguage.EN,
    as_json: AsJson = False,
) -> None:
    """Combine what several frames observed of a region into one finer still, or decline.

    Copies that a codec made are no observations; where nothing independent is left, it says so
    and makes nothing. Exit code 1 where it declines.

    [dim]evident fuse clip.mp4 --frame 120 --box 320,180,96,48 --out plate[/dim]
    """
    from services.cli import fuse_command  # noqa: PLC0415 - see the module docstring

    asked = fuse_command.Asked(
        source=source,
        frame=frame,
        box=box,
        out=out,
        radius=radius,
        scale=scale,
        preset=preset.value,
        despite_fields=despite_fields,
        language=language.value,
    )
    raise typer.Exit(fuse_command.main(asked, as_json=as_json))
