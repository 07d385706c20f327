"""`evident rewrap`: its options and its help. Nothing heavy is imported before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson


def rewrap(  # noqa: PLR0913 - one parameter per option of the verb
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recorder's or a raw clip.")],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where the working copy goes.")
    ],
    stream: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Which video stream, where there are several."),
    ] = None,
    frame_rate: Annotated[
        str | None,
        typer.Option(metavar="FPS", help="Frames per second, where the file has no times."),
    ] = None,
    because: Annotated[
        str | None, typer.Option(metavar="REASON", help="Why that rate; on record.")
    ] = None,
    hashes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A supplier's list of digests; FILE must be as it says."),
    ] = None,
    case: Annotated[str | None, typer.Option(metavar="C", help="The case; on record.")] = None,
    item: Annotated[str | None, typer.Option(metavar="N", help="The item of the case.")] = None,
    as_json: AsJson = False,
) -> None:
    """Copy a clip's packets into a container that players open; verified, and on record.

    [dim]evident rewrap camera1.dav --out copies[/dim]
    """
    from services.cli import rewrap_command  # noqa: PLC0415 - see the module docstring

    asked = rewrap_command.Asked(file, out, stream, frame_rate, because, hashes, case, item)
    raise typer.Exit(rewrap_command.main(asked, as_json=as_json))
