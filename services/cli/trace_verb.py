"""`evident trace`: what the verb may be asked. Light on purpose: help imports no log."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from services.cli.every_verb import AsJson, HomeOfLog


class Direction(StrEnum):
    """Which way a trace goes."""

    FORWARD = "forward"
    BACK = "back"
    BOTH = "both"


def trace(
    what: Annotated[
        str, typer.Argument(metavar="DIGEST|FILE", help="A SHA-256, or a file to take it of.")
    ],
    *,
    forward: Annotated[bool, typer.Option("--forward", help="Only what was made from it.")] = False,
    back: Annotated[bool, typer.Option("--back", help="Only what it was made from.")] = False,
    both: Annotated[
        bool, typer.Option("--both", help="Both ways; so it is without these.")
    ] = False,
    home: HomeOfLog = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one row per event.")] = False,
) -> None:
    """Show everything that happened to one digest: who took it, what it was made from and into.

    [dim]evident trace results/photo.jpg/enhanced.png --back[/dim]
    """
    from services.cli import trace_command  # noqa: PLC0415 - see the module docstring

    direction = Direction.BOTH
    if forward != back and not both:
        direction = Direction.FORWARD if forward else Direction.BACK
    form = "json" if as_json else "csv" if as_csv else "text"
    raise typer.Exit(trace_command.main(what, direction.value, form, home=home))
