"""The verbs of `evident keys`: options and help. Light on purpose: help needs no import of keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.every_verb import AsJson

app = typer.Typer(
    name="keys",
    help="The keys that sign the log and its statements, and keys for the gateway.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Home = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="The home whose keys are meant: EVIDENT_HOME."),
]


@app.command()
def show(*, home: Home = None, as_json: AsJson = False) -> None:
    """Print public keys and their fingerprints: current, taking over, retired.

    [dim]evident keys show[/dim]
    """
    from services.cli import keys_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(keys_command.show(home, as_json=as_json))


@app.command()
def rotate(
    *,
    finish: Annotated[
        bool, typer.Option("--finish", help="End the overlap: the old key signs no more.")
    ] = False,
    command: Annotated[
        str | None,
        typer.Option(
            "--command",
            metavar="JSON",
            help="The next key is behind this program, a JSON list of its words.",
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hand the log over to a new key: both sign until --finish.

    Who pinned the old key follows the handover that it signed; give out the new one meanwhile.

    [dim]evident keys rotate, and some weeks later: evident keys rotate --finish[/dim]
    """
    from services.cli import keys_command  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(keys_command.rotate(home, command, finish=finish, as_json=as_json))
