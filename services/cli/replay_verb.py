"""`evident replay`: its options and its help. Nothing heavy is imported before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson


def replay(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle.zip.")],
    *,
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="KEY",
            help="A public key file that you know by another way; any other key fails.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Where verdict.json and a picture of a difference go.",
        ),
    ] = None,
    frames: Annotated[
        str | None,
        typer.Option(metavar="A:B", help="Replay frames A up to, not including, B of a clip."),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=1024, metavar="N", help="Run with N threads, not those on record."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Run networks with another engine than that on record."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a bundle's logged plan again and compare every sample handed to the encoder.

    The verdict is identical, differs or not-replayable; it is put on record. It shows
    repeatability, which is not validity. Exit code 0 only where all is identical.

    [dim]evident replay results/clip.mp4/bundle.zip --trust their-key.pem --out verdict[/dim]
    """
    from services.cli import replay_command  # noqa: PLC0415 - see the module docstring

    asked = replay_command.Asked(
        bundle=bundle,
        trust=tuple(trust or ()),
        out=out,
        frames=frames,
        threads=threads,
        engine=engine,
    )
    raise typer.Exit(replay_command.main(asked, as_json=as_json))
