"""`evident stills`: its options and its help. Nothing heavy is imported before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson


def stills(
    source: Annotated[
        Path, typer.Argument(metavar="CLIP|BUNDLE", help="A video file, or a finished bundle.zip.")
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where they go; a new folder.")
    ],
    frames: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Frames by number, from 0: 3,10-12,40."),
    ] = None,
    key_frames: Annotated[
        bool, typer.Option("--key-frames", help="Every frame coded without others (I).")
    ] = False,
    best: Annotated[
        int,
        typer.Option(min=0, max=200, metavar="N", help="Propose the N best, with their reasons."),
    ] = 0,
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Also write contact sheets of them.")
    ] = False,
    video_stream: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Which video stream, where there are several."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take stills out of a clip: exact samples, a picture to look at, a signed list.

    Each is named by stream, frame, time and type of its frame.

    [dim]evident stills clip.mp4 --frames 120,240-244 --best 5 --sheet --out stills[/dim]
    """
    from services.cli import stills_command  # noqa: PLC0415 - see the module docstring

    asked = stills_command.Asked(
        source=source,
        out=out,
        frames=frames,
        key_frames=key_frames,
        best=best,
        sheet=sheet,
        stream=video_stream,
    )
    raise typer.Exit(stills_command.main(asked, as_json=as_json))
