"""`evident inspect`: its options and its help. Nothing heavy is imported before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson


def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Any files.")],
    *,
    stream: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Which video stream, where there are several."),
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw frames, times and damage into this PNG."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a file is: streams, frames, times, damage, fields, hidden data. Changes nothing.

    [dim]evident inspect export.mp4 --timeline export-timeline.png[/dim]
    """
    from services.cli import inspect_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(
        inspect_command.main(tuple(files), stream=stream, timeline=timeline, as_json=as_json)
    )
